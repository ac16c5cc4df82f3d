/**
 * Runs command lines against a real engine, without a server: looks up the row, checks arity, runs the handler, and keeps
 * what it answered, which events it caused and what it would have sent to the AOF and the replicas.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { errors, ReplyError } from "../../src/base/reply-error.ts";
import { splitWords } from "../../src/base/words.ts";
import { Args } from "../../src/commands/args.ts";
import type { Call, CommandRow, KeyEvent, KeyWait, OutcomeWord } from "../../src/commands/call.ts";
import { dataFamilies } from "../../src/commands/data-families.ts";
import type { Session } from "../../src/commands/session.ts";
import { CommandTable } from "../../src/commands/table.ts";
import type { Database } from "../../src/engine/database.ts";
import { Engine } from "../../src/engine/engine.ts";
import { ChunkPool } from "../../src/resp/chunk-pool.ts";
import { ReplyWriter } from "../../src/resp/reply-writer.ts";

/** Where the harness' clock stands at first: 2023-11-14. */
export const START = 1_700_000_000_000;

export class Harness implements Call {
  readonly engine: Engine;
  readonly session: Session & { fromPrimary: boolean };
  readonly reply = new ReplyWriter(new ChunkPool(), () => {});
  /** `class name@db key`, such as "$ set@0 k". */
  events: string[] = [];
  /** Commands as text; the client's own words if the handler gave no others. `1: ` stands before those for another database. */
  outcomes: string[] = [];
  /** Keys whose watchers were marked, and databases of which all were. */
  watched: string[] = [];
  dirty = 0;
  /** What the command waits for, such as "list a b 1500", with " missing" behind it if a missing key wakes it as well. */
  waits = "";
  row!: CommandRow;
  #table = new CommandTable(dataFamilies);
  #args = new Args();
  #spoke = false;
  #forced = false;

  constructor(protocol: 2 | 3 = 2) {
    const uint32 = mulberry32(1);
    this.engine = new Engine({
      databases: 16,
      clock: { now: () => START, monotonicMicros: () => 0 },
      random: { uint32 },
    });
    this.engine.now = START;
    this.engine.hooks.onExpired = (db, key) => this.events.push(`x expired@${db.index} ${key.latin1()}`);
    this.reply.version = protocol;
    this.session = {
      id: 1,
      dbIndex: 0,
      protocol,
      name: "",
      authenticated: true,
      user: "default",
      inMulti: false,
      fromPrimary: false,
      noEvict: false,
      noTouch: false,
      denyBlocking: false,
    };
  }

  get db(): Database {
    return this.engine.databases[this.session.dbIndex]!;
  }

  get now(): number {
    return this.engine.now;
  }

  advance(ms: number): void {
    this.engine.now += ms;
  }

  /** Runs one line, or one command in words of one character a byte, and answers the reply's bytes as such characters. */
  raw(command: string | readonly string[]): string {
    const words = typeof command === "string" ? splitWords(command)! : command;
    const args = this.#args;
    args.reset(words.length);
    words.forEach((word, index) => {
      const bytes = Buffer.from(word, "latin1");
      args.at(index).set(bytes, 0, bytes.length);
    });
    this.events = [];
    this.outcomes = [];
    this.watched = [];
    this.dirty = 0;
    this.waits = "";
    this.#spoke = false;
    this.#forced = false;
    try {
      this.#run(args);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      this.reply.rewind(0);
      this.reply.error(error);
    }
    if ((this.dirty > 0 || this.#forced) && !this.#spoke) this.outcomes.push(words.join(" "));
    return this.#takeReply();
  }

  /** As `raw`, on one line. */
  run(command: string | readonly string[]): string {
    return this.raw(command).replaceAll("\r\n", " ").trimEnd();
  }

  #run(args: Args): void {
    const container = this.#table.find(args.at(0));
    assert.ok(container, `no command ${args.at(0).latin1()}`);
    const row = container.subcommands?.get(args.count > 1 ? args.at(1).latin1().toLowerCase() : "") ?? container;
    if (container.subcommands && row === container) {
      if (args.count > 1) throw errors.unknownSubcommand(args.at(1).utf8(), row.name);
      throw errors.wrongArgCount(row.name);
    }
    if (row.arity > 0 ? args.count !== row.arity : args.count < -row.arity) throw errors.wrongArgCount(row.name);
    this.row = row;
    args.position = row.isSubcommand ? 2 : 1;
    row.run(this, args);
  }

  #takeReply(): string {
    let text = "";
    this.reply.take((bytes, length) => {
      text += Buffer.from(bytes.subarray(0, length)).toString("latin1");
      return true;
    });
    return text;
  }

  changed(key: Slice, event: KeyEvent | null, count = 1, db: Database = this.db): void {
    if (count === 0) return;
    this.dirty += count;
    this.watched.push(`${db.index} ${key.latin1()}`);
    if (event !== null) this.notify(key, event, db);
  }

  notify(key: Slice, event: KeyEvent, db: Database = this.db): void {
    this.events.push(`${event.class} ${event.name}@${db.index} ${key.latin1()}`);
  }

  changedMany(count: number, watched: "all" | readonly number[]): void {
    this.dirty += count;
    this.watched.push(...(watched === "all" ? ["all"] : watched.map((index) => `${index} *`)));
  }

  outcome(words: readonly OutcomeWord[], db: Database = this.db): void {
    this.#spoke = true;
    const text = words.map((word) => {
      if (word instanceof Slice) return word.latin1();
      return word instanceof Uint8Array ? Buffer.from(word).toString("latin1") : String(word);
    });
    this.outcomes.push((db === this.db ? "" : `${db.index}: `) + text.join(" "));
  }

  noOutcome(): void {
    this.#spoke = true;
  }

  forceOutcome(): void {
    this.#forced = true;
  }

  mayReadAnyKey(): boolean {
    return true;
  }

  wake(): void {}

  block({ keys, type, timeoutMs, onMissing }: KeyWait): void {
    this.waits = [type, ...keys.map((key) => key.latin1()), timeoutMs, ...(onMissing ? ["missing"] : [])].join(" ");
  }
}

/** Seeded numbers of 32 good bits. */
export function mulberry32(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** What came before, the command, and its reply on one line: for RESP2, and for RESP3 where that differs. */
export type Case = readonly [given: readonly string[], command: string, reply: string, reply3?: string];

export function testReplies(cases: readonly Case[]): void {
  for (const [given, command, reply, reply3 = reply] of cases)
    test([...given, command].join("; "), () => {
      assert.equal(harnessAfter(given, 2).run(command), reply);
      assert.equal(harnessAfter(given, 3).run(command), reply3, "RESP3");
    });
}

/** What came before, the command, its events and what it sends to the replicas. */
export type EffectCase = readonly [
  given: readonly string[],
  command: string,
  events: readonly string[],
  outcomes: readonly string[],
];

export function testEffects(cases: readonly EffectCase[]): void {
  for (const [given, command, events, outcomes] of cases)
    test(`effects of ${[...given, command].join("; ")}`, () => {
      const harness = harnessAfter(given, 2);
      harness.run(command);
      assert.deepEqual(harness.events, events, "events");
      assert.deepEqual(harness.outcomes, outcomes, "outcomes");
    });
}

function harnessAfter(given: readonly string[], protocol: 2 | 3): Harness {
  const harness = new Harness(protocol);
  for (const command of given) {
    const reply = harness.run(command);
    assert.ok(!reply.startsWith("-"), `${command}: ${reply}`);
  }
  return harness;
}
