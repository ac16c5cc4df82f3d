import { Slice } from "../../src/base/bytes.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { SnapshotEntry } from "../../src/engine/snapshot.ts";
import { Seeded } from "../memory/random.ts";

export const START = 1_700_000_000_000;

/** An engine whose clocks stand still unless the test moves them. */
export function engineAt(seed = 1, databases = 16): Engine {
  const random = new Seeded(seed);
  let micros = 0;
  // Each look at the monotonic clock costs a microsecond, so that budgets end.
  return new Engine({ databases, clock: { now: () => START, monotonicMicros: () => micros++ }, random });
}

export function slice(text: string): Slice {
  return Slice.of(text);
}

export function get(engine: Engine, key: string, db = 0): string | null {
  return engine.databases[db]!.getString(slice(key))?.latin1() ?? null;
}

export function set(engine: Engine, key: string, value: string, db = 0): void {
  engine.databases[db]!.setString(slice(key), slice(value));
}

/** All keys of a database by SCAN, with how often each was seen. */
export function scanAll(engine: Engine, db = 0, between = (): void => {}): Map<string, number> {
  const seen = new Map<string, number>();
  let cursor = 0;
  do {
    cursor = engine.databases[db]!.scan(cursor, (key) => {
      const name = key.latin1();
      seen.set(name, (seen.get(name) ?? 0) + 1);
    });
    between();
  } while (cursor !== 0);
  return seen;
}

/** A snapshot entry as a line: everything about it that has to be right. */
export function line(entry: SnapshotEntry): string {
  return `${entry.db} ${entry.key.latin1()}=${entry.string.latin1()} ${entry.expireAt} ${entry.encodingInt}`;
}
