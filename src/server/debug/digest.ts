/**
 * DEBUG DIGEST and DIGEST-VALUE: sums that are equal when the data are, whatever order they lie in. `digest/sum.ts` has the
 * sum, `digest/rows.ts` what each type adds to it.
 */
import type { Slice } from "../../base/bytes.ts";
import type { Database } from "../../engine/database.ts";
import type { Engine } from "../../engine/engine.ts";
import type { TypeName } from "../../engine/entry.ts";
import type { StoredValue } from "../../engine/snapshot.ts";
import type { Store } from "../../engine/store.ts";
import { DIGEST_ROWS } from "./digest/rows.ts";
import { Digest } from "./digest/sum.ts";
import { unseen } from "./unseen.ts";

/** The numbers that Redis has for its types. */
const TYPE_NUMBERS: Readonly<Record<TypeName, number>> = { string: 0, list: 1, set: 2, zset: 3, hash: 4, stream: 6 };
const EXPIRES = Buffer.from("!!expire!!");

function addValue(sum: Digest, value: StoredValue, expires: boolean, store: Store): void {
  const row = DIGEST_ROWS[value.type];
  if (row === undefined) throw new Error(`no digest of type ${value.type}`);
  sum.mixNumber(TYPE_NUMBERS[value.type]);
  row(sum, value, store);
  if (expires) sum.add(EXPIRES);
}

/** Of all databases; 40 hex digits, zeros for no data. */
export function dataDigest(engine: Engine): string {
  const keys = new Map<number, Digest>();
  walk(engine, (db, sum) => {
    let total = keys.get(db);
    if (total === undefined) keys.set(db, (total = new Digest()));
    total.add(sum);
  });
  // The databases do have an order: the number of the next one is mixed into the sum of those before.
  const digest = new Digest();
  for (const db of engine.databases) {
    if (db.size > 0) digest.mixNumber(db.index);
    const total = keys.get(db.index);
    if (total !== undefined) digest.merge(total);
  }
  return digest.hex();
}

/** The sum of each key with its value. */
function walk(engine: Engine, visit: (db: number, sum: Uint8Array) => void): void {
  const snapshot = engine.snapshot();
  try {
    while (
      snapshot.step(1000, (entry) => {
        const sum = new Digest().mix(entry.key.view());
        addValue(sum, entry, entry.expireAt !== -1, engine.store);
        visit(entry.db, sum.bytes);
      })
    );
  } finally {
    snapshot.close();
  }
}

/** Of one value, whatever its key; zeros if there is none. */
export function valueDigest(engine: Engine, db: Database, key: Slice): string {
  return unseen(engine, () => {
    const digest = new Digest();
    const value = db.get(key);
    if (value !== null) addValue(digest, value, db.expireAt(key) >= 0, engine.store);
    return digest.hex();
  });
}
