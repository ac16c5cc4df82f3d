/** A set of hash slots: the bitmap of 2,048 bytes that travels in every message of the bus, and its count. */
import { SLOTS } from "../base/hash-slot.ts";

export const SLOT_BYTES = SLOTS / 8;

export class SlotSet {
  readonly bits: Uint8Array;
  size = 0;
  #copy: SlotSet | null = null;

  /** Takes the bitmap over, as it is. */
  constructor(bits: Uint8Array = new Uint8Array(SLOT_BYTES)) {
    if (bits.length !== SLOT_BYTES) throw new RangeError(`a bitmap of slots has ${SLOT_BYTES} bytes`);
    this.bits = bits;
    for (const byte of bits) if (byte !== 0) this.size += ONES[byte]!;
  }

  static of(...slots: number[]): SlotSet {
    const set = new SlotSet();
    for (const slot of slots) set.add(slot);
    return set;
  }

  has(slot: number): boolean {
    return (this.bits[slot >>> 3]! & (1 << (slot & 7))) !== 0;
  }

  /** False if it was there already. */
  add(slot: number): boolean {
    if (this.has(slot)) return false;
    this.bits[slot >>> 3]! |= 1 << (slot & 7);
    this.size++;
    this.#copy = null;
    return true;
  }

  /** False if it was not there. */
  delete(slot: number): boolean {
    if (!this.has(slot)) return false;
    this.bits[slot >>> 3]! &= ~(1 << (slot & 7));
    this.size--;
    this.#copy = null;
    return true;
  }

  equals(other: SlotSet): boolean {
    if (this.size !== other.size) return false;
    for (let i = 0; i < SLOT_BYTES; i++) if (this.bits[i] !== other.bits[i]) return false;
    return true;
  }

  /** As it is now, for a message: the same object until something changes. Not to be changed. */
  frozen(): SlotSet {
    this.#copy ??= new SlotSet(this.bits.slice());
    return this.#copy;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let at = 0; at < SLOT_BYTES; at++) {
      const byte = this.bits[at]!;
      for (let bit = 0; byte >>> bit !== 0; bit++) if ((byte & (1 << bit)) !== 0) yield at * 8 + bit;
    }
  }

  /** In ascending order, neighbours joined: both ends belong to a range. */
  ranges(): [first: number, last: number][] {
    const ranges: [number, number][] = [];
    for (const slot of this) {
      const last = ranges.at(-1);
      if (last !== undefined && last[1] === slot - 1) last[1] = slot;
      else ranges.push([slot, slot]);
    }
    return ranges;
  }
}

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
});
