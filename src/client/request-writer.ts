/** Requests on their way out: encoded as arrays of bulk strings into one growing buffer, sent whole at the end of a tick. */
import { Slice } from "../base/bytes.ts";
import { digits, writeInteger } from "../base/numbers.ts";

/** One word of a request. Text goes out as UTF-8, numbers in decimal. */
export type Word = string | number | bigint | Uint8Array | Slice;

/** Text of one character a byte, as configurations are read: where it is not plain ASCII it goes out as those bytes. */
export function onWire(text: string): Word {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return Buffer.from(text, "latin1");
  return text;
}

const CR = 13;
const LF = 10;
const STAR = 0x2a;
const DOLLAR = 0x24;
/** A buffer that a burst has made larger than this is not kept. */
const KEEP_BYTES = 1024 * 1024;

export class RequestWriter {
  bytes: Buffer;
  length = 0;

  constructor(capacity = 4096) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  request(words: readonly Word[]): void {
    this.#header(STAR, words.length);
    for (const word of words) this.#word(word);
  }

  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEEP_BYTES) this.bytes = Buffer.allocUnsafeSlow(4096);
  }

  #word(word: Word): void {
    if (typeof word === "string") {
      this.#text(word);
    } else if (word instanceof Slice) {
      this.#raw(word.bytes, word.start, word.end);
    } else if (word instanceof Uint8Array) {
      this.#raw(word, 0, word.length);
    } else {
      this.#text(String(word));
    }
  }

  #text(text: string): void {
    const length = Buffer.byteLength(text);
    this.#header(DOLLAR, length);
    this.#reserve(length + 2);
    this.bytes.write(text, this.length, length, "utf8");
    this.#endWord(length);
  }

  #raw(bytes: Uint8Array, start: number, end: number): void {
    this.#header(DOLLAR, end - start);
    this.#reserve(end - start + 2);
    this.bytes.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.length);
    this.#endWord(end - start);
  }

  #endWord(length: number): void {
    this.length += length;
    this.bytes[this.length++] = CR;
    this.bytes[this.length++] = LF;
  }

  #header(mark: number, count: number): void {
    this.#reserve(digits(count) + 3);
    this.bytes[this.length++] = mark;
    this.length = writeInteger(count, this.bytes, this.length);
    this.bytes[this.length++] = CR;
    this.bytes[this.length++] = LF;
  }

  #reserve(length: number): void {
    const need = this.length + length;
    if (need <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(need, this.bytes.length * 2));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
