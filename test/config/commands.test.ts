import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { Args } from "../../src/commands/args.ts";
import type { Call } from "../../src/commands/call.ts";
import { type ConfigHost, configCommands } from "../../src/config/commands.ts";
import { Config } from "../../src/config/config.ts";
import { ChunkPool } from "../../src/resp/chunk-pool.ts";
import { ReplyWriter } from "../../src/resp/reply-writer.ts";

function setup(changes: Partial<ConfigHost> = {}) {
  const later: Promise<void>[] = [];
  const host: ConfigHost = {
    config: new Config({ directory: "/work" }),
    loading: false,
    isLocal: () => true,
    rewriteFile: undefined,
    resetStatistics() {},
    mayWait: () => true,
    answerLater: (_call, work) => later.push(work),
    ...changes,
  };
  const [row] = configCommands(host);
  const run = (...words: string[]): string => {
    const reply = new ReplyWriter(new ChunkPool(), () => {});
    const args = new Args();
    args.reset(words.length + 1);
    for (const [i, word] of ["CONFIG", ...words].entries()) args.slots[i] = Slice.of(word);
    try {
      row!.subcommands!.get(words[0]!.toLowerCase())!.run({ reply } as unknown as Call, args);
    } catch (error) {
      return `-${(error as Error).message}`;
    }
    let text = "";
    reply.take((bytes, length) => {
      text += Buffer.from(bytes.subarray(0, length)).toString("latin1");
      return true;
    });
    return text.trimEnd().replaceAll("\r\n", " ");
  };
  return { host, run, row: row!, later };
}

test("rows carry Redis' arity and flags", () => {
  const { row } = setup();
  assert.deepEqual([row.name, row.arity, row.flags], ["config", -2, []]);
  const arities = [...row.subcommands!.values()].map(({ name, arity }) => [name, arity]);
  assert.deepEqual(arities, [
    ["config|get", -3],
    ["config|set", -4],
    ["config|resetstat", 2],
    ["config|rewrite", 2],
    ["config|help", 2],
  ]);
  assert.deepEqual(row.subcommands!.get("get")!.flags, ["admin", "noscript", "loading", "stale"]);
});

test("GET and SET", () => {
  const { run } = setup();
  assert.equal(run("SET", "maxmemory", "1kb", "hz", "20"), "+OK");
  assert.equal(run("GET", "maxmemory", "hz"), "*4 $9 maxmemory $4 1024 $2 hz $2 20");
  assert.equal(run("GET", "nosuch"), "*0");
  assert.equal(run("SET", "a", "b", "c"), "-ERR syntax error");
});

test("SET that takes its time is answered later", () => {
  const { run, host, later } = setup();
  host.config.onApply(["port"], () => Promise.resolve(undefined));
  assert.equal(run("SET", "port", "1"), "");
  assert.equal(later.length, 1);
});

test("REWRITE", () => {
  assert.equal(setup().run("REWRITE"), "-ERR The server is running without a config file");
  assert.equal(setup({ rewriteFile() {} }).run("REWRITE"), "+OK");
  const failing = setup({
    rewriteFile() {
      throw new Error("Permission denied");
    },
  });
  assert.equal(failing.run("REWRITE"), "-ERR Rewriting config file: Permission denied");
});

test("RESETSTAT and HELP", () => {
  let reset = 0;
  const { run } = setup({ resetStatistics: () => reset++ });
  assert.equal(run("RESETSTAT"), "+OK");
  assert.equal(reset, 1);
  assert.match(run("HELP"), /^\*11 \+CONFIG <subcommand>/);
});
