/**
 * What COMMAND says of each command (arity, flags, positions and specs of keys, categories, tips) against a real
 * redis-server 7.0.15. Where 7.2, which is the level of ours, says something else, the difference is listed.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Redis } from "ioredis";
import { noRedis, withRedis } from "../rdb/real-redis.ts";
import { withServer } from "../server/with-server.ts";

type Field = "arity" | "flags" | "range" | "acl" | "tips" | "keys";
type Info = Record<Field, string>;

const sorted = (words: unknown) => (words as string[]).map(String).sort().join(" ");

/** By name; subcommands as `container|name`. */
function infosOf(reply: unknown[], into = new Map<string, Info>()): Map<string, Info> {
  for (const one of reply as unknown[][]) {
    const [name, arity, flags, first, last, step, acl, tips, keys, subcommands] = one as never[];
    into.set(String(name), {
      arity: String(arity),
      flags: sorted(flags),
      range: `${first} ${last} ${step}`,
      acl: sorted(acl),
      tips: sorted(tips),
      keys: JSON.stringify(keys),
    });
    infosOf(subcommands, into);
  }
  return into;
}

async function commandsOf(port: number): Promise<Map<string, Info>> {
  const client = new Redis({ port, lazyConnect: true, enableReadyCheck: false });
  await client.connect();
  try {
    return infosOf((await client.call("COMMAND")) as unknown[]);
  } finally {
    client.disconnect();
  }
}

/** `command field`: what ours says, as 7.2 does, where 7.0.15 says something else. */
const DIFFERENT: Readonly<Record<string, string>> = {
  // The command may come without arguments to look at.
  "command|getkeys arity": "-3",
  "command|getkeysandflags arity": "-3",
  // WITHSCORE is new in 7.2.
  "zrank arity": "-3",
  "zrevrank arity": "-3",
  // 7.2 tells clients of a cluster more, or otherwise, whom to ask.
  "config|resetstat tips": "request_policy:all_nodes response_policy:all_succeeded",
  "config|rewrite tips": "request_policy:all_nodes response_policy:all_succeeded",
  "msetnx tips": "",
  "randomkey tips": "nondeterministic_output request_policy:all_shards response_policy:special",
  "scan tips": "nondeterministic_output request_policy:special response_policy:special",
  // It blocks.
  "wait flags": "blocking noscript",
  "wait acl": "@blocking @connection @slow",
};

/** What 7.0.15 has and ours has not, or not yet: scripts, the append-only file, modules. */
const MISSING = new Set(
  "bgrewriteaof eval eval_ro evalsha evalsha_ro fcall fcall_ro function module script".split(" "),
);

test("COMMAND says of every command what Redis says", { skip: noRedis }, async () => {
  await withServer(async ({ port }) => {
    const ours = await commandsOf(port);
    await withRedis(async (redis) => {
      const theirs = await commandsOf(redis.client.options.port!);
      const different: Record<string, string> = {};
      for (const [name, info] of ours) {
        const other = theirs.get(name);
        if (other === undefined) continue;
        for (const field of Object.keys(info) as Field[]) {
          if (info[field] !== other[field]) different[`${name} ${field}`] = info[field];
        }
      }
      assert.deepEqual(different, DIFFERENT);
      const missing = [...theirs.keys()].filter((name) => {
        // Of a command that is missing as a whole the subcommands are not counted.
        const [container] = name.split("|") as [string];
        return !ours.has(name) && !MISSING.has(container);
      });
      assert.deepEqual(missing, []);
    });
  });
});

/** What COMMAND DOCS says that does not depend on wording. */
const DOCUMENTED = ["since", "group", "doc_flags", "deprecated_since", "replaced_by"];

async function documentedBy(port: number): Promise<Map<string, string>> {
  const client = new Redis({ port, lazyConnect: true, enableReadyCheck: false });
  await client.connect();
  const found = new Map<string, string>();
  try {
    collect((await client.call("COMMAND", "DOCS")) as unknown[]);
  } finally {
    client.disconnect();
  }
  return found;

  function collect(commands: unknown[]): void {
    for (let i = 0; i < commands.length; i += 2) {
      const fields = new Map<string, unknown>();
      const list = commands[i + 1] as unknown[];
      for (let at = 0; at < list.length; at += 2) fields.set(String(list[at]), list[at + 1]);
      const history = (fields.get("history") ?? []) as string[][];
      // What is new in 7.2 is not known there.
      const versions = history.map(([version]) => version).filter((version) => version !== "7.2.0");
      const said = DOCUMENTED.map((name) => `${name}: ${fields.get(name) ?? "-"}`);
      found.set(String(commands[i]), [...said, `history: ${versions.join(" ")}`].join(", "));
      if (fields.has("subcommands")) collect(fields.get("subcommands") as unknown[]);
    }
  }
}

/** 7.0.15's text has a stray sign. */
const REWORDED = ["getset"];

test("COMMAND DOCS says since when, and what is deprecated", { skip: noRedis }, async () => {
  await withServer(async ({ port }) => {
    const ours = await documentedBy(port);
    await withRedis(async (redis) => {
      const theirs = await documentedBy(redis.client.options.port!);
      for (const [name, text] of theirs) {
        if (!ours.has(name) || name.startsWith("cluster") || REWORDED.includes(name)) continue;
        assert.equal(ours.get(name), text, name);
      }
    });
  });
});
