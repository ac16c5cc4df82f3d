/**
 * A sum of 20 bytes that is equal when what was added is: Redis' own, so that servers of both kinds can be compared. What has
 * an order is mixed in (the sum so far is hashed again), what has none is only added by XOR.
 */
import { createHash } from "node:crypto";
import type { Slice } from "../../../base/bytes.ts";

const DIGEST_BYTES = 20;

export class Digest {
  readonly bytes = new Uint8Array(DIGEST_BYTES);

  clear(): this {
    this.bytes.fill(0);
    return this;
  }

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

  mixSlice(part: Slice): this {
    return this.mix(part.view());
  }

  mixText(part: string): this {
    return this.mix(Buffer.from(part, "latin1"));
  }

  mixNumber(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return this.mix(bytes);
  }

  hex(): string {
    return Buffer.from(this.bytes).toString("hex");
  }
}
