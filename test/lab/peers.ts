import { spawnSync } from "node:child_process";

/** What `test` takes to skip, visibly, where the real server is not installed; NINES_REQUIRE_PEERS=1 runs it anyway. */
export function needs(command: "redis-server" | "redis-cli"): { skip?: string } {
  if (process.env["NINES_REQUIRE_PEERS"] === "1") return {};
  const found = spawnSync(command, ["--version"]).status === 0;
  return found ? {} : { skip: `${command} is not installed` };
}
