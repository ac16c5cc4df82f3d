import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { TestClock } from "../../src/io/test-clock.ts";
import { until } from "../until.ts";
import { RespClient } from "./resp-client.ts";
import { withServer } from "./with-server.ts";

/** The names of a line's fields. */
function names(line: string): string[] {
  return line
    .trim()
    .split(" ")
    .map((field) => field.slice(0, field.indexOf("=")));
}

function field(line: string, name: string): string | undefined {
  return line
    .trim()
    .split(" ")
    .find((one) => one.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

function text(reply: string): string {
  return JSON.parse(reply) as string;
}

test("CLIENT LIST has Redis' fields in Redis' order", () =>
  withServer(async ({ client }) => {
    const c = await client();
    const lines = text(await c.line("CLIENT LIST"))
      .trimEnd()
      .split("\n");
    assert.equal(lines.length, 1);
    assert.deepEqual(
      names(lines[0]!),
      "id addr laddr fd name age idle flags db sub psub ssub multi qbuf qbuf-free argv-mem multi-mem rbs rbp obl oll omem tot-mem events cmd user redir resp lib-name lib-ver".split(
        " ",
      ),
    );
    assert.equal(text(await c.line("CLIENT INFO")).split("\n").length, 2);
  }));

test("CLIENT LIST shows what a client chose", () =>
  withServer(async ({ client }) => {
    const [c, other] = [await client(), await client(3)];
    await other.line("SELECT 5");
    await other.line("CLIENT SETNAME worker");
    await other.line("CLIENT SETINFO LIB-NAME lib");
    await other.line("CLIENT SETINFO lib-ver 1.2");
    await other.line("CLIENT NO-EVICT ON");
    await other.line("CLIENT NO-TOUCH ON");
    await other.line("MULTI");
    await other.line("GET a");
    const id = Number((await client().then((one) => one.line("CLIENT ID"))).slice(1)) - 1;
    const line = text(await c.line(`CLIENT LIST ID ${id} 9999`));
    const shown = Object.fromEntries(
      ["name", "db", "multi", "flags", "resp", "lib-name", "lib-ver", "cmd"].map((name) => [name, field(line, name)]),
    );
    assert.deepEqual(shown, {
      name: "worker",
      db: "5",
      multi: "1",
      flags: "xeT",
      resp: "3",
      "lib-name": "lib",
      "lib-ver": "1.2",
      cmd: "get",
    });
  }));

test("CLIENT LIST TYPE and CLIENT KILL TYPE tell subscribers from others", () =>
  withServer(async ({ client }) => {
    const [c, subscriber] = [await client(), await client()];
    await subscriber.line("SUBSCRIBE channel");
    assert.equal(field(text(await c.line("CLIENT LIST TYPE pubsub")), "flags"), "P");
    assert.equal(
      text(await c.line("CLIENT LIST TYPE normal"))
        .trimEnd()
        .split("\n").length,
      1,
    );
    assert.equal(await c.line("CLIENT KILL TYPE pubsub"), ":1");
    await subscriber.ended();
    assert.equal(await c.line("CLIENT LIST TYPE pubsub"), '""');
  }));

test("CLIENT KILL by address answers before it closes the very client", () =>
  withServer(async ({ client }) => {
    const [c, other] = [await client(), await client()];
    const address = field(text(await other.line("CLIENT INFO")), "addr")!;
    assert.equal(await c.line(`CLIENT KILL ${address}`), "+OK");
    await other.ended();
    assert.equal(await c.line(`CLIENT KILL ${address}`), "-ERR No such client");
    const own = field(text(await c.line("CLIENT INFO")), "addr")!;
    assert.equal(await c.line(`CLIENT KILL ${own}`), "+OK");
    await c.ended();
  }));

test("CLIENT KILL's filters must all match, and spare the client itself unless told not to", () =>
  withServer(async ({ client }) => {
    const [c, a, b] = [await client(), await client(), await client()];
    const id = (await a.line("CLIENT ID")).slice(1);
    const laddr = field(text(await a.line("CLIENT INFO")), "laddr")!;
    assert.equal(await c.line(`CLIENT KILL ID ${id} TYPE pubsub`), ":0");
    assert.equal(await c.line(`CLIENT KILL ID ${id} LADDR ${laddr} USER default`), ":1");
    await a.ended();
    assert.equal(await c.line("CLIENT KILL MAXAGE 1000"), ":0");
    assert.equal(await c.line(`CLIENT KILL LADDR ${laddr}`), ":1");
    await b.ended();
    assert.equal(await c.line(`CLIENT KILL LADDR ${laddr} SKIPME no`), ":1");
    await c.ended();
  }));

test("CLIENT REPLY", () =>
  withServer(async ({ client }) => {
    const c = await client();
    c.send("CLIENT", "REPLY", "SKIP");
    c.send("SET", "a", "1");
    assert.equal(await c.line("GET a"), '"1"');
    c.send("CLIENT", "REPLY", "OFF");
    c.send("SET", "a", "2");
    c.send("NOSUCH");
    c.send("CLIENT", "REPLY", "SKIP");
    assert.equal(await c.line("CLIENT REPLY ON"), "+OK");
    assert.equal(await c.line("GET a"), '"2"');
    c.send("CLIENT", "REPLY", "SKIP");
    c.send("CLIENT", "REPLY", "SKIP");
    c.send("GET", "a");
    assert.equal(await c.line("PING"), "+PONG");
    assert.equal(c.unread, "");
  }));

test("CLIENT PAUSE WRITE lets reads go on, and writes when it is over", () =>
  withServer(async ({ client }) => {
    const [c, writer] = [await client(), await client()];
    await c.line("SET a old");
    assert.equal(await c.line("CLIENT PAUSE 100000 WRITE"), "+OK");
    writer.send("SET", "a", "new");
    assert.equal(await c.line("GET a"), '"old"');
    assert.match(text(await c.line("INFO clients")), /paused_reason:client_pause\r\npaused_actions:write\r\n/);
    assert.equal(await c.line("CLIENT UNPAUSE"), "+OK");
    assert.equal(await writer.reply(), "+OK");
    assert.equal(await c.line("GET a"), '"new"');
  }));

test("CLIENT PAUSE ALL holds everything, in order, until its time is over", () =>
  withServer(async ({ client }) => {
    const [c, other] = [await client(), await client()];
    assert.equal(await c.line("CLIENT PAUSE 150"), "+OK");
    const start = Date.now();
    other.send("SET", "a", "1");
    other.send("INCR", "a");
    other.send("GET", "a");
    assert.deepEqual(await other.replies(3), ["+OK", ":2", '"2"']);
    assert.ok(Date.now() - start >= 100);
  }));

test("a pause holds an EXEC that would write", () =>
  withServer(async ({ client }) => {
    const [c, other] = [await client(), await client()];
    await other.line("MULTI");
    await other.line("SET a 1");
    await c.line("CLIENT PAUSE 100000 WRITE");
    other.send("EXEC");
    assert.equal(await c.line("GET a"), "$-1");
    await c.line("CLIENT UNPAUSE");
    assert.equal(await other.reply(), "[+OK]");
  }));

test("CLIENT NO-TOUCH keeps the age of what is read", () =>
  withServer(
    async ({ client, server }) => {
      const c = await client();
      await c.line("SET a 1");
      server.engine.databases[0]!.setIdle(Slice.of("a"), 100);
      await c.line("CLIENT NO-TOUCH ON");
      await c.line("GET a");
      assert.equal(await c.line("OBJECT IDLETIME a"), ":100");
      await c.line("TOUCH a");
      assert.equal(await c.line("OBJECT IDLETIME a"), ":0");
    },
    { clock: new TestClock() },
  ));

test("CLIENT UNBLOCK ends the waiting of another client", () =>
  withServer(async ({ client }) => {
    const [c, waiting] = [await client(), await client()];
    const id = (await waiting.line("CLIENT ID")).slice(1);
    assert.equal(await c.line(`CLIENT UNBLOCK ${id}`), ":0");
    await waiting.line("SET a 1");
    waiting.send("WAIT", "1", "0");
    await until("it to wait", async () => (await c.line(`CLIENT UNBLOCK ${id}`)) === ":1");
    assert.equal(await waiting.reply(), ":0");
    waiting.send("WAIT", "1", "0");
    await until("it to wait", async () => (await c.line(`CLIENT UNBLOCK ${id} ERROR`)) === ":1");
    assert.equal(await waiting.reply(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
  }));

test("maxclients turns away whom it must", () =>
  withServer(
    async ({ client, port, server }) => {
      const [a] = [await client(), await client()];
      const refused = await RespClient.connect(port);
      assert.equal(await refused.reply(), "-ERR max number of clients reached");
      await refused.ended();
      assert.equal(server.stats.rejectedConnections, 1);
      await a!.quit();
      await until("the server to know", () => server.clients.count === 1);
      const later = await client();
      assert.equal(await later.line("PING"), "+PONG");
    },
    { config: "maxclients 2\n" },
  ));

test("tracking is refused in words, and its absence told truthfully", () =>
  withServer(async ({ client }) => {
    const c = await client(3);
    assert.equal(await c.line("CLIENT TRACKING ON"), "-ERR Client tracking is not supported by this server");
    assert.equal(await c.line("CLIENT TRACKING OFF"), "+OK");
    assert.equal(await c.line("CLIENT TRACKINGINFO"), '%{"flags": ~["off"], "redirect": :-1, "prefixes": []}');
    assert.equal(await c.line("CLIENT GETREDIR"), ":-1");
  }));
