/** A Sentinel has users of its own, for its own commands. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { silent } from "../../src/base/log.ts";
import { MemoryDisk } from "../../src/io/memory-disk.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { NodeProcesses } from "../../src/io/node-processes.ts";
import { readConfig } from "../../src/main/config-file.ts";
import { assemble } from "../../src/server/assemble.ts";
import { freePort } from "../ports.ts";
import { RespClient } from "../server/resp-client.ts";

async function withSentinel(
  config: string,
  files: Record<string, string>,
  work: (client: RespClient, text: (path: string) => string) => Promise<void>,
): Promise<void> {
  const disk = new MemoryDisk();
  const put = (path: string, text: string) => disk.replaceSync(path, Buffer.from(text, "latin1"));
  const port = await freePort();
  put("/dir/sentinel.conf", `port ${port}\nbind 127.0.0.1\ndir /dir\n${config}`);
  for (const [path, text] of Object.entries(files)) put(path, text);
  const settings = readConfig(disk, "/dir/sentinel.conf", "", true);
  const server = assemble({
    io: { ...nodeIo(), disk },
    processes: new NodeProcesses(),
    config: settings.config,
    extras: settings.extras,
    log: silent,
    mode: "sentinel",
    configFile: "/dir/sentinel.conf",
    pid: process.pid,
    exit: () => {},
  });
  await server.start();
  const client = await RespClient.connect(port);
  try {
    await work(client, (path) => Buffer.from(disk.readSync(path) ?? "").toString("latin1"));
  } finally {
    client.socket.destroy();
    await server.stop();
  }
}

const USERS =
  "user app on >pw +ping +sentinel|get-master-addr-by-name\nuser admin on >admin +@all &*\nuser default off\n";

test("of its configuration, which it writes anew with its state", () =>
  withSentinel(USERS, {}, async (client, text) => {
    assert.equal(await client.line("PING"), "-NOAUTH Authentication required.");
    assert.equal(await client.line("AUTH app pw"), "+OK");
    assert.equal(await client.line("SENTINEL GET-MASTER-ADDR-BY-NAME nope"), "*-1");
    assert.equal(
      await client.line("SENTINEL MASTERS"),
      "-NOPERM User app has no permissions to run the 'sentinel|masters' command",
    );
    assert.equal(await client.line("AUTH admin admin"), "+OK");
    assert.match(await client.line("ACL SETUSER x +get"), /Unknown command or category name in ACL/);
    assert.equal(await client.line("ACL SETUSER x +@connection -@dangerous"), "+OK");
    assert.equal(await client.line("SENTINEL FLUSHCONFIG"), "+OK");
    const names = text("/dir/sentinel.conf").match(/^user \w+/gm);
    assert.deepEqual(names?.sort(), ["user admin", "user app", "user default", "user x"]);
    assert.doesNotMatch(text("/dir/sentinel.conf"), />pw|>admin/);
    assert.match(text("/dir/sentinel.conf"), /^sentinel myid /m);
  }));

test("of an ACL file", () =>
  withSentinel("aclfile users.acl\n", { "/dir/users.acl": USERS }, async (client, text) => {
    assert.equal(await client.line("AUTH admin admin"), "+OK");
    assert.equal(await client.line("ACL SETUSER app off"), "+OK");
    assert.equal(await client.line("ACL SAVE"), "+OK");
    assert.match(text("/dir/users.acl"), /^user app off /m);
    assert.equal(await client.line("SENTINEL FLUSHCONFIG"), "+OK");
    assert.doesNotMatch(text("/dir/sentinel.conf"), /^user/m);
  }));
