/** How much a node of a list may hold: the meaning of `list-max-listpack-size`, as in Redis. */

/** By the negative values -1 to -5. */
const SIZES: readonly number[] = [4096, 8192, 16384, 32768, 65536];
/** A limit in entries holds only up to this many bytes. */
const SAFETY_BYTES = 8192;
/** What Redis adds for an entry's header when it asks whether another fits. */
export const ENTRY_OVERHEAD = 8;

export class NodeLimits {
  /** Bytes of a listpack; infinite where entries are counted. */
  bytes = 8192;
  /** Entries; infinite where bytes are. */
  entries = Number.POSITIVE_INFINITY;
  /** Up to so many bytes the block of a node that fills up is made larger ahead of it. */
  roomBytes = 8192;
  #setting = -2;

  /** @param setting  list-max-listpack-size */
  obey(setting: number): this {
    if (setting === this.#setting) return this;
    this.#setting = setting;
    const isCount = setting >= 0;
    this.bytes = isCount ? Number.POSITIVE_INFINITY : SIZES[Math.min(-setting, SIZES.length) - 1]!;
    this.entries = isCount ? Math.max(1, setting) : Number.POSITIVE_INFINITY;
    this.roomBytes = isCount ? 1024 : this.bytes;
    return this;
  }

  /** Whether a listpack of so many bytes and entries is too large. */
  exceeded(bytes: number, entries: number): boolean {
    if (this.bytes !== Number.POSITIVE_INFINITY) return bytes > this.bytes;
    return bytes > SAFETY_BYTES || entries > this.entries;
  }
}
