/**
 * Most replies are a few bytes. To write them is to hand over a view of just their length, which takes longer to make than they to
 * be copied, and is garbage afterwards. So they are copied to one place, of which there are views of all lengths.
 */
import { copyBytes } from "../base/bytes.ts";

/** Up to so many bytes: those that `copyBytes` copies without a view. */
export const SHORT_WRITE = 48;

export class ShortWrites {
  #place: Uint8Array = new Uint8Array(SHORT_WRITE);
  #views: (Uint8Array | undefined)[] = [];

  /** A copy of bytes[0, length), good until the next is asked for, or `leave`. */
  copyOf(bytes: Uint8Array, length: number): Uint8Array {
    copyBytes(bytes, 0, length, this.#place, 0);
    return (this.#views[length] ??= new Uint8Array(this.#place.buffer, 0, length));
  }

  /** The system has not taken the last copy yet: it may keep the place. */
  leave(): void {
    this.#place = new Uint8Array(SHORT_WRITE);
    this.#views = [];
  }
}
