/** Streams here and in a real redis-server: the same commands with IDs of their own, answered alike. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Seeded } from "../memory/random.ts";
import { type Both, noRedis, withBoth } from "./both.ts";

/** What Redis 7.0 lacks or says in other words, and times. */
function mask(reply: string): string {
  return reply
    .replace(/, "inactive"(,|:) :-?\d+/g, "")
    .replace(/"idle"(,|:) :\d+/g, '"idle"')
    .replace(/, "active-time"(,|:) :-?\d+/g, "")
    .replace(/"seen-time"(,|:) :\d+/g, '"seen-time"')
    .replace(/("\d+-\d+", "[^"]*"), :\d+, :/g, "$1, idle, :")
    .replace(/1[678]\d{11}/g, "now")
    .replace(/Unbalanced .* list of streams.*/, "Unbalanced");
}

const SAME = [
  // Adding.
  "XADD",
  "XADD s",
  "XADD s 1-1",
  "XADD s 1-1 a",
  "XADD s 1-1 a b c",
  "XADD s foo a b",
  "XADD s 0-0 a b",
  "XADD s 0 a b",
  "XADD s - a b",
  "XADD s + a b",
  "XADD s 1-1-1 a b",
  "XADD s NOMKSTREAM 1-1 a b",
  "EXISTS s",
  "XADD s 0-* a b",
  "XADD s 1-1 a b",
  "XADD s 1-1 a b",
  "XADD s 1-0 a b",
  "XADD s 1-* a b",
  "XADD s 2 a b",
  "XADD s 2-* a 1 b 2",
  "XADD s NOMKSTREAM 3-0 a 1 b 2 c 3",
  "XADD s 007-08 '' ''",
  'XADD s "1--05" x y',
  "XADD s MAXLEN 3-0 a b",
  "XADD s MAXLEN x 9-1 a b",
  "XADD s MAXLEN -1 9-1 a b",
  "XADD s MAXLEN 5 MINID 1 9-1 a b",
  "XADD s MINID 5 MAXLEN 1 9-1 a b",
  "XADD s MINID x 9-1 a b",
  "XADD s LIMIT 5 9-1 a b",
  "XADD s LIMIT 0 9-1 a b",
  "XADD s MAXLEN 10 LIMIT 5 9-2 a b",
  "XADD s MAXLEN = 10 LIMIT 5 9-2 a b",
  "XADD s MAXLEN ~ 10 LIMIT -5 9-2 a b",
  "XADD s MAXLEN ~ 10 LIMIT x 9-2 a b",
  "XADD s MAXLEN ~ 10 LIMIT 5 9-2 a b",
  "XADD s MAXLEN ~ 10 LIMIT 0 9-3 a b",
  "XADD s MAXLEN = 4 9-4 a b",
  "XADD s MINID = 9-1 9-5 a b",
  "XADD s MINID ~ 9-3 9-6 a b",
  "XADD s MAXLEN ~",
  "XADD s MAXLEN ~ 5",
  "XADD s NOMKSTREAM NOMKSTREAM MAXLEN 100 10-1 n 12345 m -7 o 9223372036854775807 p 9223372036854775808 q 00",
  "XADD s 18446744073709551615-18446744073709551614 last one",
  "XADD s 18446744073709551615-* last one",
  "XADD s 18446744073709551615-* last one",
  "XADD s * last one",
  "XADD t 5-18446744073709551615 a b",
  "XADD t * a b EX",
  "XINFO STREAM s",
  "XINFO STREAM s FULL",
  "XINFO STREAM s FULL COUNT 2",
  "XINFO STREAM s FULL COUNT 0",
  "XINFO STREAM s FULL COUNT -1",
  "XINFO STREAM s FULL COUNT x",
  "XINFO STREAM s FULL COUNT",
  "XINFO STREAM s FULL 1",
  "XINFO STREAM s PART",
  "XINFO STREAM none",
  "XINFO STREAM",
  "XINFO FOO s",
  "XINFO",
  "XLEN s",
  "XLEN none",
  "XLEN",
  "SET text x",
  "XADD text 1-1 a b",
  "XLEN text",
  "XRANGE text - +",
  "XDEL text 1-1",
  "XTRIM text MAXLEN 1",
  "XREAD STREAMS text 0",
  "XREADGROUP GROUP g c STREAMS text >",
  "XACK text g 1-1",
  "XPENDING text g",
  "XCLAIM text g c 0 1-1",
  "XAUTOCLAIM text g c 0 0",
  "XGROUP CREATE text g 0",
  "XINFO STREAM text",
  "XINFO GROUPS text",
  "XINFO CONSUMERS text g",
  "XSETID text 1-1",
  "GET s",
  "TYPE s",
  "OBJECT ENCODING s",
  // Ranges.
  "XRANGE s - +",
  "XREVRANGE s + -",
  "XRANGE s + -",
  "XRANGE s 9 9",
  "XRANGE s 9-2 9-5",
  "XRANGE s (9-2 (9-5",
  "XRANGE s (9 +",
  "XRANGE s - (9",
  "XREVRANGE s (9-5 (9-2",
  "XRANGE s (- +",
  "XRANGE s - (+",
  "XRANGE s ( +",
  "XRANGE s (18446744073709551615-18446744073709551615 +",
  "XRANGE s - (0-0",
  "XRANGE s - (0",
  "XRANGE s x +",
  "XRANGE s - x",
  "XRANGE s - + COUNT 1",
  "XRANGE s - + COUNT 0",
  "XRANGE s - + COUNT -1",
  "XRANGE s - + COUNT x",
  "XRANGE s - + COUNT",
  "XRANGE s - + COUNT 1 COUNT 2",
  "XRANGE s - + LIMIT 1",
  "XREVRANGE s + - COUNT 2",
  "XRANGE none - +",
  "XRANGE none - + COUNT 0",
  "XRANGE s -",
  // Deleting and trimming.
  "XDEL s",
  "XDEL s x",
  "XDEL s 9-4 x",
  "XDEL s 9-4 9-4 77-1",
  "XDEL none 1-1",
  "XRANGE s - +",
  "XREVRANGE s + -",
  "XINFO STREAM s",
  "XTRIM s",
  "XTRIM s MAXLEN",
  "XTRIM s MAXLEN x",
  "XTRIM s MAXLEN -1",
  "XTRIM s FOO 1",
  "XTRIM s MAXLEN 5 FOO",
  "XTRIM s LIMIT 5",
  "XTRIM s MAXLEN 5 LIMIT 1",
  "XTRIM s MAXLEN ~ 5 LIMIT 1",
  "XTRIM s MINID 9-6",
  "XTRIM s MINID 9-6 MAXLEN 1",
  "XTRIM s NOMKSTREAM MAXLEN 1",
  "XTRIM none MAXLEN 1",
  "XTRIM s MAXLEN = 2",
  "XTRIM s MAXLEN ~ 0",
  "XINFO STREAM s",
  "XDEL s 9-6",
  "XTRIM s MAXLEN 0",
  "XINFO STREAM s",
  "EXISTS s",
  "XRANGE s - +",
  "XREAD STREAMS s 0",
  // Its past.
  "XSETID",
  "XSETID s",
  "XSETID none 1-1",
  "XSETID s x",
  "XSETID s 18446744073709551615-18446744073709551615",
  "DEL s",
  "XADD s 5-5 a b",
  "XSETID s 4-4",
  "XSETID s 6-6",
  "XSETID s 6-6 ENTRIESADDED 0",
  "XSETID s 6-6 ENTRIESADDED -1",
  "XSETID s 6-6 ENTRIESADDED x",
  "XSETID s 6-6 ENTRIESADDED 9223372036854775807",
  "XSETID s 6-6 MAXDELETEDID 7-7",
  "XSETID s 6-6 MAXDELETEDID 4-4",
  "XSETID s 6-6 ENTRIESADDED 5 MAXDELETEDID 0-0",
  "XSETID s 6-6 MAXDELETEDID",
  "XSETID s 6-6 FOO 1",
  "XSETID s 4-5",
  "XINFO STREAM s",
  "XADD s 6-6 a b",
  "XADD s 6-7 a b",
  // Reading.
  "XREAD",
  "XREAD STREAMS s",
  "XREAD STREAMS s 0 1",
  "XREAD STREAMS s 0",
  "XREAD STREAMS s t none 0 0 0",
  "XREAD STREAMS none 0",
  "XREAD STREAMS s $",
  "XREAD STREAMS s >",
  "XREAD STREAMS s x",
  "XREAD STREAMS s -",
  "XREAD STREAMS s +",
  "XREAD STREAMS s 6-6",
  "XREAD STREAMS s 6-7",
  "XREAD COUNT 1 STREAMS s t 0 0",
  "XREAD COUNT 0 STREAMS s t 0 0",
  "XREAD COUNT -1 STREAMS s t 0 0",
  "XREAD COUNT x STREAMS s 0",
  "XREAD COUNT STREAMS s 0",
  "XREAD BLOCK 1 STREAMS none 0",
  "XREAD BLOCK 1 STREAMS s $",
  "XREAD BLOCK 1 STREAMS s 0",
  "XREAD BLOCK -1 STREAMS s 0",
  "XREAD BLOCK x STREAMS s 0",
  "XREAD BLOCK 1.5 STREAMS s 0",
  "XREAD NOACK STREAMS s 0",
  "XREAD GROUP g c STREAMS s 0",
  "XREAD FOO STREAMS s 0",
  // Groups.
  "XGROUP",
  "XGROUP FOO",
  "XGROUP CREATE",
  "XGROUP CREATE s g",
  "XGROUP CREATE none g 0",
  "XGROUP CREATE none g x MKSTREAM",
  "EXISTS none",
  "XGROUP CREATE made g 0 MKSTREAM",
  "XGROUP CREATE made h $ MKSTREAM ENTRIESREAD 3",
  "XINFO STREAM made",
  "XINFO GROUPS made",
  "XREADGROUP GROUP g c STREAMS made >",
  "XGROUP CREATE s g 0",
  "XGROUP CREATE s g 0",
  "XGROUP CREATE s h $",
  "XGROUP CREATE s i 6-6 ENTRIESREAD 1",
  "XGROUP CREATE s j 0 ENTRIESREAD x",
  "XGROUP CREATE s j 0 ENTRIESREAD -2",
  "XGROUP CREATE s j 0 ENTRIESREAD",
  "XGROUP CREATE s j - ENTRIESREAD -1",
  "XGROUP CREATE s j 0 ENTRIESREAD -1",
  "XGROUP CREATE s j 0 FOO",
  "XGROUP CREATE s k 0 MKSTREAM ENTRIESREAD 1 MKSTREAM",
  "XINFO GROUPS s",
  "XINFO GROUPS none",
  "XINFO GROUPS",
  "XGROUP SETID s i 5-5",
  "XGROUP SETID s i $",
  "XGROUP SETID s i -",
  "XGROUP SETID s i + ENTRIESREAD 2",
  "XGROUP SETID s i 0 MKSTREAM",
  "XGROUP SETID s i 0 ENTRIESREAD 2 ENTRIESREAD 3",
  "XGROUP SETID s i x",
  "XGROUP SETID s none 0",
  "XGROUP SETID none i 0",
  "XINFO GROUPS s",
  "XGROUP CREATECONSUMER s i alice",
  "XGROUP CREATECONSUMER s i alice",
  "XGROUP CREATECONSUMER s none alice",
  "XGROUP CREATECONSUMER none i alice",
  "XGROUP CREATECONSUMER s i",
  "XGROUP DELCONSUMER s i alice",
  "XGROUP DELCONSUMER s i alice",
  "XGROUP DELCONSUMER s none alice",
  "XGROUP DELCONSUMER none i alice",
  "XGROUP DESTROY s i",
  "XGROUP DESTROY s i",
  "XGROUP DESTROY none i",
  "XGROUP DESTROY s",
  "XINFO CONSUMERS s g",
  "XINFO CONSUMERS s none",
  "XINFO CONSUMERS none g",
  "XINFO CONSUMERS s",
  "XREADGROUP GROUP g c STREAMS s",
  "XREADGROUP GROUP g c STREAMS s t >",
  "XREADGROUP STREAMS s > a b c",
  "XREADGROUP COUNT 1 NOACK STREAMS s >",
  "XREADGROUP GROUP g c STREAMS s $",
  "XREADGROUP GROUP g c STREAMS s x",
  "XREADGROUP GROUP none c STREAMS s >",
  "XREADGROUP GROUP g c STREAMS none >",
  "XREADGROUP GROUP g c STREAMS s none > >",
  "XREADGROUP GROUP g c COUNT 1 STREAMS s >",
  "XREADGROUP GROUP g c COUNT 1 STREAMS s >",
  "XREADGROUP GROUP g d STREAMS s made > >",
  "XREADGROUP GROUP g d STREAMS s made 0 0",
  "XREADGROUP GROUP g c STREAMS s 0",
  "XREADGROUP GROUP g c STREAMS s 5-5",
  "XREADGROUP GROUP g c STREAMS s 99",
  "XREADGROUP GROUP g c COUNT 1 STREAMS s 0",
  "XREADGROUP GROUP g c BLOCK 1 STREAMS s >",
  "XREADGROUP GROUP g c STREAMS s 18446744073709551615-18446744073709551615",
  "XREADGROUP GROUP h c NOACK STREAMS s >",
  "XADD s 7-1 a b",
  "XADD s 7-2 c d e f",
  "XADD s 7-3 c 5 e 6",
  "XREADGROUP GROUP h c NOACK COUNT 1 STREAMS s >",
  "XREADGROUP GROUP g c STREAMS s >",
  "XINFO GROUPS s",
  "XPENDING s g",
  "XPENDING s h",
  "XPENDING s none",
  "XPENDING none g",
  "XPENDING s",
  "XPENDING s g -",
  "XPENDING s g - +",
  "XPENDING s g - + 10",
  "XPENDING s g - + 10 c",
  "XPENDING s g - + 10 nobody",
  "XPENDING s g - + 0",
  "XPENDING s g - + -1",
  "XPENDING s g - + x",
  "XPENDING s g x + 1",
  "XPENDING s g - x 1",
  "XPENDING s g (5-5 (7-2 10",
  "XPENDING s g (18446744073709551615-18446744073709551615 + 10",
  "XPENDING s g - (0-0 10",
  "XPENDING s g IDLE 0 - + 10",
  "XPENDING s g IDLE 1000000 - + 10",
  "XPENDING s g IDLE x - + 10",
  "XPENDING s g IDLE 0 - +",
  "XPENDING s g IDLE 0 - + 10 c d",
  "XACK s g",
  "XACK s g x",
  "XACK s none x",
  "XACK none g 1-1",
  "XACK s g 5-5 99-1 5-5",
  "XPENDING s g",
  "XCLAIM s g",
  "XCLAIM s none c 0 1",
  "XCLAIM none g c 0 1",
  "XCLAIM s g e x 7-1",
  "XCLAIM s g e 0 7-1 FOO",
  "XCLAIM s g e 0 7-1 IDLE",
  "XCLAIM s g e 0 7-1 IDLE x",
  "XCLAIM s g e 0 7-1 TIME x",
  "XCLAIM s g e 0 7-1 RETRYCOUNT x",
  "XCLAIM s g e 0 7-1 LASTID x",
  "XCLAIM s g e 0 FORCE",
  "XCLAIM s g e 0 7-1",
  "XCLAIM s g e 100000000 7-1",
  "XCLAIM s g e -5 7-1 JUSTID",
  "XCLAIM s g e 0 7-1 7-2 99-9 IDLE 5 RETRYCOUNT 7",
  "XCLAIM s g e 0 7-1 RETRYCOUNT 9223372036854775807 JUSTID",
  "XPENDING s g - + 10 e",
  "XCLAIM s g e 0 7-1",
  "XPENDING s g - + 10 e",
  "XCLAIM s g e 0 7-1 RETRYCOUNT -1 TIME -1 JUSTID",
  "XCLAIM s g e 0 5-5 JUSTID",
  "XCLAIM s g e 0 5-5 FORCE JUSTID LASTID 8-8",
  "XCLAIM s g f 0 6-7 FORCE",
  "XPENDING s g - + 10",
  "XINFO GROUPS s",
  "XDEL s 7-2",
  "XREADGROUP GROUP g e STREAMS s 0",
  "XCLAIM s g e 0 7-2",
  "XCLAIM s g e 0 7-2 FORCE",
  "XPENDING s g - + 10",
  "XDEL s 7-1",
  "XAUTOCLAIM s g",
  "XAUTOCLAIM s none z 0 0",
  "XAUTOCLAIM none g z 0 0",
  "XAUTOCLAIM s g z x 0",
  "XAUTOCLAIM s g z 0 x",
  "XAUTOCLAIM s g z 0 (x",
  "XAUTOCLAIM s g z 0 (18446744073709551615-18446744073709551615",
  "XAUTOCLAIM s g z 0 0 COUNT",
  "XAUTOCLAIM s g z 0 0 COUNT 0",
  "XAUTOCLAIM s g z 0 0 COUNT x",
  "XAUTOCLAIM s g z 0 0 COUNT 576460752303423488",
  "XAUTOCLAIM s g z 0 0 FOO",
  "XAUTOCLAIM s g z 100000000 -",
  "XAUTOCLAIM s g z 0 0 COUNT 1 JUSTID",
  "XAUTOCLAIM s g z 0 0 COUNT 1",
  "XAUTOCLAIM s g z 0 6-6",
  "XAUTOCLAIM s g z 0 (7-3",
  "XAUTOCLAIM s g z 0 +",
  "XPENDING s g",
  "XINFO STREAM s FULL",
  "XINFO CONSUMERS s g",
  "XGROUP DELCONSUMER s g z",
  "XPENDING s g",
  "XINFO STREAM s FULL",
  // As values.
  "COPY s copied",
  "XINFO STREAM copied FULL",
  "DEBUG DIGEST-VALUE s copied",
  "RENAME copied renamed",
  "XLEN renamed",
  "DEBUG DIGEST",
  "MULTI",
  "XADD s 20-1 a b",
  "XREAD BLOCK 0 STREAMS s $",
  "XREADGROUP GROUP g q BLOCK 0 STREAMS s >",
  "XREADGROUP GROUP g q BLOCK 0 STREAMS s >",
  "EXEC",
  "DEL s t made renamed text",
];

for (const protocol of [2, 3] as const)
  test(`streams, RESP${protocol}`, { skip: noRedis }, () =>
    withBoth(protocol, async (both) => {
      for (const line of SAME) await both.same(line, mask);
    }),
  );

const CONSUMERS = ["alice", "bob", "carol"];

class Script {
  readonly #seeded: Seeded;
  /** Grows, so that most entries can be added. */
  #time = 0;

  constructor(seed: number) {
    this.#seeded = new Seeded(seed);
  }

  #below(limit: number): number {
    return this.#seeded.below(limit);
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#below(choices.length)]!;
  }

  #some(least: number, most: number, one: () => string): string {
    return Array.from({ length: least + this.#below(most - least + 1) }, one).join(" ");
  }

  #id(): string {
    return this.#below(30) === 0
      ? this.#pick(["x", "0", "-", "+"])
      : `${this.#below(this.#time + 3)}-${this.#below(3)}`;
  }

  #edge(): string {
    return `${this.#pick(["", "", "("])}${this.#id()}`;
  }

  #trim(): string {
    const sign = this.#pick(["", "=", "~"]);
    const limit = sign === "~" && this.#below(2) === 0 ? `LIMIT ${this.#below(20)}` : "";
    return this.#below(2) === 0 ? `MAXLEN ${sign} ${this.#below(40)} ${limit}` : `MINID ${sign} ${this.#id()} ${limit}`;
  }

  /** A command, and what makes up for Redis 7.0: it knows no consumer of whom it has not seen a success. */
  next(): string[] {
    const line = this.#line();
    const [, key, group] = /^XGROUP (?:CREATE|DELCONSUMER) (\w) (\w)/.exec(line) ?? [];
    if (group === undefined) return [line];
    return [line, ...CONSUMERS.map((name) => `XGROUP CREATECONSUMER ${key} ${group} ${name}`)];
  }

  #line(): string {
    const key = this.#pick(["a", "b", "c"]);
    const group = this.#pick(["g", "h"]);
    const consumer = this.#pick(CONSUMERS);
    const pair = () => `${this.#pick(["name", "age", "7"])} ${this.#pick(["", "x", "-5", "100000", "y".repeat(70)])}`;
    switch (this.#below(22)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5: {
        this.#time += this.#below(3);
        const trim = this.#below(8) === 0 ? this.#trim() : "";
        return `XADD ${key} ${trim} ${this.#time}-${this.#pick(["*", "*", "0", "1", "5"])} ${this.#some(1, 3, pair)}`;
      }
      case 6:
        return `XDEL ${key} ${this.#some(1, 4, () => this.#id())}`;
      case 7:
        return `XTRIM ${key} ${this.#trim()}`;
      case 8:
        return `XRANGE ${key} ${this.#edge()} ${this.#edge()} COUNT ${this.#below(10)}`;
      case 9:
        return `XREVRANGE ${key} ${this.#edge()} ${this.#edge()} COUNT ${this.#below(10)}`;
      case 10:
        return `XREAD COUNT ${this.#below(5)} STREAMS a b ${this.#id()} ${this.#id()}`;
      case 11:
        return `XGROUP CREATE ${key} ${group} ${this.#pick(["$", "0", this.#id()])} ${this.#pick(["", "MKSTREAM", "ENTRIESREAD 5"])}`;
      case 12:
        return `XGROUP ${this.#pick(["SETID", "DESTROY", "SETID"])} ${key} ${group} ${this.#id()}`.replace(
          /(DESTROY \w \w).*/,
          "$1",
        );
      case 13:
        return `XGROUP ${this.#pick(["CREATECONSUMER", "DELCONSUMER"])} ${key} ${group} ${consumer}`;
      case 14:
        return `XREADGROUP GROUP ${group} ${consumer} COUNT ${1 + this.#below(9)} ${this.#pick(["", "NOACK"])} STREAMS ${key} ${this.#id()}`;
      case 15:
      case 16:
        return `XREADGROUP GROUP ${group} alice COUNT ${1 + this.#below(9)} ${this.#pick(["", "", "NOACK"])} STREAMS ${key} >`;
      case 17:
        return `XACK ${key} ${group} ${this.#some(1, 5, () => this.#id())}`;
      case 18:
        return `XPENDING ${key} ${group} ${this.#pick(["", `${this.#edge()} ${this.#edge()} ${this.#below(9)} ${this.#pick(["", consumer])}`])}`;
      case 19:
        return `XCLAIM ${key} ${group} ${consumer} 0 ${this.#some(1, 5, () => this.#id())} ${this.#pick(["", "FORCE", "JUSTID", "RETRYCOUNT 3", "LASTID 3-1", "FORCE JUSTID"])}`;
      case 20:
        return `XAUTOCLAIM ${key} ${group} ${consumer} 0 ${this.#edge()} COUNT ${1 + this.#below(5)} ${this.#pick(["", "JUSTID"])}`;
      default:
        return this.#pick([`XINFO STREAM ${key} FULL`, `XINFO STREAM ${key}`, `XINFO GROUPS ${key}`, `XLEN ${key}`]);
    }
  }
}

for (const [seed, entries, bytes] of [
  [1, 100, 4096],
  [2, 3, 4096],
  [3, 0, 100],
] as const)
  test(`any commands on streams (seed ${seed})`, { skip: noRedis, timeout: 60_000 }, () =>
    withBoth(3, async (both: Both) => {
      await both.tell(`CONFIG SET stream-node-max-entries ${entries} stream-node-max-bytes ${bytes}`);
      const script = new Script(seed);
      for (let i = 0; i < 1500; i++) for (const line of script.next()) await both.same(line, mask);
      for (const key of ["a", "b", "c"]) await both.same(`XRANGE ${key} - +`);
      await both.same("DEBUG DIGEST");
      assert.notEqual(await both.ours.do("DBSIZE"), ":0");
    }),
  );
