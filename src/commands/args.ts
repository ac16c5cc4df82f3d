/**
 * The words of one command, and a cursor over them; its wrong turns throw Redis' errors. The slices are lent: they, and
 * the bytes below, are used again for the next command.
 */

import { Slice } from "../base/bytes.ts";
import { parseDouble, parseInteger } from "../base/numbers.ts";
import { errors, type ReplyError } from "../base/reply-error.ts";

export class Args {
  /** Slot 0 is the command's name. Only the first `count` slots speak of this command. */
  readonly slots: Slice[] = [];
  count = 0;
  /** The slot that `next` will give. */
  position = 1;

  /** Makes room for `count` words, reusing the slices of earlier commands. */
  reset(count: number): void {
    while (this.slots.length < count) this.slots.push(new Slice());
    this.count = count;
    this.position = 1;
  }

  at(index: number): Slice {
    return this.slots[index]!;
  }

  get more(): boolean {
    return this.position < this.count;
  }

  /** How many words are left. */
  get left(): number {
    return this.count - this.position;
  }

  /** The next word; a missing one is a syntax error (arity was checked, so this is an option without its value). */
  next(): Slice {
    if (this.position >= this.count) throw errors.syntax;
    return this.slots[this.position++]!;
  }

  /** Takes the next word if it is the option `word` (upper case), whatever its case. */
  take(word: string): boolean {
    if (this.position >= this.count || !this.slots[this.position]!.is(word)) return false;
    this.position++;
    return true;
  }

  /**
   * A whole number a double holds exactly, or one that is clamped to +-2^63's neighbourhood by `parseInteger`'s rules:
   * throws `error` for anything else.
   */
  integer(error: ReplyError = errors.notInteger): number {
    const value = parseInteger(this.next());
    if (Number.isNaN(value)) throw error;
    return value;
  }

  double(error: ReplyError = errors.notFloat): number {
    const value = parseDouble(this.next());
    if (Number.isNaN(value)) throw error;
    return value;
  }

  end(): void {
    if (this.position < this.count) throw errors.syntax;
  }
}
