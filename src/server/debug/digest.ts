/**
 * DEBUG DIGEST and DIGEST-VALUE: 20 bytes that are equal when the data are, whatever order they lie in. Redis' own sums, so
 * that a group of both kinds can be compared: what has an order is mixed in (the sum so far is hashed again), what has none
 * is only added by XOR.
 */
import { createHash } from "node:crypto";
import type { Slice } from "../../base/bytes.ts";
import type { Database } from "../../engine/database.ts";
import type { Engine } from "../../engine/engine.ts";
import type { TypeName } from "../../engine/entry.ts";
import { unseen } from "./unseen.ts";

/** The numbers that Redis has for its types. */
const TYPE_NUMBERS: Readonly<Record<TypeName, number>> = { string: 0, list: 1, set: 2, zset: 3, hash: 4, stream: 6 };
const EXPIRES = Buffer.from("!!expire!!");
const DIGEST_BYTES = 20;

/** A value as it is summed up; others than strings come with their types. */
interface DigestedValue {
  readonly type: TypeName;
  readonly string: Slice;
  readonly expires: boolean;
}

class Digest {
  readonly bytes = new Uint8Array(DIGEST_BYTES);

  /** Adds the hash of `part`: the order of such parts does not matter. */
  add(part: Uint8Array): this {
    const hash = createHash("sha1").update(part).digest();
    for (let i = 0; i < DIGEST_BYTES; i++) this.bytes[i]! ^= hash[i]!;
    return this;
  }

  /** Adds `part` and hashes the sum: what comes later counts differently. */
  mix(part: Uint8Array): this {
    this.add(part);
    this.bytes.set(createHash("sha1").update(this.bytes).digest());
    return this;
  }

  /** Adds what another sum was made of by `add` alone. */
  merge(other: Digest): void {
    for (let i = 0; i < DIGEST_BYTES; i++) this.bytes[i]! ^= other.bytes[i]!;
  }

  mixNumber(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return this.mix(bytes);
  }

  value({ type, string, expires }: DigestedValue): this {
    this.mixNumber(TYPE_NUMBERS[type]);
    this.mix(string.view());
    return expires ? this.add(EXPIRES) : this;
  }

  hex(): string {
    return Buffer.from(this.bytes).toString("hex");
  }
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
        sum.value({ type: entry.type, string: entry.string, expires: entry.expireAt !== -1 });
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
    const type = db.type(key);
    const string = type === null ? null : db.getString(key);
    if (type !== null && string !== null) digest.value({ type, string, expires: db.expireAt(key) >= 0 });
    return digest.hex();
  });
}
