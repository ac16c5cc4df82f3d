/** How the elements of an ordered index (ordered-index.ts) are ordered, and places among them. */

/** How elements are ordered: by the high word of their keys (signed), then by the low one (unsigned), then by `compare`. */
export interface Order {
  high(ref: number): number;
  low(ref: number): number;
  /** Of two elements of the same key: negative, zero (only for the same element) or positive. */
  compare(a: number, b: number): number;
}

/** A place among elements of the same key: whether an element comes before it. All that do come before all that do not. */
export interface Place {
  isBefore(ref: number): boolean;
}

/** The place before all elements of a key, and the one behind them. */
export const FRONT: Place = { isBefore: () => false };
export const BACK: Place = { isBefore: () => true };

/** The place of an element, known by its ref. */
export class ElementPlace implements Place {
  ref = 0;
  /** Whether the place is behind the element itself. */
  takesEqual = false;
  readonly #order: Order;

  constructor(order: Order) {
    this.#order = order;
  }

  isBefore(ref: number): boolean {
    if (ref === this.ref) return this.takesEqual;
    return this.#order.compare(ref, this.ref) < 0;
  }
}
