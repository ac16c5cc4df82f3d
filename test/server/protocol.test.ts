import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "./resp-client.ts";
import { withServer } from "./with-server.ts";

test("a request may arrive byte by byte", () =>
  withServer(async ({ client }) => {
    const c = await client();
    for (const byte of encode("SET", "key", "value")) {
      c.raw(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(await c.reply(), "+OK");
    assert.equal(await c.do("GET", "key"), '"value"');
  }));

test("many requests may arrive at once, and the last of them cut in two", () =>
  withServer(async ({ client }) => {
    const c = await client();
    const requests = Buffer.concat(Array.from({ length: 1000 }, (_, i) => encode("ECHO", `message ${i}`)));
    c.raw(requests.subarray(0, requests.length - 7));
    for (let i = 0; i < 999; i++) assert.equal(await c.reply(), JSON.stringify(`message ${i}`));
    c.raw(requests.subarray(requests.length - 7));
    assert.equal(await c.reply(), '"message 999"');
  }));

test("inline commands", () =>
  withServer(async ({ client }) => {
    const c = await client();
    const cases: [line: string, reply: string][] = [
      ["PING\r\n", "+PONG"],
      ["PING\n", "+PONG"],
      ["  ping   hello  \r\n", '"hello"'],
      ["SET \"a key\" 'single \\' quoted'\r\n", "+OK"],
      ['GET "a\\x20key"\r\n', '"single \' quoted"'],
      ["\r\n\r\nPING\r\n", "+PONG"],
    ];
    for (const [line, reply] of cases) {
      c.raw(line);
      assert.equal(await c.reply(), reply, JSON.stringify(line));
    }
  }));

const brokenRequests: [what: string, bytes: string, error: string][] = [
  ["unbalanced quotes", 'SET "a b\r\n', "unbalanced quotes in request"],
  ["a count that is no number", "*x\r\n", "invalid multibulk length"],
  ["a huge count", "*2147483648\r\n", "invalid multibulk length"],
  ["a word that is no bulk", "*1\r\n:5\r\n", "expected '$', got ':'"],
  ["a negative length", "*1\r\n$-5\r\n", "invalid bulk length"],
  ["a length that is too large", "*2\r\n$3\r\nGET\r\n$2000000000\r\n", "invalid bulk length"],
  ["a length that is no number", "*1\r\n$abc\r\n", "invalid bulk length"],
  ["a count that never ends", `*${"1".repeat(70000)}`, "too big mbulk count string"],
  ["a length that never ends", `*1\r\n$${"1".repeat(70000)}`, "too big bulk count string"],
  ["a line that never ends", "A".repeat(70000), "too big inline request"],
];
for (const [what, bytes, error] of brokenRequests)
  test(`${what}: an error, and the end of the connection`, () =>
    withServer(async ({ client }) => {
      const c = await client();
      c.raw(encode("PING"));
      c.raw(bytes);
      assert.equal(await c.reply(), "+PONG");
      assert.equal(await c.reply(), `-ERR Protocol error: ${error}`);
      await c.ended();
      const other = await client();
      assert.equal(await other.do("PING"), "+PONG");
    }));

test("an empty or negative count is no request at all", () =>
  withServer(async ({ client }) => {
    const c = await client();
    c.raw("*0\r\n*-1\r\n");
    assert.equal(await c.do("PING"), "+PONG");
  }));

test("before authentication requests are small", () =>
  withServer(
    async ({ client }) => {
      const many = await client();
      many.raw("*11\r\n");
      assert.equal(await many.reply(), "-ERR Protocol error: unauthenticated multibulk length");
      await many.ended();
      const long = await client();
      long.raw("*2\r\n$4\r\nPING\r\n$16385\r\n");
      assert.equal(await long.reply(), "-ERR Protocol error: unauthenticated bulk length");
      await long.ended();
      const known = await client();
      assert.equal(await known.do("GET", "a"), "-NOAUTH Authentication required.");
      assert.equal(await known.do("AUTH", "wrong"), "-WRONGPASS invalid username-password pair or user is disabled.");
      assert.equal(await known.do("AUTH", "secret"), "+OK");
      assert.equal(await known.do("SET", "a", "x".repeat(20000)), "+OK");
    },
    { config: "requirepass secret\n" },
  ));

test("a request larger than the query buffer may be ends the connection", () =>
  withServer(
    async ({ client, server }) => {
      const c = await client();
      c.raw(`*2\r\n$4\r\nECHO\r\n$3000000\r\n${"x".repeat(2_000_000)}`);
      await c.ended();
      assert.equal(server.clients.count, 0);
    },
    { config: "client-query-buffer-limit 1mb\n" },
  ));

test("a browser made to talk to us is cut off", () =>
  withServer(async ({ client, log }) => {
    const c = await client();
    c.raw("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await c.ended();
    assert.match(log.join("\n"), /Possible SECURITY ATTACK detected/);
  }));

test("HELLO tells of a cluster", () =>
  withServer(
    async ({ client }) => assert.match(await (await client()).do("HELLO"), /"mode", "cluster", "role", "master"/),
    { config: "cluster-enabled yes\n" },
  ));

test("HELLO chooses the protocol", () =>
  withServer(async ({ client }) => {
    const c = await client();
    assert.match(await c.do("HELLO"), /^\["server", "redis", "version", "7\.2\.4", "proto", :2, "id", :\d+, /);
    assert.match(
      await c.do("HELLO", "3", "SETNAME", "me"),
      /^%\{"server": "redis", .*"proto": :3, .*"modules": \[\]\}$/,
    );
    assert.equal(await c.do("CLIENT", "GETNAME"), '"me"');
    assert.equal(await c.do("GET", "nothing"), "_");
    assert.equal(await c.do("HELLO", "4"), "-NOPROTO unsupported protocol version");
    assert.equal(await c.do("HELLO", "2", "NONSENSE"), "-ERR Syntax error in HELLO option 'NONSENSE'");
    assert.equal(await c.do("RESET"), "+RESET");
    assert.equal(await c.do("GET", "nothing"), "$-1");
  }));

for (const protocol of [2, 3] as const)
  test(`an example of each kind of reply (RESP${protocol})`, () =>
    withServer(async ({ client }) => {
      const c = await client(protocol);
      const examples: [type: string, resp2: string, resp3: string][] = [
        ["string", '"Hello World"', '"Hello World"'],
        ["integer", ":12345", ":12345"],
        ["double", '"3.141"', ",3.141"],
        ["bignum", '"1234567999999999999999999999999999999"', "(1234567999999999999999999999999999999"],
        ["null", "$-1", "_"],
        ["array", "[:0, :1, :2]", "[:0, :1, :2]"],
        ["set", "[:0, :1, :2]", "~[:0, :1, :2]"],
        ["map", "[:0, :0, :1, :1, :2, :0]", "%{:0: #f, :1: #t, :2: #f}"],
        ["verbatim", '"This is a verbatim\\nstring"', "=txt:This is a verbatim\nstring"],
        ["true", ":1", "#t"],
        ["false", ":0", "#f"],
      ];
      for (const [type, resp2, resp3] of examples)
        assert.equal(await c.do("DEBUG", "PROTOCOL", type), protocol === 2 ? resp2 : resp3);
      assert.match(await c.do("DEBUG", "PROTOCOL", "x"), /^-ERR Wrong protocol type name\. Please use one of/);
    }));
