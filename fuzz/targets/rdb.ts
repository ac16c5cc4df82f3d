/** RDB files: refused with a reason; or taken, and then every key can be dumped, and deleted without a byte left over. */
import { Slice } from "../../src/base/bytes.ts";
import { Crc64 } from "../../src/base/crc64.ts";
import type { Database } from "../../src/engine/database.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { SeededRandom } from "../../src/io/random.ts";
import { RdbError } from "../../src/rdb/format.ts";
import { EngineLoader } from "../../src/rdb/load.ts";
import { dump } from "../../src/rdb/payload.ts";
import { RdbReader } from "../../src/rdb/reader.ts";
import { pieces } from "../mutate.ts";
import { rdbFiles } from "../rdb-corpus.ts";
import { Broken, type Target, type TargetRow } from "../target.ts";

const NOW = 1_700_000_000_000;
const MAX_BYTES = 64 * 1024 * 1024;

function newEngine(): Engine {
  let state = 1;
  const uint32 = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
  return new Engine({ databases: 16, clock: { now: () => NOW, monotonicMicros: () => 0 }, random: { uint32 } });
}

function withChecksum(file: Buffer, random: SeededRandom): Buffer {
  if (random.uint32() % 20 === 0 || file.length < 17) return file;
  const fixed = Buffer.from(file);
  // Behind the end of the items there is nothing but the checksum; most changes come before.
  const crc = new Crc64();
  crc.update(fixed, 0, fixed.length - 8);
  fixed.writeUInt32LE(crc.low >>> 0, fixed.length - 8);
  fixed.writeUInt32LE(crc.high >>> 0, fixed.length - 4);
  return fixed;
}

/** What has come can be listed and dumped. */
function readAll(engine: Engine): void {
  for (const db of engine.databases) {
    if (db.size === 0) continue;
    const keys = keysOf(db);
    if (keys.length !== db.size) throw new Broken(`${keys.length} of ${db.size} keys can be listed`);
    for (const key of keys.slice(0, 40)) dump(engine, db, key, 11);
  }
}

function keysOf(db: Database): Slice[] {
  const keys: Slice[] = [];
  db.keys((key) => keys.push(new Slice(key.copy())));
  return keys;
}

/** What an engine holds for itself is made when it is needed first. */
const WARM_RUNS = 100;

class Files implements Target {
  /** One for all inputs: making one takes longer than reading most files. */
  readonly #engine = newEngine();
  #empty = 0;
  #deletions = 0;

  run(input: Buffer, random: SeededRandom): "taken" | "refused" {
    const engine = this.#engine;
    const reader = new RdbReader(
      new EngineLoader(engine, {
        now: NOW,
        dropExpired: random.uint32() % 2 === 0,
        deep: random.uint32() % 2 === 0,
      }),
      { maxStringBytes: 16 * 1024 * 1024, verifyChecksum: random.uint32() % 4 > 0 },
    );
    let outcome: "taken" | "refused" = "taken";
    try {
      for (const piece of pieces(input, random)) reader.feed(piece);
      reader.end();
    } catch (error) {
      if (!(error instanceof RdbError)) throw error;
      outcome = "refused";
    }
    if (engine.usedMemory() > MAX_BYTES) throw new Broken(`${input.length} bytes made ${engine.usedMemory()}`);
    readAll(engine);
    if (outcome === "taken" && random.uint32() % 4 === 0) this.#deleteAll();
    // Half of a value may be left in the engine of a file that was refused: it is thrown away as a whole, as a server does.
    engine.flushAll();
    return outcome;
  }

  #deleteAll(): void {
    const engine = this.#engine;
    for (const db of engine.databases) if (db.size > 0) for (const key of keysOf(db)) db.delete(key);
    for (let turns = 0; !engine.lazyfree.idle && turns < 1000; turns++) engine.resizeStep(1_000_000);
    const { used } = engine.store.arena;
    if (this.#deletions++ < WARM_RUNS) this.#empty = Math.max(this.#empty, used);
    else if (used > this.#empty) throw new Broken(`${used - this.#empty} bytes are left when all keys are deleted`);
  }
}

export const rdb: TargetRow = {
  about: "RDB files",
  corpus: rdbFiles,
  mend: withChecksum,
  start: () => new Files(),
};
