/** redis-cli's modes, with values of every type. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type EmbeddedNode, startServer } from "../../src/main/index.ts";
import { needsRedisCli, PYTHON } from "../peers.ts";

let server: EmbeddedNode;

async function run(command: string, args: readonly (string | number)[], input = "", exit = 0): Promise<string> {
  const child = spawn(command, args.map(String), { timeout: 15_000 });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const [code] = await once(child, "close");
  assert.equal(code, exit, output);
  return output;
}

const cli = (args: readonly string[], input?: string, exit?: number) =>
  run("redis-cli", ["-p", server.port, ...args], input, exit);

const FILL = `
SET text ${"t".repeat(500)}
RPUSH list ${Array.from({ length: 300 }, (_, i) => i).join(" ")}
HSET hash ${Array.from({ length: 40 }, (_, i) => `f${i} v${i}`).join(" ")}
SADD set ${Array.from({ length: 70 }, (_, i) => `m${i}`).join(" ")}
ZADD zset ${Array.from({ length: 200 }, (_, i) => `${i} m${i}`).join(" ")}
XADD stream 1-1 a 1
XADD stream 2-1 a 2
`;

describe("redis-cli and the types", needsRedisCli(), () => {
  before(async () => {
    server = await startServer();
    await cli([], FILL);
  });
  after(() => server.stop());

  test("shows replies for people", async () => {
    assert.equal(await cli(["--no-raw", "LRANGE", "list", "0", "1"]), '1) "0"\n2) "1"\n');
    assert.equal(
      await cli(["-3", "--no-raw", "ZRANGE", "zset", "0", "0", "WITHSCORES"]),
      '1) 1) "m0"\n   2) (double) 0\n',
    );
    assert.equal(await cli(["--no-raw", "XRANGE", "stream", "-", "1"]), '1) 1) "1-1"\n   2) 1) "a"\n      2) "1"\n');
  });

  test("--csv and --json", async () => {
    assert.equal(await cli(["--csv", "LRANGE", "list", "0", "2"]), '"0","1","2"\n');
    assert.deepEqual(JSON.parse(await cli(["--json", "HMGET", "hash", "f1", "none"])), ["v1", null]);
    const hash = JSON.parse(await cli(["--json", "HGETALL", "hash"])) as Record<string, string>;
    assert.deepEqual([Object.keys(hash).length, hash["f7"]], [40, "v7"]);
    assert.deepEqual(JSON.parse(await cli(["--json", "ZRANGE", "zset", "0", "1", "WITHSCORES"])), [
      ["m0", 0],
      ["m1", 1],
    ]);
  });

  test("--bigkeys finds the biggest of each type by its elements", async () => {
    const output = await cli(["--bigkeys"]);
    assert.match(output, /Biggest +list found '"list"' has 300 items/);
    assert.match(output, /Biggest +hash found '"hash"' has 40 fields/);
    assert.match(output, /Biggest string found '"text"' has 500 bytes/);
    assert.match(output, /Biggest stream found '"stream"' has 2 entries/);
    assert.match(output, /Biggest +set found '"set"' has 70 members/);
    assert.match(output, /Biggest +zset found '"zset"' has 200 members/);
  });

  test("--memkeys finds the biggest of each type by its memory", async () => {
    const output = await cli(["--memkeys"]);
    for (const type of ["list", "hash", "set", "zset", "stream"]) {
      const [, bytes] = new RegExp(`Biggest +${type} found '"${type}"' has (\\d+) bytes`).exec(output)!;
      assert.ok(Number(bytes) > 50 && Number(bytes) < 100_000, `${type}: ${bytes}`);
    }
  });

  test("--hotkeys finds the key that is used most", async () => {
    await cli(["CONFIG", "SET", "maxmemory-policy", "allkeys-lfu"]);
    await cli(["CONFIG", "SET", "lfu-log-factor", "0"]);
    await cli(["-r", "50", "HGET", "hash", "f1"]);
    const output = await cli(["--hotkeys"]);
    assert.match(output, /hot key found with counter: \d+\tkeyname: "?hash"?/);
    await cli(["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
  });

  test("--scan lists every key, whatever its type", async () => {
    const keys = (await cli(["--scan"])).trim().split("\n").sort();
    assert.deepEqual(keys, ["hash", "list", "set", "stream", "text", "zset"]);
    assert.deepEqual((await cli(["--scan", "--pattern", "s*"])).trim().split("\n").sort(), ["set", "stream"]);
  });

  test("--pipe takes commands of every type", async () => {
    const commands = [
      "RPUSH pl a b",
      "HSET ph f v",
      "SADD ps m",
      "ZADD pz 1 m",
      "XADD px * f v",
      "PFADD pp a",
      "RPUSH ph wrong",
    ];
    const output = await cli(["--pipe"], `${commands.join("\r\n")}\r\n`, 1);
    assert.match(output, /WRONGTYPE/);
    assert.match(output, /errors: 1, replies: 7/);
    await cli(["DEL", "pl", "ph", "ps", "pz", "px", "pp"]);
  });

  test("--latency-history and --intrinsic-latency measure", async () => {
    assert.match(await cli(["--intrinsic-latency", "1"]), /avg latency/);
    assert.match(await cli(["--latency", "--csv"]), /^\d+,\d+,[\d.]+,\d+/m);
  });

  test("COMMAND DOCS tells every command in the shape that hints are made of", async () => {
    const docs = JSON.parse(await cli(["--json", "COMMAND", "DOCS"])) as Record<string, Doc>;
    for (const name of [
      "set",
      "lpush",
      "hset",
      "hexpire",
      "sadd",
      "zadd",
      "xadd",
      "geoadd",
      "pfadd",
      "sort",
      "blpop",
    ]) {
      const doc = docs[name];
      assert.ok(doc, name);
      assert.ok(doc.summary.length > 5 && doc.since !== "" && doc.group !== "", name);
      assert.ok(doc.arguments!.length > 0, name);
    }
    for (const [name, { arguments: args = [] }] of Object.entries(docs))
      for (const arg of args) checkArgument(name, arg);
  });

  test("hints appear while a person types", async () => {
    const hints: [typed: string, shown: RegExp][] = [
      ["hset ", /key field value \[field value/],
      ["zadd ", /key \[NX\|XX\]/],
      // Newer than this redis-cli: it can only know it from the server.
      ["hexpire ", /hexpire .*(key|arg)/s],
    ];
    const script = join(import.meta.dirname, "redis_cli_hints.py");
    for (const [typed, shown] of hints)
      assert.match(await run(PYTHON, [script, server.port, typed, shown.source]), shown);
  });
});

interface Argument {
  readonly name: string;
  readonly type: string;
  readonly arguments?: readonly Argument[];
}

interface Doc {
  readonly summary: string;
  readonly since: string;
  readonly group: string;
  readonly arguments?: readonly Argument[];
}

const TYPES = ["string", "integer", "double", "key", "pattern", "unix-time", "pure-token", "oneof", "block"];

function checkArgument(command: string, { name, type, arguments: inner }: Argument): void {
  assert.ok(TYPES.includes(type), `${command}: ${name} is ${type}`);
  assert.equal(inner !== undefined, type === "oneof" || type === "block", `${command}: ${name}`);
  for (const argument of inner ?? []) checkArgument(command, argument);
}
