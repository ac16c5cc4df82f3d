/** Engines for the tests of this room and of persistence/, and what they hold as text. */
import { Slice } from "../../src/base/bytes.ts";
import { Engine } from "../../src/engine/engine.ts";
import { EngineLoader, type EngineLoaderOptions } from "../../src/rdb/load.ts";
import { RdbReader } from "../../src/rdb/reader.ts";
import { RdbStream, type RdbStreamOptions } from "../../src/rdb/stream.ts";
import { bytesOf, FIELDS } from "./files.ts";

export const NOW = 1_700_000_000_000;

/** Numbers from 0 to 2^32 - 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
}

export function newEngine(seed = 1): Engine {
  const uint32 = seeded(seed);
  return new Engine({ databases: 16, clock: { now: () => NOW, monotonicMicros: () => 0 }, random: { uint32 } });
}

export function set(engine: Engine, db: number, key: string, value: string, expireAt = -1): void {
  engine.databases[db]!.setString(bytesOf(key), bytesOf(value), false, expireAt);
}

/** Every key with its value and expiry, as sorted lines. */
export function contents(engine: Engine): string[] {
  const lines: string[] = [];
  for (const db of engine.databases) {
    const keys: string[] = [];
    db.keys((key) => keys.push(key.latin1()));
    for (const key of keys) {
      lines.push(`${db.index} ${key}=${db.getString(bytesOf(key))!.latin1()} @${db.expireAt(bytesOf(key))}`);
    }
  }
  return lines.sort();
}

/** All that is left of a stream. */
export function drain(stream: RdbStream, keys?: number): Buffer {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const chunk = stream.next(keys);
    if (chunk === null) return Buffer.concat(chunks);
    chunks.push(Buffer.from(chunk));
    stream.recycle(chunk);
  }
}

export function save(engine: Engine, options: RdbStreamOptions = {}): Buffer {
  return drain(new RdbStream(engine, FIELDS, options));
}

export function load(engine: Engine, file: Uint8Array, options: Partial<EngineLoaderOptions> = {}): EngineLoader {
  const loader = new EngineLoader(engine, { now: NOW, dropExpired: true, ...options });
  const reader = new RdbReader(loader);
  reader.feed(file);
  reader.end();
  return loader;
}

export function sliceOf(bytes: Uint8Array): Slice {
  return new Slice(bytes);
}
