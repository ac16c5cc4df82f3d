/** Waiting for keys, shown with commands of its own: BGETDEL takes a string, BMOVE gives it to another key. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import type { Args } from "../../src/commands/args.ts";
import { type Call, type CommandRow, event, family, keyAt } from "../../src/commands/call.ts";
import { TestClock } from "../../src/io/test-clock.ts";
import { dump } from "../../src/rdb/payload.ts";
import { buildTable } from "../../src/server/command-families.ts";
import type { Server } from "../../src/server/server.ts";
import { until } from "../until.ts";
import type { RespClient } from "./resp-client.ts";
import { type TestServer, type TestServerOptions, withServer } from "./with-server.ts";

const taken = event("g", "del");
const given = event("$", "set");

const rows: CommandRow[] = family("string", {
  BGETDEL: { arity: -3, flags: ["write", "blocking"], keys: keyAt(1, "RW"), run: bgetdel },
  BMOVE: { arity: 4, flags: ["write", "blocking"], keys: keyAt(1, "RW"), run: bmove },
  BEXPECT: { arity: 2, flags: ["readonly", "blocking"], keys: keyAt(1, "RO"), run: bexpect },
});

/** BGETDEL key [key ...] timeout (ms): answers the first key and its string, and deletes it. */
function bgetdel(call: Call, args: Args): void {
  const timeoutMs = Number(args.at(args.count - 1).latin1());
  const keys = Array.from({ length: args.count - 2 }, (_, i) => args.at(i + 1));
  for (const key of keys) {
    const value = call.db.getString(key);
    if (value === null) continue;
    call.reply.array(2);
    call.reply.bulk(key);
    call.reply.bulk(value);
    call.db.delete(key);
    call.changed(key, taken);
    call.outcome(["DEL", key]);
    return;
  }
  if (call.session.denyBlocking) call.reply.nilArray();
  else call.block({ keys, type: "string", timeoutMs });
}

/** BMOVE from to timeout */
function bmove(call: Call, args: Args): void {
  const value = call.db.getString(args.at(1));
  if (value === null) {
    call.block({ keys: [args.at(1)], type: "string", timeoutMs: Number(args.at(3).latin1()) });
    return;
  }
  const copy = value.copy();
  call.db.delete(args.at(1));
  call.changed(args.at(1), taken);
  call.db.setString(args.at(2), args.at(1).set(copy, 0, copy.length));
  call.changed(args.at(2), given);
  call.reply.ok();
}

/** BEXPECT key: an error once the key is gone or is no string, OK once it is "x". */
function bexpect(call: Call, args: Args): void {
  const key = args.at(1);
  const value = call.db.getString(key);
  if (value === null) throw new Error("unreachable: errors of ours are told in other words");
  if (value.latin1() === "x") call.reply.ok();
  else call.block({ keys: [key], type: "string", timeoutMs: 0, onMissing: true });
}

function equip(server: Server): void {
  server.equip(buildTable(server, [[...server.table.rows.values()], rows]));
}

/** A server with these commands, and `clients` clients. */
function withClients(
  count: number,
  work: (clients: RespClient[], test: TestServer) => Promise<void>,
  options?: TestServerOptions,
): Promise<void> {
  return withServer(async (test) => {
    equip(test.server);
    const clients = [];
    for (let i = 0; i < count; i++) clients.push(await test.client());
    await work(clients, test);
  }, options);
}

async function waiting(test: TestServer, count: number): Promise<void> {
  const deadline = performance.now() + 5000;
  while (performance.now() < deadline) {
    let blocked = 0;
    for (const connection of test.server.clients.byId.values()) if (connection.blocked) blocked++;
    if (blocked === count) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.fail(`${count} clients should wait`);
}

async function info(client: RespClient, field: string): Promise<string> {
  return new RegExp(`${field}:([^\\\\]*)`).exec(await client.do("INFO", "everything"))![1]!;
}

test("is served by the change, answers in order, and goes on with what was sent meanwhile", () =>
  withClients(2, async ([a, b], test) => {
    a!.send("BGETDEL", "k", "0");
    a!.send("PING");
    await waiting(test, 1);
    assert.equal(await info(b!, "blocked_clients"), "1");
    assert.equal(await info(b!, "total_blocking_keys"), "1");
    assert.match(await b!.do("CLIENT", "LIST"), / flags=b .*cmd=bgetdel/);
    assert.equal(await b!.do("SET", "k", "v"), "+OK");
    assert.equal(await a!.reply(), '["k", "v"]');
    assert.equal(await a!.reply(), "+PONG");
    assert.equal(await b!.do("EXISTS", "k"), ":0");
    assert.equal(await info(b!, "total_blocking_keys"), "0");
  }));

test("those who came first are served first; who waits for several keys takes the first that has something", () =>
  withClients(4, async ([a, b, c, d], test) => {
    a!.send("BGETDEL", "x", "k", "x", "0");
    await waiting(test, 1);
    b!.send("BGETDEL", "k", "0");
    await waiting(test, 2);
    c!.send("BGETDEL", "y", "x", "0");
    await waiting(test, 3);
    await d!.do("SET", "k", "1");
    assert.equal(await a!.reply(), '["k", "1"]');
    await d!.do("SET", "k", "2");
    assert.equal(await b!.reply(), '["k", "2"]');
    await d!.do("MSET", "x", "3", "y", "4");
    assert.equal(await c!.reply(), '["y", "4"]');
    assert.equal(await d!.do("GET", "x"), '"3"');
  }));

test("a chain: what the first moves serves the second", () =>
  withClients(4, async ([a, b, c, d], test) => {
    c!.send("BGETDEL", "z", "0");
    await waiting(test, 1);
    b!.send("BMOVE", "y", "z", "0");
    await waiting(test, 2);
    a!.send("BMOVE", "x", "y", "0");
    await waiting(test, 3);
    await d!.do("SET", "x", "v");
    assert.equal(await a!.reply(), "+OK");
    assert.equal(await b!.reply(), "+OK");
    assert.equal(await c!.reply(), '["z", "v"]');
    assert.equal(await d!.do("DBSIZE"), ":0");
  }));

test("a transaction is looked at as a whole", () =>
  withClients(3, async ([a, b, c], test) => {
    a!.send("BGETDEL", "k", "0");
    b!.send("BGETDEL", "j", "0");
    await waiting(test, 2);
    for (const line of ["MULTI", "SET k 1", "DEL k", "SET j 1", "SET j 2", "BGETDEL nothing 0", "EXEC"])
      c!.send(...line.split(" "));
    const replies = await c!.replies(7);
    assert.equal(replies[6], "[+OK, :1, +OK, +OK, *-1]");
    assert.equal(await b!.reply(), '["j", "2"]');
    assert.equal(await info(c!, "blocked_clients"), "1");
    // Another type, another database: nobody is served by that.
    await c!.do("SELECT", "1");
    await c!.do("SET", "k", "1");
    assert.equal(await info(c!, "blocked_clients"), "1");
    await c!.do("SWAPDB", "0", "1");
    assert.equal(await a!.reply(), '["k", "1"]');
  }));

test("RENAME, COPY, MOVE and RESTORE serve", () =>
  withClients(2, async ([a, b], test) => {
    await b!.do("SET", "from", "7");
    const { engine } = test.server;
    const payload = Buffer.from(dump(engine, engine.databases[0]!, Slice.of("from"))!);
    const makers = [
      ["COPY", "from", "k"],
      ["RESTORE", "k", "0", payload],
      ["RENAME", "from", "k"],
    ];
    for (const words of makers) {
      a!.send("BGETDEL", "k", "0");
      await waiting(test, 1);
      await b!.do(...words);
      assert.equal(await a!.reply(), '["k", "7"]', `${words[0]}`);
    }
    a!.send("BGETDEL", "m", "0");
    await waiting(test, 1);
    await b!.do("SELECT", "2");
    await b!.do("SET", "m", "8");
    await b!.do("MOVE", "m", "0");
    assert.equal(await a!.reply(), '["m", "8"]');
  }));

test("who is to know of a missing key is told of deletion, expiry and flush", () =>
  withClients(2, async ([a, b], test) => {
    const endings: [string, ...string[]][] = [["DEL", "k"], ["FLUSHALL"], ["SWAPDB", "0", "5"], ["RENAME", "k", "l"]];
    for (const words of endings) {
      await b!.do("SET", "k", "1");
      a!.send("BEXPECT", "k");
      await waiting(test, 1);
      assert.equal(await info(b!, "total_blocking_keys_on_nokey"), "1");
      await b!.do("SET", "k", "2");
      await b!.do(...words);
      assert.match(await a!.reply(), /^-ERR internal error/, words[0]);
    }
    await b!.do("SET", "k", "1", "PX", "30");
    a!.send("BEXPECT", "k");
    assert.match(await a!.reply(), /^-ERR internal error/);
  }));

test("timeouts, and how they are counted", async () => {
  const clock = new TestClock(1_700_000_000_000);
  await withClients(
    2,
    async ([a, b], test) => {
      a!.send("BGETDEL", "k", "9000");
      b!.send("BGETDEL", "k", "1500");
      await waiting(test, 2);
      assert.equal(test.server.blocking.withTimeout, 2);
      await clock.turn(1400);
      assert.equal(b!.unread, "");
      await clock.turn(200);
      assert.equal(await b!.reply(), "*-1");
      assert.equal(await info(b!, "clients_in_timeout_table"), "1");
      assert.match(await info(b!, "cmdstat_bgetdel"), /^calls=1,.*rejected_calls=0,failed_calls=0/);
      await clock.turn(8_000);
      assert.equal(await a!.reply(), "*-1");
      assert.match(await info(b!, "cmdstat_bgetdel"), /^calls=2,/);
      assert.equal(test.server.blocking.any, false);
    },
    { clock },
  );
});

test("CLIENT UNBLOCK, by timeout and by error", () =>
  withClients(2, async ([a, b], test) => {
    const id = (await a!.do("CLIENT", "ID")).slice(1);
    assert.equal(await b!.do("CLIENT", "UNBLOCK", id), ":0");
    a!.send("BGETDEL", "k", "0");
    await waiting(test, 1);
    assert.equal(await b!.do("CLIENT", "UNBLOCK", id), ":1");
    assert.equal(await a!.reply(), "*-1");
    a!.send("BGETDEL", "k", "0");
    a!.send("PING");
    await waiting(test, 1);
    assert.equal(await b!.do("CLIENT", "UNBLOCK", id, "ERROR"), ":1");
    assert.equal(await a!.reply(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
    assert.equal(await a!.reply(), "+PONG");
    assert.match(await info(b!, "cmdstat_bgetdel"), /^calls=2,.*failed_calls=1/);
    assert.equal(await info(b!, "errorstat_UNBLOCKED"), "count=1");
  }));

test("a client that goes while it waits is forgotten", () =>
  withClients(3, async ([a, b, c], test) => {
    a!.send("BGETDEL", "k", "0");
    await waiting(test, 1);
    b!.send("BGETDEL", "k", "0");
    await waiting(test, 2);
    a!.socket.destroy();
    await waiting(test, 1);
    await c!.do("SET", "k", "v");
    assert.equal(await b!.reply(), '["k", "v"]');
    b!.send("BGETDEL", "k", "0");
    await waiting(test, 1);
    assert.equal(await c!.do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"), ":1");
    await b!.ended();
    assert.equal(test.server.blocking.any, false);
    assert.equal(await c!.do("SET", "k", "v"), "+OK");
  }));

test("who can be served while commands are paused is served behind the pause", () =>
  withClients(2, async ([a, b], test) => {
    a!.send("BGETDEL", "k", "0");
    await waiting(test, 1);
    for (const line of ["MULTI", "SET k v", "CLIENT PAUSE 100000 WRITE", "EXEC"]) b!.send(...line.split(" "));
    await b!.replies(4);
    assert.equal(await b!.do("GET", "k"), '"v"');
    assert.equal(a!.unread, "");
    const id = [...test.server.clients.byId.values()].find((connection) => connection.blocked)!.id;
    assert.equal(await b!.do("CLIENT", "UNBLOCK", id), ":0");
    assert.equal(await b!.do("CLIENT", "UNPAUSE"), "+OK");
    assert.equal(await a!.reply(), '["k", "v"]');
  }));

test("CLIENT REPLY holds for the answer that comes later", () =>
  withClients(2, async ([a, b], test) => {
    a!.send("CLIENT", "REPLY", "SKIP");
    a!.send("BGETDEL", "k", "0");
    await waiting(test, 1);
    await b!.do("SET", "k", "v");
    assert.equal(await a!.do("PING"), "+PONG");
    a!.send("CLIENT", "REPLY", "OFF");
    a!.send("BGETDEL", "k", "10");
    await waiting(test, 1);
    await waiting(test, 0);
    a!.send("CLIENT", "REPLY", "ON");
    assert.equal(await a!.reply(), "+OK");
  }));

test("MONITOR sees it once, the slow log has it, INFO counts it once", () =>
  withClients(3, async ([a, b, c], test) => {
    await b!.do("CONFIG", "SET", "slowlog-log-slower-than", "0");
    await b!.do("CONFIG", "RESETSTAT");
    await c!.do("MONITOR");
    a!.send("BGETDEL", "k", "0");
    await waiting(test, 1);
    assert.match(await info(b!, "total_commands_processed"), /^2$/);
    await b!.do("SET", "k", "v");
    await a!.reply();
    assert.match(await info(b!, "cmdstat_bgetdel"), /^calls=1,/);
    assert.match(await b!.do("SLOWLOG", "GET", "10"), /BGETDEL/);
    await b!.do("ECHO", "the end");
    await until("the monitor to have all of it", () => c!.unread.includes("the end"));
    assert.equal(c!.unread.split("BGETDEL").length, 2);
  }));

test("a server that becomes a replica lets nobody wait", () =>
  withClients(2, async ([a, b], test) => {
    a!.send("BGETDEL", "k", "0");
    await waiting(test, 1);
    await b!.do("REPLICAOF", "127.0.0.1", "1");
    assert.equal(
      await a!.reply(),
      "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
    );
    await a!.ended();
    assert.match(await b!.do("BGETDEL", "k", "0"), /^-READONLY/);
    await b!.do("REPLICAOF", "NO", "ONE");
  }));
