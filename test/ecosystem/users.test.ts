/** Clients that are users: redis-py, ioredis, node-redis and redis-cli, with an admin, an application, and a default user who is off. */
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { type EmbeddedNode, startServer } from "../../src/main/index.ts";
import { needsRedisCli, needsRedisPy, PYTHON } from "../peers.ts";

let server: EmbeddedNode;

before(async () => {
  server = await startServer();
  const admin = new Redis({ port: server.port });
  const make = (...words: string[]) => admin.call("ACL", "SETUSER", ...words);
  await make("admin", "on", ">admin-pw", "~*", "&*", "+@all");
  await make("app", "on", ">app-pw", "~app:*", "&app:*", "+@all", "-@dangerous", "+info");
  await make("default", "off");
  admin.disconnect();
});
after(() => server.stop());

for (const protocol of [2, 3] as const) {
  test(`ioredis, RESP${protocol}`, async () => {
    const connect = (username: string, password: string) => {
      const redis = new Redis({ port: server.port, protocol, username, password, retryStrategy: () => null });
      redis.on("error", () => {});
      return redis;
    };
    const app = connect("app", "app-pw");
    const stranger = connect("app", "wrong");
    try {
      assert.equal(await app.acl("WHOAMI"), "app");
      assert.equal(await app.set("app:x", "1"), "OK");
      await assert.rejects(app.get("other"), { message: "NOPERM No permissions to access a key" });
      await assert.rejects(
        app.flushall(),
        /^ReplyError: NOPERM User app has no permissions to run the 'flushall' command$/,
      );
      assert.equal(await app.subscribe("app:news"), 1);
      await assert.rejects(stranger.get("app:x"), /NOAUTH|WRONGPASS|closed/);
    } finally {
      app.disconnect();
      stranger.disconnect();
    }
  });

  test(`node-redis, RESP${protocol}`, async () => {
    const connect = (username: string, password: string) => {
      const socket = { port: server.port, host: "127.0.0.1", reconnectStrategy: false as const };
      const client = createClient({ socket, username, password, RESP: protocol });
      client.on("error", () => {});
      return client;
    };
    const [app, admin] = [connect("app", "app-pw"), connect("admin", "admin-pw")];
    await Promise.all([app.connect(), admin.connect()]);
    try {
      assert.equal(await app.aclWhoAmI(), "app");
      assert.equal(await app.set("app:y", "1"), "OK");
      await assert.rejects(app.get("other"), { message: "NOPERM No permissions to access a key" });
      await assert.rejects(connect("app", "wrong").connect(), /WRONGPASS/);
      assert.equal(await admin.aclSetUser("made", ["on", "nopass", "+get", "~k", "(+set ~s)"]), "OK");
      const made = await admin.aclGetUser("made");
      assert.deepEqual([made!.commands, made!.keys, made!.channels], ["-@all +get", "~k", ""]);
      assert.deepEqual(made!.selectors, [{ commands: "-@all +set", keys: "~s", channels: "" }]);
      assert.equal(await admin.aclDryRun("made", ["GET", "k"]), "OK");
      const [entry] = await admin.aclLog(1);
      assert.deepEqual([entry!.reason, entry!.username], ["auth", "app"]);
      assert.deepEqual(await admin.aclUsers(), ["admin", "app", "default", "made"]);
      assert.equal(await admin.aclDelUser("made"), 1);
    } finally {
      app.destroy();
      admin.destroy();
    }
  });
}

test("redis-cli", needsRedisCli(), async () => {
  const cli = async (...words: string[]) =>
    (await promisify(execFile)("redis-cli", ["-p", String(server.port), "--no-auth-warning", ...words])).stdout.trim();
  const app = ["--user", "app", "--pass", "app-pw"];
  assert.equal(await cli("PING"), "NOAUTH Authentication required.");
  assert.equal(await cli(...app, "ACL", "WHOAMI"), "app");
  assert.equal(await cli(...app, "-3", "SET", "app:z", "1"), "OK");
  assert.equal(await cli(...app, "GET", "other"), "NOPERM No permissions to access a key");
  assert.equal(await cli("-u", `redis://app:app-pw@127.0.0.1:${server.port}`, "GET", "app:z"), "1");
});

test("redis-py", { ...needsRedisPy(), timeout: 40_000 }, async () => {
  const child = spawn(PYTHON, [join(import.meta.dirname, "redis_py_users.py"), String(server.port)], {
    timeout: 30_000,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const [code] = await once(child, "close");
  assert.equal(code, 0, output);
});
