/** Users of the configuration, against redis-server 7.0.15: with which lines a server starts, and what requirepass means beside a user line. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigFileError } from "../../src/config/file.ts";
import { StartError } from "../../src/server/server.ts";
import { until } from "../cluster/nodes.ts";
import { freePort } from "../ports.ts";
import { endProcess, hasEnded, tether } from "../processes.ts";
import { noRedis, temporaryFolder } from "../rdb/real-redis.ts";
import { RespClient } from "../server/resp-client.ts";
import { withServer } from "../server/with-server.ts";
import { withRawBoth } from "./raw.ts";

/** What each client, new for every line, is told at a server with these lines. */
const PASSWORDS: Record<string, { lines: string[]; asked: string[] }> = {
  "a user line counts, not requirepass before it": {
    lines: ["requirepass one", "user default on >two ~* &* +@all"],
    asked: ["PING", "AUTH one", "AUTH two", "AUTH default two", "HELLO 2 AUTH default one"],
  },
  "nor behind it": {
    lines: ["user default on >two ~* &* +@all", "requirepass one"],
    asked: ["PING", "AUTH one", "AUTH two", "CONFIG GET requirepass"],
  },
  "a user line without a password leaves none": {
    lines: ["requirepass one", "user default on ~* &* +@all"],
    asked: ["PING", "AUTH one", "AUTH default one", "AUTH default x"],
  },
  "nopass opens the door again": {
    lines: ["requirepass one", "user default on nopass ~* &* +@all"],
    asked: ["PING", "AUTH one", "AUTH default x", "CONFIG GET requirepass", "ACL GETUSER default"],
  },
  "the default user may be off": {
    lines: ["requirepass one", "user default off", "user a on >pw ~* &* +@all"],
    asked: ["PING", "AUTH one", "AUTH a one", "AUTH a pw"],
  },
  "other users beside requirepass": {
    lines: ["user a on nopass +ping +acl|whoami", "requirepass one"],
    asked: ["PING", "AUTH one", "AUTH a x", "AUTH default one", "AUTH a"],
  },
};

for (const [title, { lines, asked }] of Object.entries(PASSWORDS))
  test(title, { skip: noRedis }, () =>
    withRawBoth(lines, async ({ ourPort, theirPort }) => {
      for (const line of asked) {
        const [our, their] = await Promise.all([ask(ourPort, line), ask(theirPort, line)]);
        assert.equal(our, their, line);
      }
    }),
  );

async function ask(port: number, line: string): Promise<string> {
  const client = await RespClient.connect(port);
  try {
    const reply = await client.line(line);
    return `${reply}, then ${await client.line("ACL WHOAMI")}`;
  } finally {
    await client.quit();
  }
}

const LINES: [line: string, starts: boolean][] = [
  ["user a", true],
  ["user a on >pw ~k* %R~r* &ch* +@read -get (+set ~s)", true],
  ["user a +client|id -client|kill", true],
  ["user", false],
  ["user a nonsense", false],
  ["user a on >pw <other", false],
  ["user a #abc", false],
  ["user a !abc", false],
  ["user a (+get", false],
  ["user a (+get) (", false],
  ["user a allkeys ~k", false],
  ["user a %X~k", false],
  ["user a +nothing", false],
  ["user a -nothing", false],
  ["user a +config|nothing", false],
  ["user a +client|id|more", false],
  ["user a +@nothing", false],
  ["user default +nothing", false],
  ['user "a b" on', false],
  ["user a on\nuser a off", false],
];

test("a bad rule in a user line: no server starts", { skip: noRedis }, async () => {
  for (const [line, starts] of LINES) {
    const [ours, theirs] = await Promise.all([oursStarts(line), theirsStarts(line)]);
    assert.deepEqual([ours, theirs], [starts, starts], line);
  }
});

async function oursStarts(config: string): Promise<boolean> {
  try {
    await withServer(async () => {}, { config });
    return true;
  } catch (error) {
    if (error instanceof StartError || error instanceof ConfigFileError) return false;
    throw error;
  }
}

async function theirsStarts(config: string): Promise<boolean> {
  const folder = temporaryFolder();
  const file = join(folder, "redis.conf");
  const port = await freePort();
  writeFileSync(file, `port ${port}\nbind 127.0.0.1\nsave ""\ndir ${folder}\n${config}\n`);
  const child = tether(spawn("redis-server", [file], { stdio: "ignore" }));
  try {
    await until("it starts or ends", async () => hasEnded(child) || (await answers(port)));
    return !hasEnded(child);
  } finally {
    await endProcess(child);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** It listens before it has looked at its users. */
async function answers(port: number): Promise<boolean> {
  const client = await RespClient.connect(port);
  try {
    return (await client.line("PING")) !== "";
  } finally {
    await client.quit();
  }
}
