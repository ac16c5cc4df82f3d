/** Users of a whole server: where they come from and are kept, what is logged and counted, what others see of passwords. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { silent } from "../../src/base/log.ts";
import { ConfigFileError } from "../../src/config/file.ts";
import { MemoryDisk } from "../../src/io/memory-disk.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { NodeProcesses } from "../../src/io/node-processes.ts";
import { readConfig } from "../../src/main/config-file.ts";
import { assemble } from "../../src/server/assemble.ts";
import { type Server, StartError } from "../../src/server/server.ts";
import { RespClient } from "./resp-client.ts";
import { withServer } from "./with-server.ts";

interface Started {
  readonly server: Server;
  readonly disk: MemoryDisk;
  readonly log: string[];
  client(): Promise<RespClient>;
  text(path: string): string;
}

/** A server whose configuration is a file, `/dir/nines.conf`, beside other files. */
async function withFiles(config: string, files: Record<string, string>, work: (started: Started) => Promise<void>) {
  const disk = new MemoryDisk();
  const put = (path: string, text: string) => disk.replaceSync(path, Buffer.from(text, "latin1"));
  put("/dir/nines.conf", `port 0\nbind 127.0.0.1\ndir /dir\n${config}`);
  for (const [path, text] of Object.entries(files)) put(path, text);
  const settings = readConfig(disk, "/dir/nines.conf", "", false);
  const log: string[] = [];
  const server = assemble({
    io: { ...nodeIo(), disk },
    processes: new NodeProcesses(),
    config: settings.config,
    extras: settings.extras,
    log: { ...silent, notice: (text) => log.push(text), warning: (text) => log.push(text) },
    configFile: "/dir/nines.conf",
    pid: process.pid,
    ephemeralPort: "tcp",
    exit: () => {},
  });
  const clients: RespClient[] = [];
  try {
    await server.start();
    await work({
      server,
      disk,
      log,
      async client() {
        const client = await RespClient.connect(server.listeners.port);
        clients.push(client);
        return client;
      },
      text: (path) => Buffer.from(disk.readSync(path) ?? "").toString("latin1"),
    });
  } finally {
    for (const client of clients) client.socket.destroy();
    await server.stop();
  }
}

test("users of the configuration, and CONFIG REWRITE", () =>
  withFiles(
    "user app on >secret ~app:* +@all\nuser default on >admin ~* &* +@all\nuser idle +get\n",
    {},
    async ({ client, log, text }) => {
      const a = await client();
      assert.equal(await a.line("PING"), "-NOAUTH Authentication required.");
      assert.equal(await a.line("AUTH app secret"), "+OK");
      assert.equal(await a.line("GET other"), "-NOPERM No permissions to access a key");
      assert.equal(await a.line("AUTH admin"), "+OK");
      assert.equal(await a.line("ACL SETUSER app (+get ~b)"), "+OK");
      assert.equal(await a.line("CONFIG REWRITE"), "+OK");
      const users = text("/dir/nines.conf").match(/^user .*$/gm)!;
      const hash = (await a.line("ACL GETUSER app")).match(/[0-9a-f]{64}/)![0];
      assert.equal(
        users[0],
        `user app on sanitize-payload #${hash} ~app:* resetchannels +@all (~b resetchannels -@all +get)`,
      );
      assert.deepEqual(
        users.map((line) => line.split(" ")[1]),
        ["app", "default", "idle"],
      );
      assert.doesNotMatch(text("/dir/nines.conf"), /secret|>admin/);
      assert.ok(log.some((line) => line.startsWith("The user 'idle' is disabled")));
    },
  ));

test("users with quotes in their names and patterns, or with no name at all, are the same after CONFIG REWRITE and a start", async () => {
  let written = "";
  let list = "";
  await withFiles("", {}, async ({ client, text }) => {
    const a = await client();
    for (const name of ['a"b', "it's", "back\\slash", "#", "", "\x01"])
      assert.equal(await a.do("ACL", "SETUSER", name, "on", ">p", '~k"*', "~it's", "&'", "+get", "(~a +set)"), "+OK");
    list = await a.do("ACL", "LIST");
    assert.equal(await a.do("CONFIG", "REWRITE"), "+OK");
    written = text("/dir/nines.conf");
  });
  await withFiles(written, {}, async ({ client }) => assert.equal(await (await client()).do("ACL", "LIST"), list));
});

const wrongLines: [config: string, error: RegExp][] = [
  ["user a +get\nuser a +set\n", /Error in user declaration 'a': Duplicate user found/],
  ["user a nonsense\n", /Error in user declaration 'a': Syntax error/],
  ["user a (+get\n", /Error in user declaration 'a': Unmatched parenthesis/],
  ["user a +nothing\n", /Critical error while loading ACLs. Exiting./],
  ['user "a b" on\n', /Critical error while loading ACLs. Exiting./],
  ["aclfile /dir/users.acl\nuser a on\n", /both|users defined in redis.conf and at the same setting an ACL file/],
  [
    "aclfile /dir/none.acl\n",
    /Aborting Redis startup because of ACL errors: Error loading ACLs, opening file '\/dir\/none.acl'/,
  ],
  ["aclfile bad.acl\n", /Aborting Redis startup because of ACL errors: bad.acl:1 should start with user keyword/],
];

for (const [config, error] of wrongLines)
  test(`does not start: ${JSON.stringify(config)}`, async () => {
    const files = { "/dir/users.acl": "user default on nopass ~* &* +@all\n", "/dir/bad.acl": "nonsense\n" };
    await assert.rejects(
      withFiles(config, files, async () => {}),
      (thrown) => (thrown instanceof StartError || thrown instanceof ConfigFileError) && error.test(thrown.message),
    );
  });

test("an ACL file: ACL LOAD, ACL SAVE; CONFIG REWRITE leaves the users to it", () =>
  withFiles(
    "aclfile users.acl\n",
    { "/dir/users.acl": "user default on nopass ~* &* +@all\nuser a on nopass ~a* +@all\nuser b on nopass +@all\n" },
    async ({ client, disk, text }) => {
      const [admin, a, a2] = [await client(), await client(), await client()];
      assert.equal(await a.line("AUTH a x"), "+OK");
      assert.equal(await a2.line("AUTH a x"), "+OK");
      assert.equal(await admin.line("ACL USERS"), '["a", "b", "default"]');
      assert.equal(await admin.line("ACL DELUSER b"), ":1");
      assert.equal(await admin.line("ACL SETUSER c on >pw"), "+OK");
      assert.equal(await admin.line("ACL SAVE"), "+OK");
      assert.match(
        text("/dir/users.acl"),
        /^user a on nopass .*\nuser c on sanitize-payload #[0-9a-f]{64} resetchannels -@all\nuser default .*\n$/,
      );
      assert.equal(await admin.line("CONFIG REWRITE"), "+OK");
      assert.doesNotMatch(text("/dir/nines.conf"), /^user/m);
      disk.replaceSync("/dir/users.acl", Buffer.from("user a on\nnonsense\n"));
      assert.equal(
        await admin.line("ACL LOAD"),
        "-ERR users.acl:2 should start with user keyword followed by the username. WARNING: ACL errors detected, no change to the previously active ACL rules was performed",
      );
      assert.equal(await a.line("GET a1"), "$-1");
      disk.replaceSync("/dir/users.acl", Buffer.from("user d on nopass +@all\nuser default on nopass ~* &* +@all\n"));
      assert.equal(await a.line("ACL LOAD"), "+OK", "who asks is answered first");
      await a.ended();
      await a2.ended();
      assert.equal(await admin.line("ACL USERS"), '["d", "default"]');
      const [stays, goes] = [await client(), await client()];
      await stays.line("SUBSCRIBE news");
      await goes.line("SUBSCRIBE secrets");
      disk.replaceSync("/dir/users.acl", Buffer.from("user default on nopass ~* &news +@all\n"));
      assert.equal(await admin.line("ACL LOAD"), "+OK");
      await goes.ended();
      assert.equal(await admin.line("PUBLISH news x"), ":1");
    },
  ));

test("ACL LOG: what happens again is one entry; the newest is first; RESET and the limit", () =>
  withServer(async ({ client }) => {
    const [admin, a] = [await client(), await client()];
    await admin.line("ACL SETUSER a on >x ~a* +@all -config &c");
    const lines = [
      "AUTH a wrong",
      "AUTH a x",
      "GET b",
      "GET b",
      "GET c",
      "CONFIG GET x",
      "GET b",
      "PUBLISH d m",
      "MULTI",
      "GET b",
    ];
    for (const line of lines) await a.line(line);
    const log = async (...words: string[]) => {
      const text = await admin.do("ACL", "LOG", ...words);
      return [
        ...text.matchAll(
          /"count", :(\d+), "reason", "(\w+)", "context", "(\w+)", "object", "([^"]*)", "username", "(\w+)"/g,
        ),
      ].map((found) => found.slice(1).join(" "));
    };
    const all = [
      "1 key multi b a",
      "1 channel toplevel d a",
      "3 key toplevel b a",
      "1 command toplevel config|get a",
      "1 key toplevel c a",
      "1 auth toplevel AUTH a",
    ];
    assert.deepEqual(await log(), all);
    assert.deepEqual(await log("2"), all.slice(0, 2));
    const text = await admin.line("ACL LOG 1");
    assert.match(
      text,
      /"age-seconds", "0(\.\d+)?", "client-info", "id=\d+ addr=127\.0\.0\.1:\d+ .* cmd=get user=a .*", "entry-id", :5, "timestamp-created", :\d{13}, "timestamp-last-updated", :\d{13}\]/,
    );
    assert.match(
      await admin.line("INFO stats"),
      /acl_access_denied_auth:1\\r\\nacl_access_denied_cmd:1\\r\\nacl_access_denied_key:5\\r\\nacl_access_denied_channel:1/,
    );
    await admin.line("CONFIG SET acllog-max-len 2");
    await a.line("GET z");
    assert.equal((await log()).length, 2);
    assert.equal(await admin.line("ACL LOG RESET"), "+OK");
    assert.deepEqual(await log(), []);
    await admin.line("CONFIG RESETSTAT");
    assert.match(await admin.line("INFO stats"), /acl_access_denied_key:0/);
  }));

test("nobody else sees a password", () =>
  withServer(async ({ client }) => {
    const [admin, monitor, a] = [await client(), await client(), await client()];
    await admin.line("CONFIG SET slowlog-log-slower-than 0");
    await monitor.line("MONITOR");
    const said = [
      "ACL SETUSER a on >hidden1 ~* +@all",
      "AUTH a hidden1",
      "AUTH hidden2",
      "HELLO 2 AUTH a hidden1",
      "HELLO 2 AUTH a hidden3 SETNAME n",
      "HELLO 2 AUTH a hidden1 AUTH a hidden3",
      "HELLO 2 SETNAME AUTH AUTH a hidden1",
      "HELLO 2 AUTH hidden3",
      "CONFIG SET requirepass hidden4",
      "CONFIG SET masterauth hidden5 masteruser hidden6",
      "MIGRATE 127.0.0.1 1 k 0 1 AUTH hidden7",
      "MIGRATE 127.0.0.1 1 k 0 1 COPY AUTH2 hidden8 hidden9",
      "MIGRATE 127.0.0.1 1 k 0 1 AUTH hidden7 AUTH hidden8",
      "ACL DELUSER hidden",
    ];
    for (const line of said) await a.line(line);
    await a.line("ECHO end");
    let seen = "";
    while (!seen.includes('"end"')) seen += `${await monitor.reply()}\n`;
    const slow = await admin.line("AUTH hidden4").then(() => admin.line("SLOWLOG GET 100"));
    for (const text of [seen, slow, await admin.line("ACL LIST"), await admin.line("ACL LOG")])
      assert.doesNotMatch(text, /hidden/);
    assert.match(seen, /"AUTH" "\(redacted\)" "\(redacted\)"/);
    assert.match(slow, /"ACL", "SETUSER", "\(redacted\)", "\(redacted\)"/);
  }));

test("nobody else sees a password of a command that is called otherwise", () =>
  withServer(
    async ({ client }) => {
      const [admin, monitor, a] = [await client(), await client(), await client()];
      await admin.line("configure SET slowlog-log-slower-than 0");
      await monitor.line("MONITOR");
      await a.line("configure SET requirepass hidden1");
      await a.line("login hidden1");
      await a.line("ECHO end");
      let seen = "";
      while (!seen.includes('"end"')) seen += `${await monitor.reply()}\n`;
      const slow = await admin.line("SLOWLOG GET 100");
      for (const text of [seen, slow]) assert.doesNotMatch(text, /hidden/);
      assert.match(seen, /"login" "\(redacted\)"/);
      assert.match(slow, /"configure", "SET", "requirepass", "\(redacted\)"/);
    },
    { config: "rename-command AUTH login\nrename-command CONFIG configure\n" },
  ));

test("what goes wrong while rules are looked at ends the request alone", () =>
  withServer(async ({ client, server, log }) => {
    const [admin, a] = [await client(), await client()];
    await admin.line("ACL SETUSER u on nopass +get ~*");
    await a.line("AUTH u x");
    const { deny } = server.access;
    server.access.deny = () => {
      throw new Error("a bug");
    };
    assert.equal(await a.line("GET k"), "-ERR internal error, see the server's log");
    server.access.deny = deny;
    assert.equal(await a.line("GET k"), "$-1");
    assert.match(log.join("\n"), /Bug in command 'get': Error: a bug/);
  }));

test("a replica stays the user that it is: RESET is for clients", () =>
  withServer(async ({ client }) => {
    const [admin, replica] = [await client(), await client()];
    await admin.line("ACL SETUSER follower on nopass +psync +replconf +reset");
    await replica.line("AUTH follower x");
    replica.send("PSYNC", "?", "-1");
    replica.send("RESET");
    const line = async () => await admin.line("CLIENT LIST TYPE replica");
    for (let i = 0; i < 50 && !/cmd=reset/.test(await line()); i++);
    assert.match(await line(), /cmd=reset user=follower/);
  }));

test("a blocked command is looked at again when it is served", () =>
  withServer(async ({ client }) => {
    const [admin, a] = [await client(), await client()];
    await admin.line("ACL SETUSER a on nopass ~* +@all");
    await a.line("AUTH a x");
    a.send("BLPOP", "list", "0");
    await admin.line("PING");
    await admin.line("ACL SETUSER a -blpop");
    await admin.line("RPUSH list v");
    assert.equal(await a.reply(), "-NOPERM User a has no permissions to run the 'blpop' command");
    assert.equal(await admin.line("LLEN list"), ":1");
  }));

test("who may do everything is not asked, and who may not any more is", () =>
  withServer(async ({ client, server }) => {
    const [admin, a] = [await client(), await client()];
    const flagged = () =>
      [...server.clients.byId.values()].map(({ guards }) => guards).filter((guards) => guards !== 0).length;
    await admin.line("ACL SETUSER a on nopass ~* &* +@all");
    await a.line("AUTH a x");
    assert.equal(flagged(), 0);
    await admin.line("ACL SETUSER a -flushall");
    assert.equal(flagged(), 1);
    assert.equal(await a.line("FLUSHALL"), "-NOPERM User a has no permissions to run the 'flushall' command");
    await admin.line("ACL SETUSER a +@all");
    assert.equal(flagged(), 0);
    assert.equal(await a.line("FLUSHALL"), "+OK");
  }));

test("rules speak of commands by their own names, whatever rename-command made of them", () =>
  withServer(
    async ({ client }) => {
      const [admin, a] = [await client(), await client()];
      assert.equal(await admin.line("ACL SETUSER a on nopass ~* +get +flushall"), "+OK");
      assert.match(await admin.line("ACL SETUSER a +obtain"), /Unknown command/);
      await a.line("AUTH a x");
      assert.equal(await a.line("OBTAIN k"), "$-1");
      assert.match(await a.line("GET k"), /unknown command/);
    },
    { config: 'rename-command GET OBTAIN\nrename-command FLUSHALL ""\n' },
  ));

test("RESTORE believes users whose rules say so", () =>
  withServer(
    async ({ client, server }) => {
      const [admin, a] = [await client(), await client()];
      await admin.line("ACL SETUSER a on nopass ~* +@all skip-sanitize-payload");
      await a.line("AUTH a x");
      await admin.line("RPUSH list a b c");
      const dump = Buffer.from(JSON.parse(await admin.line("DUMP list")) as string, "latin1");
      const before = server.engine.stats.payloadSanitizations;
      assert.equal(await a.do("RESTORE", "x", "0", dump), "+OK");
      assert.equal(server.engine.stats.payloadSanitizations, before);
      assert.equal(await admin.do("RESTORE", "y", "0", dump), "+OK");
      assert.equal(server.engine.stats.payloadSanitizations, before + 1);
    },
    { config: "sanitize-dump-payload clients\n" },
  ));

test("MIGRATE logs in at the other server, by AUTH as its default user, by AUTH2 as another", () =>
  withServer(({ client }) =>
    withServer(async (other) => {
      const [source, target] = [await client(), await other.client()];
      await target.line("ACL SETUSER mover on >pw ~k* +restore +select");
      await target.line("CONFIG SET requirepass sécret");
      const cases: [key: string, auth: string, reply: RegExp][] = [
        ["k1", "AUTH2 mover pw", /^\+OK$/],
        ["k2", "AUTH2 mover wrong", /WRONGPASS/],
        ["other", "AUTH2 mover pw", /NOPERM No permissions to access a key/],
        ["k3", "AUTH sécret", /^\+OK$/],
        ["k4", "AUTH wrong", /WRONGPASS/],
        ["k5", "COPY", /NOAUTH/],
      ];
      for (const [key, auth, reply] of cases) {
        await source.line(`SET ${key} v`);
        assert.match(await source.line(`MIGRATE 127.0.0.1 ${other.port} ${key} 0 1000 ${auth}`), reply, auth);
      }
    }),
  ));
