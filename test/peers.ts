/** Programs and libraries of others that some tests need. CI sets NINES_REQUIRE_PEERS=1: then nothing is skipped. */
import { spawnSync } from "node:child_process";

/** Debian's interpreter: its packages are not seen by another python3 that may stand first in PATH. */
export const PYTHON = "/usr/bin/python3";

/** What `test` takes: a visible reason to skip where redis-py is not installed. */
export function needsRedisPy(): { skip?: string } {
  return needs(PYTHON, ["-c", "import redis"], "python3-redis");
}

export function needsRedisCli(): { skip?: string } {
  return needs("redis-cli", ["--version"], "redis-cli");
}

function needs(command: string, args: readonly string[], name: string): { skip?: string } {
  if (process.env["NINES_REQUIRE_PEERS"] === "1" || spawnSync(command, args).status === 0) return {};
  return { skip: `${name} is not installed` };
}
