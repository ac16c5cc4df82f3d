/** redis-cli's modes that need nobody at the keyboard. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { type EmbeddedNode, startSentinelGroup, startServer } from "../../src/main/index.ts";
import { needsRedisCli } from "../peers.ts";
import { tether } from "../processes.ts";
import { until } from "../until.ts";

let server: EmbeddedNode;

function start(args: readonly string[], port = server.port): { child: ChildProcess; output: () => string } {
  const child = tether(spawn("redis-cli", ["-p", `${port}`, ...args], { timeout: 60_000 }));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  return { child, output: () => output };
}

async function cli(args: readonly string[], input = "", port?: number): Promise<string> {
  const { child, output } = start(args, port);
  // It does not read its input in most modes.
  child.stdin!.on("error", () => {});
  child.stdin!.end(input);
  const [code] = await once(child, "close");
  assert.equal(code, 0, output());
  return output();
}

describe("redis-cli", needsRedisCli(), () => {
  before(async () => {
    server = await startServer({ config: { "repl-diskless-sync-delay": 0 } });
  });
  after(() => server.stop());

  test("runs commands given as words", async () => {
    assert.equal(await cli(["SET", "word", "a b"]), "OK\n");
    assert.equal(await cli(["GET", "word"]), "a b\n");
    assert.equal(await cli(["GET", "nothing"]), "\n");
    assert.equal(await cli(["--no-raw", "GET", "nothing"]), "(nil)\n");
    assert.equal(await cli(["--no-raw", "INCR", "word"]), "(error) ERR value is not an integer or out of range\n");
  });

  test("speaks RESP3 with -3", async () => {
    assert.match(await cli(["-3", "--no-raw", "HELLO"]), /"server" => "redis"/);
    assert.match(await cli(["-3", "CLIENT", "INFO"]), /resp=3/);
  });

  test("reads commands from its input, and counts with -r", async () => {
    assert.equal(await cli([], "SET a 1\nINCR a\nGET a\n"), "OK\n2\n2\n");
    assert.equal(await cli(["-r", "3", "INCR", "times"]), "1\n2\n3\n");
    assert.equal(await cli(["-x", "SET", "from-input"], "line\n"), "OK\n");
  });

  test("MULTI over its input", async () => {
    assert.equal(await cli([], "MULTI\nSET t 1\nINCR t\nEXEC\n"), "OK\nQUEUED\nQUEUED\nOK\n2\n");
  });

  test("INFO, whole and by section", async () => {
    const info = await cli(["INFO"]);
    for (const title of ["Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Keyspace"])
      assert.match(info, new RegExp(`^# ${title}\\r?$`, "m"));
    assert.match(await cli(["INFO", "replication"]), /role:master/);
  });

  test("--pipe loads the raw protocol", async () => {
    let input = "";
    for (let i = 0; i < 5000; i++) input += `*3\r\n$3\r\nSET\r\n$${`pipe:${i}`.length}\r\npipe:${i}\r\n$1\r\nx\r\n`;
    assert.match(await cli(["--pipe"], input), /errors: 0, replies: 5000/);
    assert.equal(await cli(["EXISTS", "pipe:0", "pipe:4999"]), "2\n");
  });

  test("--scan with a pattern lists each key once", async () => {
    const keys = (await cli(["--scan", "--pattern", "pipe:*"])).trim().split("\n");
    assert.equal(keys.length, 5000);
    assert.equal(new Set(keys).size, 5000);
  });

  test("--bigkeys and --memkeys read the whole key space", async () => {
    assert.match(await cli(["--bigkeys"]), /strings with \d+ bytes/);
    assert.match(await cli(["--memkeys"]), /Biggest string found/);
  });

  test("--stat prints lines", async () => {
    // So often because it fills a buffer before it writes to a pipe.
    const { child, output } = start(["--stat", "-i", "0.01"]);
    await until("a line", () => /^\d+ +[\d.]+[KMG] +\d+ /m.test(output()));
    child.kill();
    await once(child, "close");
  });

  test("--latency measures", async () => {
    const { child, output } = start(["--latency", "--raw", "-i", "1"]);
    await once(child, "close");
    assert.match(output(), /^\d+ \d+ [\d.]+ \d+/);
  });

  test("SUBSCRIBE prints what is published", async () => {
    const { child, output } = start(["SUBSCRIBE", "news"]);
    await until("the confirmation", () => output().includes("subscribe"));
    assert.equal(await cli(["PUBLISH", "news", "hello"]), "1\n");
    await until("the message", () => output().includes("hello"));
    child.kill();
    await once(child, "close");
  });

  test("--rdb fetches a snapshot as a replica does", async () => {
    const output = await cli(["--rdb", "-"]);
    assert.match(output, /REDIS00\d\d/);
  });

  test("asks a Sentinel", async () => {
    await using group = await startSentinelGroup({ replicas: 1, sentinels: 1 });
    const { port } = group.sentinels[0]!;
    const address = await cli(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", group.name], "", port);
    assert.equal(address, `127.0.0.1\n${group.primary.port}\n`);
    assert.match(await cli(["INFO", "sentinel"], "", port), /sentinel_masters:1/);
    assert.match(await cli(["SENTINEL", "MASTERS"], "", port), /num-slaves\n1/);
  });
});
