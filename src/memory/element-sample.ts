/** Elements of a table by chance, very many at once. */
import type { ElementTable } from "./element-table.ts";
import { ElementWalk } from "./element-walk.ts";
import { near } from "./near.ts";

/** When more than one in so many is wanted it is quicker to go through all than to draw. */
const GO_THROUGH = 16;
/** So many are looked at together (`touch`). */
const TOGETHER = 64;

/** So many different elements, fewer than there are; every such choice is as likely as any other. */
export function differentElements(table: ElementTable, count: number, uint32: () => number): Int32Array {
  return count * GO_THROUGH > table.size ? choose(table, count, uint32) : draw(table, count, uint32);
}

/** Each is taken with the chance of those still wanted among those still to come. */
function choose(table: ElementTable, count: number, uint32: () => number): Int32Array {
  const chosen = new Int32Array(count);
  let found = 0;
  let left = table.size;
  const walk = new ElementWalk().start(table);
  while (found < count && walk.next()) {
    const { refs, count: seen } = walk;
    for (let i = 0; i < seen; i++, left--) {
      if ((uint32() / 0x100000000) * left >= count - found) continue;
      chosen[found++] = refs[i]!;
    }
  }
  return chosen;
}

function draw(table: ElementTable, count: number, uint32: () => number): Int32Array {
  const drawn = new Int32Array(count);
  // Those that were drawn, by what is left of their refs in a multiplication: twice as many places as there will be.
  const shift = Math.clz32(count);
  const seen = new Int32Array(2 ** (33 - shift));
  const mask = seen.length - 1;
  for (let found = 0; found < count; ) {
    const ref = table.random(uint32);
    let at = Math.imul(ref, 0x9e3779b1) >>> (shift - 1);
    while (seen[at] !== 0 && seen[at] !== ref) at = (at + 1) & mask;
    if (seen[at] === ref) continue;
    seen[at] = ref;
    drawn[found++] = ref;
  }
  return drawn;
}

/** Elements one after the other, each any: so many of them, the same ones again and again perhaps. */
export class AnyElements {
  readonly #table: ElementTable;
  readonly #uint32: () => number;
  /** All there are, if so many are wanted that it is worth it. */
  readonly #all: Int32Array | null;
  #left: number;
  readonly refs: Int32Array = new Int32Array(TOGETHER);
  count = 0;

  constructor(table: ElementTable, count: number, uint32: () => number) {
    this.#table = table;
    this.#uint32 = uint32;
    this.#left = count;
    this.#all = count * GO_THROUGH > table.size ? allElements(table) : null;
  }

  /** Some more, the first `count` of `refs`; false at the end. */
  next(): boolean {
    const all = this.#all;
    const { refs } = this;
    const count = Math.min(TOGETHER, this.#left);
    for (let i = 0; i < count; i++)
      refs[i] = all === null ? this.#table.random(this.#uint32) : all[this.#uint32() % all.length]!;
    if (all !== null) touch(this.#table, refs, 0, count);
    this.#left -= count;
    this.count = count;
    return count > 0;
  }
}

function allElements(table: ElementTable): Int32Array {
  const all = new Int32Array(table.size);
  const walk = new ElementWalk().start(table);
  for (let at = 0; walk.next(); at += walk.count) all.set(walk.refs.subarray(0, walk.count), at);
  return all;
}

/** Shows elements in turn, having fetched several at a time. They may go as they are shown. */
export function visitElements(table: ElementTable, refs: Int32Array, visit: (ref: number) => void): void {
  for (let from = 0; from < refs.length; from += TOGETHER) {
    const end = Math.min(from + TOGETHER, refs.length);
    touch(table, refs, from, end);
    for (let i = from; i < end; i++) visit(refs[i]!);
  }
}

/** Reads a word of each of some elements, so that they are near for whoever looks at them next. */
function touch({ arena: { i32 } }: ElementTable, refs: Int32Array, from: number, end: number): void {
  let seen = 0;
  for (let i = from; i < end; i++) {
    const ref = refs[i]!;
    seen ^= i32[ref >>> 20]![(ref & 0xfffff) << 2]!;
  }
  near.seen = seen;
}
