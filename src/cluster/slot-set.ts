/** A set of hash slots: the bitmap of 2,048 bytes that travels in every message of the bus, and its count. */
import { SLOTS } from "../base/hash-slot.ts";

export const SLOT_BYTES = SLOTS / 8;
const NONE = new Uint8Array(SLOT_BYTES);

/** Sets of the same slots may share one bitmap: of a thousand nodes, each knows the slots of all others. */
export class SlotSet {
  #bits: Uint8Array;
  /** Whether others look at the same bitmap, which is not to be changed then. */
  #isShared: boolean;
  /** -1 while nobody has counted. */
  #size: number;
  #copy: SlotSet | null = null;
  /** Worked out when somebody asked. */
  #ranges: readonly (readonly [number, number])[] | null = null;

  /** Takes the bitmap over, as it is. */
  constructor(bits: Uint8Array = NONE) {
    if (bits.length !== SLOT_BYTES) throw new RangeError(`a bitmap of slots has ${SLOT_BYTES} bytes`);
    this.#bits = bits;
    this.#isShared = bits === NONE;
    this.#size = bits === NONE ? 0 : -1;
  }

  /** Not to be changed. */
  get bits(): Uint8Array {
    return this.#bits;
  }

  get size(): number {
    if (this.#size < 0) {
      this.#size = 0;
      for (const byte of this.#bits) if (byte !== 0) this.#size += ONES[byte]!;
    }
    return this.#size;
  }

  static of(...slots: number[]): SlotSet {
    const set = new SlotSet();
    for (const slot of slots) set.add(slot);
    return set;
  }

  has(slot: number): boolean {
    return (this.#bits[slot >>> 3]! & (1 << (slot & 7))) !== 0;
  }

  /** False if it was there already. */
  add(slot: number): boolean {
    if (this.has(slot)) return false;
    this.#write(slot, 1 << (slot & 7), 1);
    return true;
  }

  /** False if it was not there. */
  delete(slot: number): boolean {
    if (!this.has(slot)) return false;
    this.#write(slot, 0, -1);
    return true;
  }

  #write(slot: number, bit: number, more: number): void {
    this.#size = this.size + more;
    this.#copy = null;
    this.#ranges = null;
    if (this.#isShared) {
      this.#bits = this.#bits.slice();
      this.#isShared = false;
    }
    this.#bits[slot >>> 3] = (this.#bits[slot >>> 3]! & ~(1 << (slot & 7))) | bit;
  }

  equals(other: SlotSet): boolean {
    return this.#bits === other.#bits || Buffer.compare(this.#bits, other.#bits) === 0;
  }

  /** As it is now, for a message: the same object until something changes. Not to be changed. */
  frozen(): SlotSet {
    if (this.#copy === null) {
      this.#copy = new SlotSet();
      this.#copy.share(this);
    }
    return this.#copy;
  }

  /** The same slots as the other has now, kept once. */
  share(other: SlotSet): void {
    this.#bits = other.#bits;
    this.#size = other.#size;
    this.#copy = null;
    this.#ranges = other.#ranges;
    this.#isShared = other.#isShared = true;
  }

  *[Symbol.iterator](): Generator<number> {
    yield* this.without(EMPTY);
  }

  /** The slots that the other has not: far sooner than by a look at each, as they are mostly few. */
  *without(other: SlotSet): Generator<number> {
    const [ours, theirs] = [this.#bits, other.#bits];
    for (let at = 0; at < SLOT_BYTES; at++) {
      const byte = ours[at]! & ~theirs[at]!;
      if (byte !== 0) for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) !== 0) yield at * 8 + bit;
    }
  }

  /** In ascending order, neighbours joined: both ends belong to a range. Not to be changed. */
  ranges(): readonly (readonly [first: number, last: number])[] {
    this.#ranges ??= rangesIn(this.#bits);
    return this.#ranges;
  }
}

function rangesIn(bits: Uint8Array): [number, number][] {
  const ranges: [number, number][] = [];
  let first = -1;
  for (let at = 0; at < SLOT_BYTES; at++) {
    const byte = bits[at]!;
    if (byte === (first < 0 ? 0 : 0xff)) continue;
    for (let slot = at * 8; slot < at * 8 + 8; slot++) {
      const isThere = (byte & (1 << (slot & 7))) !== 0;
      if (isThere && first < 0) first = slot;
      if (isThere || first < 0) continue;
      ranges.push([first, slot - 1]);
      first = -1;
    }
  }
  if (first >= 0) ranges.push([first, SLOTS - 1]);
  return ranges;
}

const EMPTY = new SlotSet();

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
});
