/** Large streams are written in slices; what is loaded is what there was when the snapshot began, whatever changed meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RdbOutput } from "../../src/rdb/output.ts";
import { dump } from "../../src/rdb/payload.ts";
import { RdbStream } from "../../src/rdb/stream.ts";
import { RdbWriter } from "../../src/rdb/writer.ts";
import { Harness } from "../commands/harness.ts";
import { Seeded } from "../memory/random.ts";
import { load, newEngine } from "./engines.ts";
import { bytesOf, FIELDS } from "./files.ts";

const KEYS = ["a", "b", "c"];

class Writer {
  readonly harness = new Harness();
  readonly #seeded: Seeded;
  #time = 0;

  constructor(seed: number) {
    this.#seeded = new Seeded(seed);
    this.harness.engine.policy.streamNodeMaxEntries = 1 + this.below(6);
  }

  below(limit: number): number {
    return this.#seeded.below(limit);
  }

  #key(): string {
    return KEYS[this.below(KEYS.length)]!;
  }

  #id(): string {
    return `${this.below(this.#time + 1)}-1`;
  }

  #add(key: string): string {
    return `XADD ${key} ${++this.#time}-1 ${this.below(3) === 0 ? "other" : "field"} ${"v".repeat(this.below(40))}`;
  }

  fill(): void {
    for (const key of KEYS) {
      for (let left = this.below(400); left > 0; left--) this.harness.run(this.#add(key));
      this.harness.run(`XGROUP CREATE ${key} g 0 MKSTREAM`);
      this.harness.run(`XREADGROUP GROUP g one COUNT ${1 + this.below(100)} STREAMS ${key} >`);
    }
  }

  write(): void {
    const key = this.#key();
    switch (this.below(12)) {
      case 0:
        this.harness.run(
          `XTRIM ${key} ${this.below(2) === 0 ? `MINID ${this.#id()}` : `MAXLEN ${100 + this.below(200)}`}`,
        );
        return;
      case 1:
      case 2:
        this.harness.run(`XDEL ${key} ${this.#id()} ${this.#id()} ${this.#id()}`);
        return;
      case 3:
        this.harness.run(`XREADGROUP GROUP g two COUNT 5 STREAMS ${key} >`);
        return;
      case 4:
        this.harness.run(`XACK ${key} g ${this.#id()} ${this.#id()}`);
        return;
      case 5:
        if (this.below(8) > 0) return;
        this.harness.run(`${["DEL", "UNLINK", "RENAME"][this.below(3)]} ${key} ${this.#key()}`);
        return;
      case 6:
        if (this.below(4) === 0) this.harness.run(`COPY ${key} ${this.#key()} REPLACE`);
        return;
      case 7:
        if (this.below(10) === 0) this.harness.run("FLUSHALL");
        this.harness.engine.resizeStep(0);
        return;
      default:
        this.harness.run(this.#add(key));
    }
  }

  dumps(engine = this.harness.engine): (Uint8Array | null)[] {
    return KEYS.map((key) => dump(engine, engine.databases[0]!, bytesOf(key), 11));
  }
}

for (let seed = 1; seed <= 25; seed++)
  test(`streams as they were (seed ${seed})`, () => {
    const writer = new Writer(seed);
    writer.fill();
    const { engine } = writer.harness;
    const snapshots: { expected: (Uint8Array | null)[]; stream: RdbStream; chunks: Buffer[] }[] = [];
    for (let round = 0; round < 2; round++) {
      const stream = new RdbStream(engine, FIELDS, { version: 11 });
      snapshots.push({ expected: writer.dumps(), stream, chunks: [] });
      for (let i = 0; i < 60; i++) writer.write();
    }
    while (snapshots.length > 0) {
      const at = writer.below(snapshots.length);
      const { stream, chunks, expected } = snapshots[at]!;
      const chunk = stream.next(2);
      if (chunk !== null) {
        chunks.push(Buffer.from(chunk));
        for (let i = writer.below(40); i > 0; i--) writer.write();
        continue;
      }
      const loaded = newEngine(seed);
      load(loaded, Buffer.concat(chunks), { now: 0 });
      assert.deepEqual(writer.dumps(loaded), expected);
      snapshots.splice(at, 1);
    }
    writer.harness.run("FLUSHALL");
    while (engine.resizeStep(1e9));
    assert.equal(engine.store.arena.used, 0);
  });

test("what is pending in groups is written in slices too, as it was", () => {
  const harness = new Harness();
  const { engine } = harness;
  engine.policy.streamNodeMaxEntries = 100;
  for (let i = 1; i <= 4000; i++) harness.run(`XADD s ${i}-1 f v`);
  for (const group of ["g", "h"]) {
    harness.run(`XGROUP CREATE s ${group} 0`);
    for (const consumer of ["one", "two", "three"])
      harness.run(`XREADGROUP GROUP ${group} ${consumer} COUNT 1500 STREAMS s >`);
  }
  const expected = dump(engine, engine.databases[0]!, bytesOf("s"), 11);
  const snapshot = engine.snapshot();
  const writer = new RdbWriter(() => {}, engine.store, { version: 11 });
  const pieces: number[] = [];
  const chunks: Buffer[] = [];
  let ended = false;
  const output = new RdbOutput((chunk) => chunks.push(Buffer.from(chunk)), { compress: true, checksum: false });
  snapshot.onLargeValue = (entry, parts) => {
    const written = writer.beginLarge(entry, parts)!;
    written.head(output);
    return {
      element() {},
      node: (bytes, begin, end, count) => written.node!(output, bytes, begin, end, count),
      tail: () => {
        const before = output.length;
        const more = written.tail!(output);
        pieces.push(output.length - before);
        return more;
      },
      end: () => {
        ended = true;
      },
    };
  };
  while (snapshot.step(0.5)) {
    if (pieces.length === 5) harness.run("XGROUP DESTROY s h");
    if (pieces.length === 9) harness.run("XACK s g 1-1 2-1 3-1 4000-1");
    if (pieces.length === 12) harness.run("XGROUP DELCONSUMER s g three");
  }
  assert.ok(ended);
  assert.ok(pieces.length > 20, "many slices");
  assert.ok(Math.max(...pieces) < 30_000, "each small");
  output.flush();
  // The payload has one byte of type before, and version and checksum behind.
  assert.deepEqual(Buffer.concat(chunks), Buffer.from(expected!.subarray(1, expected!.length - 10)));
});
