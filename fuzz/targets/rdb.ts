/** RDB files: what is refused leaves nothing behind, what is taken can be saved and taken again. */

import { Slice } from "../../src/base/bytes.ts";
import { Crc64 } from "../../src/base/crc64.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { SeededRandom } from "../../src/io/random.ts";
import { RdbError } from "../../src/rdb/format.ts";
import { EngineLoader } from "../../src/rdb/load.ts";
import { dump } from "../../src/rdb/payload.ts";
import { RdbReader } from "../../src/rdb/reader.ts";
import { pieces } from "../mutate.ts";
import { rdbFiles } from "../rdb-corpus.ts";
import { Broken, type TargetRow } from "../target.ts";

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

/** The engine takes all keys out again: what is left must be nothing. */
function readAll(engine: Engine): void {
  for (const db of engine.databases) {
    const keys: string[] = [];
    db.keys((key) => keys.push(key.latin1()));
    if (keys.length !== db.size) throw new Broken(`${keys.length} of ${db.size} keys can be listed`);
    for (const key of keys.slice(0, 40)) dump(engine, db, new Slice(Buffer.from(key, "latin1")), 11);
  }
}

export const rdb: TargetRow = {
  about: "RDB files",
  corpus: rdbFiles,
  mend: withChecksum,
  start: () => {
    const home = newEngine();
    return {
      run(input, random) {
        const engine = home.fresh();
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
        return outcome;
      },
    };
  },
};
