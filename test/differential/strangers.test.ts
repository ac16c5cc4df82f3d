/** What a server says to those it does not know, or who ask too much, beside a real redis-server 7.0.15: letter for letter. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { noRedis } from "../rdb/real-redis.ts";
import { exchange, type RawBoth, request, withRawBoth } from "./raw.ts";

type Cases = Readonly<Record<string, readonly string[]>>;

const many = (count: number, word = "a") => Array<string>(count).fill(word);
const set = (name: string, ...values: readonly string[]) =>
  values.flatMap((value) => [request("CONFIG", "SET", name, value), request("CONFIG", "GET", name)]);

/** Of both: the level of Redis that each says it is, what HELLO's error calls its argument (7.2: `HELLO <proto> AUTH`), and ids. */
function mask(reply: string): string {
  return reply
    .replace(/\$\d+\\r\\n7\.\d+\.\d+\\r\\n/g, "(version)")
    .replaceAll("HELLO <proto> AUTH", "HELLO AUTH")
    .replace(/(id\\r\\n):\d+/g, "$1:n");
}

/** More would keep each other waiting for longer than silence is waited for. */
const AT_ONCE = 4;

async function compare({ ourPort, theirPort }: RawBoth, cases: Cases): Promise<void> {
  const names = Object.keys(cases);
  const answers = async (port: number) => {
    const all: string[] = [];
    for (let i = 0; i < names.length; i += AT_ONCE)
      all.push(...(await Promise.all(names.slice(i, i + AT_ONCE).map((name) => exchange(port, cases[name]!)))));
    return all;
  };
  // Each of the two is asked by itself: what one machine does at once must not make the other late.
  const ours = await answers(ourPort);
  const theirs = await answers(theirPort);
  for (const [i, name] of names.entries()) {
    if (mask(ours[i]!) === mask(theirs[i]!)) continue;
    // Where the machine has much else to do one of them may just have been slow.
    const again = (port: number) => exchange(port, cases[name]!, undefined, 20);
    assert.equal(mask(await again(ourPort)), mask(await again(theirPort)), name);
  }
}

const suite = (title: string, directives: readonly string[], cases: Cases) =>
  test(title, { skip: noRedis }, () => withRawBoth(directives, (both) => compare(both, cases)));

suite("before AUTH", ["requirepass secret"], {
  "ten words": [request("SET", ...many(9))],
  "eleven words": [request(...many(11))],
  "a word of 16 KiB": [`*2\r\n$4\r\nAUTH\r\n$16384\r\n${"x".repeat(16384)}\r\n`],
  "a longer one": ["*2\r\n$4\r\nAUTH\r\n$16385\r\n"],
  "more in an inline command": [`DEL ${"a ".repeat(20)}\r\n`, `DEL ${"a".repeat(20_000)}\r\n`],
  "more behind AUTH": [request("AUTH", "secret"), request("DEL", ...many(10))],
  "more behind AUTH, at once": [request("AUTH", "secret") + request("DEL", ...many(10))],
  "more behind HELLO AUTH": [request("HELLO", "2", "AUTH", "default", "secret"), request("DEL", ...many(10))],
  "more behind RESET": [request("AUTH", "secret"), request("RESET"), request("GET", "a"), request("DEL", ...many(10))],
  "commands that are there": [request("GET", "a"), request("PING"), request("MULTI"), request("COMMAND", "COUNT")],
  "commands that are not": [request("NOSUCH"), request("CLIENT", "NOSUCH"), request("GET")],
  "what needs no password": [request("HELLO"), request("HELLO", "3"), request("RESET"), request("QUIT")],
  "wrong passwords": [request("AUTH", "x"), request("AUTH", "x", "y"), request("AUTH", "x", "y", "z")],
  "gated commands": [request("DEBUG", "JMAP"), request("MODULE", "LOAD", "x")],
  "somebody's browser": ["POST / HTTP/1.1\r\nHost: x\r\n\r\n"],
});

suite("headers and lines", ["proto-max-bulk-len 1mb"], {
  "a word too long": ["*2\r\n$3\r\nGET\r\n$1048577\r\n"],
  "the longest": ["*2\r\n$3\r\nGET\r\n$1048576\r\n"],
  ...Object.fromEntries(["-1", "x", "", "01", "+1", "99999999999999999999"].map((n) => [`$${n}`, [`*1\r\n$${n}\r\n`]])),
  ...Object.fromEntries(
    ["2147483648", "2147483647", "1048577", "-10", "x", "", "+1", "01", "-0", "0"].map((n) => [
      `*${n}`,
      [`*${n}\r\n`, request("PING")],
    ]),
  ),
  "no $": ["*2\r\n$3\r\nGET\r\n3\r\n"],
  "a byte in its place": ["*2\r\n\x01\r\n"],
  "a count that never ends": [`*${"1".repeat(70_000)}`],
  "a length that never ends": [`*1\r\n$${"1".repeat(70_000)}`],
  "a line that never ends": ["a".repeat(70_000)],
  // One beyond 64 KiB is refused if it comes in pieces, by both: when they are read decides.
  "a long line that does": [`ECHO ${"a".repeat(60_000)}\r\n`],
  "quotes that never end": ['SET "a\r\n'],
  "a word with other bytes behind it": ["*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n"],
  "line feeds alone": ["*1\n$4\nPING\n"],
  "a line feed alone": ["*1\r\n$4\nPING\r\n"],
});

suite("who talks HTTP", [], {
  POST: ["POST / HTTP/1.1\r\n"],
  "Host:": ["Host: x\r\n"],
  "as a request": [request("post", "x")],
  "in MULTI": [request("MULTI"), "POST /\r\n"],
  "GET, until Host: comes": ["GET / HTTP/1.1\r\nHost: x\r\n\r\n"],
});

suite("values larger than proto-max-bulk-len", ["proto-max-bulk-len 1mb"], {
  SETRANGE: [request("SETRANGE", "a", "1048575", "x"), request("SETRANGE", "a", "1048576", "x")],
  APPEND: [request("SET", "b", "x".repeat(1_000_000)), request("APPEND", "b", "x".repeat(100_000))],
  SETBIT: [request("SETBIT", "c", "8388607", "1"), request("SETBIT", "c", "8388608", "1")],
});

suite("directives about clients", [], {
  "maxmemory-clients": set("maxmemory-clients", "1gb", "10%", "101%", "-5%", "0", "-1", "x", "1000000000", "0"),
  "client-output-buffer-limit": set(
    "client-output-buffer-limit",
    "normal 0 0",
    "normal 1 1 x",
    "foo 1 1 1",
    "normal 1gb 512m 10",
    "pubsub 1gb 2gb 60 replica 1gb 0 0",
    "master 1 1 1",
    "normal 0 0 0",
    "normal -1 0 0",
    "normal 0 0 -1",
  ),
  numbers: [
    ...["0", "1mb", "1"].flatMap((value) => set("proto-max-bulk-len", value)),
    ...["0", "1mb", "1gb"].flatMap((value) => set("client-query-buffer-limit", value)),
    ...["0", "-1", "10000"].flatMap((value) => set("maxclients", value)),
    ...["-1", "300"].flatMap((value) => set("tcp-keepalive", value)),
    ...["-1", "0"].flatMap((value) => set("timeout", value)),
  ],
  "what only the file can say": [
    ...["enable-protected-configs", "enable-debug-command", "enable-module-command", "unixsocket", "databases"],
    ...["tcp-backlog", "logfile", "aclfile", "appendfilename", "daemonize", "pidfile", "cluster-enabled", "replicaof"],
    ...["rdbchecksum", "supervised", "io-threads", "rename-command", "syslog-enabled"],
  ].map((name) => request("CONFIG", "SET", name, "1")),
  "what is protected": [request("CONFIG", "SET", "dir", "/"), request("CONFIG", "SET", "dbfilename", "x")],
  "CLIENT NO-EVICT": ["ON", "x", "OFF"].map((word) => request("CLIENT", "NO-EVICT", word)),
});

const GATED = {
  DEBUG: [request("DEBUG", "SLEEP", "0")],
  "DEBUG in MULTI": [request("MULTI"), request("DEBUG", "SLEEP", "0"), request("EXEC")],
  MODULE: [
    request("MODULE", "LIST"),
    request("MODULE", "LOAD", "/no/such.so"),
    request("MODULE", "LOADEX", "/no/such.so", "ARGS", "1"),
    request("MODULE", "UNLOAD", "x"),
    request("MODULE", "NOSUCH"),
    request("MODULE", "LOAD"),
    request("MODULE"),
  ],
  dbfilename: [request("CONFIG", "SET", "dbfilename", "x.rdb"), request("CONFIG", "SET", "dbfilename", "a/b")],
};
for (const gate of ["no", "local", "yes"])
  suite(
    `gates set to ${gate}`,
    [`enable-debug-command ${gate}`, `enable-module-command ${gate}`, `enable-protected-configs ${gate}`],
    GATED,
  );

suite(
  "rename-command",
  ['rename-command GET ""', "rename-command SET zet", "rename-command CONFIG abc", "rename-command EXEC xx"],
  {
    "taken away": [request("GET", "a"), request("COMMAND", "INFO", "get")],
    renamed: [request("SET", "a", "b"), request("ZET", "a", "b"), request("zet", "a")],
    "a container": [
      request("CONFIG", "GET", "port"),
      request("ABC", "GET", "maxclients"),
      request("ABC", "GET"),
      request("ABC", "NOSUCH"),
    ],
    "in MULTI": [request("MULTI"), request("ZET", "a", "c"), request("EXEC"), request("XX")],
    "COMMAND GETKEYS": [request("COMMAND", "GETKEYS", "zet", "a", "b"), request("COMMAND", "GETKEYS", "set", "a", "b")],
  },
);

test("maxclients: who comes too late is told, and nobody else has to go", { skip: noRedis }, () =>
  withRawBoth(["maxclients 2"], async (both) => {
    for (const port of [both.ourPort, both.theirPort]) {
      const first: Socket[] = [];
      for (let i = 0; i < 2; i++) {
        const socket = connect(port, "127.0.0.1");
        first.push(socket);
        await once(socket, "connect");
        socket.write(request("PING"));
        assert.equal(String((await once(socket, "data"))[0]), "+PONG\r\n");
      }
      const late = '"-ERR max number of clients reached\\r\\n" and closed';
      assert.equal(await exchange(port, [request("PING")]), late);
      first[0]!.write(request("INFO", "stats"));
      assert.match(String((await once(first[0]!, "data"))[0]), /\r\nrejected_connections:1\r\n/);
      for (const socket of first) socket.destroy();
      for (let answer = late; answer === late; ) answer = await exchange(port, [request("PING")]);
    }
  }),
);

test(
  "a request over client-query-buffer-limit: ours counts all of its words, theirs only the last",
  {
    skip: noRedis,
  },
  () =>
    withRawBoth(["client-query-buffer-limit 1mb"], async ({ ourPort, theirPort }) => {
      const tooLong = `*3\r\n$3\r\nSET\r\n$1\r\na\r\n$3000000\r\n${"x".repeat(2_000_000)}`;
      assert.equal(await exchange(ourPort, [tooLong]), '"" and closed');
      assert.equal(await exchange(theirPort, [tooLong]), '"" and closed');
      const words = `*1000000\r\n${"$1\r\na\r\n".repeat(200_000)}`;
      assert.equal(await exchange(ourPort, [words]), '"" and closed');
      assert.equal(await exchange(theirPort, [words]), '""');
    }),
);

/** An address of this machine that is not the loopback's. */
const outside = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

test(
  "protected mode: who comes from elsewhere is turned away while there is no password",
  {
    skip: noRedis || (outside === undefined && "no address but the loopback's"),
  },
  () =>
    withRawBoth(["bind *", "protected-mode yes"], async ({ ourPort, theirPort }) => {
      const [ours, theirs] = [await exchange(ourPort, [], outside), await exchange(theirPort, [], outside)];
      assert.match(theirs, /^"-DENIED .* and closed$/);
      assert.equal(ours, theirs);
      for (const port of [ourPort, theirPort]) {
        assert.equal(await exchange(port, [request("CONFIG", "SET", "requirepass", "x")]), '"+OK\\r\\n"');
        assert.equal(await exchange(port, [request("PING")], outside), '"-NOAUTH Authentication required.\\r\\n"');
      }
    }),
);
