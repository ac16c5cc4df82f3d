/**
 * Reads requests: arrays of bulk strings, and inline commands. A request that lies whole in what has just been read is
 * parsed in place; only one that is cut in two is copied, and nothing of what follows it. Reading goes on where it stopped, so
 * that a request of a million words costs no more in pieces than whole.
 */
import { copyBytes, Slice } from "../base/bytes.ts";
import { ReplyError } from "../base/reply-error.ts";
import { splitWords } from "../base/words.ts";
import { giveBuffer, takeBuffer } from "./cut-buffers.ts";

/** The words of a request, as `commands/args.ts` keeps them. */
export interface Words {
  readonly slots: Slice[];
  count: number;
  reset(count: number): void;
}

export interface ReaderLimits {
  /** proto-max-bulk-len */
  maxBulkBytes: number;
  /** Redis' bounds for a client that has not authenticated: 10 words of 16 KiB. */
  strict: boolean;
}

/** The longest line: an inline command, or a header that never ends. */
const MAX_LINE = 64 * 1024;
const MAX_WORDS = 2 ** 31 - 1;
const STRICT_WORDS = 10;
const STRICT_BULK = 16384;
/** So much of what follows a cut is taken at a time while it is not known how much is missing. */
const STEP_BYTES = 256;
/** `$0`, nothing, and two ends of lines. */
const LEAST_WORD = 6;
/** What a word of a request that is not whole yet costs besides its bytes: on the wire it may have been six of them. */
const WORD_BYTES = 64;

const TAB = 9;
const SPACE = 0x20;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const CR = 13;
const LF = 10;
const STAR = 0x2a;
const DOLLAR = 0x24;

export class ProtocolError extends ReplyError {
  constructor(text: string) {
    super("ERR", `Protocol error: ${text}`);
  }
}

export class RequestReader<W extends Words> {
  readonly limits: ReaderLimits = { maxBulkBytes: 512 * 1024 * 1024, strict: false };
  /** The bytes of the request that `next` returned, and whether they are its canonical form. */
  readonly raw = new Slice();
  rawIsCanonical = true;

  #bytes: Uint8Array = EMPTY;
  /** The first byte of the request being read. */
  #at = 0;
  #end = 0;
  /** Whether `#bytes` is ours, holding a request cut in two, or lent for the moment. */
  #own = false;
  /** While a request cut in two is completed: what follows it in the bytes that are lent now. */
  #lent: Uint8Array = EMPTY;
  #lentAt = 0;
  #lentEnd = 0;
  /** Bytes before `#lentAt` that were copied to the end of `#bytes`. */
  #taken = 0;

  /** Of a request cut in two: its words so far (relative to its start), how far it was read, how many are to come. */
  #partial: W | null = null;
  #read = 0;
  #wanted = 0;
  /** The length that a header has announced, -1 before it. */
  #bulk = -1;
  /** Bytes of a line without an end that were looked at already: one that comes byte by byte is read once. */
  #seen = 0;

  readonly #shared: W;
  readonly #make: () => W;

  /** @param shared  where the words of whole requests are put, the same for all readers */
  constructor(shared: W, make: () => W) {
    this.#shared = shared;
    this.#make = make;
  }

  /** Bytes kept of a request that is not whole yet. */
  get pendingBytes(): number {
    return this.#own ? this.rest : 0;
  }

  /** What the words of that request cost besides their bytes. */
  get wordBytes(): number {
    return this.#partial === null ? 0 : this.#partial.count * WORD_BYTES;
  }

  /** Bytes behind the request that `next` returned last, whether they are a whole one or not. */
  get rest(): number {
    return this.#end - this.#at + this.#lentEnd - this.#lentAt;
  }

  get bufferBytes(): number {
    return this.#own ? this.#bytes.length : 0;
  }

  /** Lends bytes[0, length) to the reader, until `release`. */
  lend(bytes: Uint8Array, length: number): void {
    if (this.#own) {
      // What was lent before and not read yet comes first.
      this.#take(this.#lentEnd);
      this.#lent = bytes;
      this.#lentAt = this.#taken = 0;
      this.#lentEnd = length;
      return;
    }
    this.#bytes = bytes;
    this.#at = 0;
    this.#end = length;
  }

  /** Gives the lent bytes back: what is left of them is copied. */
  release(): void {
    if (this.#own && !this.#leaveOwn()) {
      this.#take(this.#lentEnd);
      this.#forgetLent();
      return;
    }
    const left = this.#end - this.#at;
    if (left === 0) {
      this.#bytes = EMPTY;
      this.#at = this.#end = 0;
      return;
    }
    const own = takeBuffer(left * 2);
    copyBytes(this.#bytes, this.#at, this.#end, own, 0);
    this.#bytes = own;
    this.#own = true;
    this.#at = 0;
    this.#end = left;
  }

  /** How far whole requests reach, in the lent bytes. Only before `release`, and while nothing is kept from before. */
  get position(): number {
    return this.#at;
  }

  /** Takes back the request that `next` has just returned: it will be returned again. Only before `release`. */
  unread(): void {
    this.#at = this.raw.start;
  }

  /** Forgets everything. */
  clear(): void {
    this.#partial = null;
    this.#seen = 0;
    this.#at = this.#end = 0;
    this.#forgetLent();
    this.release();
  }

  /**
   * The words of the next request, valid until the next call; null if it is not whole yet.
   * @throws ProtocolError; the reader is of no use after it
   */
  next(): W | null {
    if (this.#own && !this.#leaveOwn()) return this.#nextOfCut();
    return this.#nextHere();
  }

  #nextHere(): W | null {
    if (this.#partial !== null) return this.#resume(this.#partial);
    while (this.#at < this.#end) {
      const words = this.#bytes[this.#at] === STAR ? this.#multibulk() : this.#inline();
      if (words === null) return null;
      if (words.count > 0) return words;
    }
    return null;
  }

  /** Completes the request that was cut in two, with as little as it needs of what is lent. */
  #nextOfCut(): W | null {
    for (;;) {
      const words = this.#nextHere();
      if (words !== null) return words;
      if (this.#leaveOwn()) return this.#nextHere();
      if (this.#lentAt === this.#lentEnd) return null;
      this.#take(this.#missing());
    }
  }

  /** How much of what is lent the request needs at least, or what is tried. */
  #missing(): number {
    const partial = this.#partial;
    if (partial === null) return STEP_BYTES;
    const words = (this.#wanted - partial.count) * LEAST_WORD;
    if (this.#bulk < 0) return Math.max(words, STEP_BYTES);
    return this.#at + this.#read + this.#bulk + 2 - this.#end + words - LEAST_WORD;
  }

  /** Goes on in the bytes that are lent, if all that our own hold was copied from there. */
  #leaveOwn(): boolean {
    const left = this.#end - this.#at;
    if (this.#partial !== null || left > this.#taken) return false;
    giveBuffer(this.#bytes);
    this.#own = false;
    this.#bytes = this.#lent;
    this.#at = this.#lentAt - left;
    this.#end = this.#lentEnd;
    this.#forgetLent();
    return true;
  }

  #forgetLent(): void {
    this.#lent = EMPTY;
    this.#lentAt = this.#lentEnd = this.#taken = 0;
  }

  #multibulk(): W | null {
    const bytes = this.#bytes;
    const start = this.#at;
    const lineEnd = this.#lineEnd(start + 1, "too big mbulk count string");
    if (lineEnd < 0) return null;
    const count = parseLength(bytes, start + 1, lineEnd);
    if (Number.isNaN(count) || count > MAX_WORDS) throw new ProtocolError("invalid multibulk length");
    if (this.limits.strict && count > STRICT_WORDS) throw new ProtocolError("unauthenticated multibulk length");
    const words = this.#shared;
    if (count <= 0) {
      this.#at = lineEnd + 2;
      words.reset(0);
      return words;
    }
    this.#wanted = count;
    this.#bulk = -1;
    this.#read = lineEnd + 2;
    // Only as many slots as have arrived are made: a header alone costs nothing.
    words.reset(0);
    if (this.#words(words, 0)) return this.#finish(words, start);
    this.#keepPartial(words, start);
    return null;
  }

  /** Reads words from `#read` on; true when all have come. Positions in `words` are relative to `base`. */
  #words(words: W, base: number): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    const wanted = this.#wanted;
    const slots = words.slots;
    let at = this.#read;
    let count = words.count;
    while (count < wanted) {
      let length = this.#bulk;
      if (length < 0) {
        // The usual header is "$" and one or two digits; the general way is below.
        const first = bytes[at + 1]! - 48;
        if (at + 4 <= end && bytes[at] === DOLLAR && bytes[at + 2] === CR && first >= 0 && first <= 9) {
          length = first;
          at += 4;
        } else {
          this.#read = at;
          words.count = count;
          length = this.#bulkHeader();
          if (length < 0) return false;
          at = this.#read;
        }
      }
      if (at + length + 2 > end) {
        this.#bulk = length;
        this.#read = at;
        words.count = count;
        return false;
      }
      this.#bulk = -1;
      let slot = slots[count];
      if (slot === undefined) slots.push((slot = new Slice()));
      slot.bytes = bytes;
      slot.start = at - base;
      slot.end = at + length - base;
      count++;
      at += length + 2;
    }
    this.#read = at;
    words.count = count;
    return true;
  }

  /** Reads "$<length>" at `#read`; -1 if it is not whole yet. */
  #bulkHeader(): number {
    const at = this.#read;
    if (at >= this.#end) return -1;
    const type = this.#bytes[at]!;
    if (type !== DOLLAR) throw new ProtocolError(`expected '$', got '${String.fromCharCode(type)}'`);
    const lineEnd = this.#lineEnd(at + 1, "too big bulk count string");
    if (lineEnd < 0) return -1;
    const length = parseLength(this.#bytes, at + 1, lineEnd);
    if (Number.isNaN(length) || length < 0 || length > this.limits.maxBulkBytes)
      throw new ProtocolError("invalid bulk length");
    if (this.limits.strict && length > STRICT_BULK) throw new ProtocolError("unauthenticated bulk length");
    this.#read = lineEnd + 2;
    return length;
  }

  #finish(words: W, start: number): W {
    words.reset(words.count);
    this.raw.set(this.#bytes, start, this.#read);
    this.rawIsCanonical = true;
    this.#at = this.#read;
    return words;
  }

  #keepPartial(words: W, start: number): void {
    const partial = this.#make();
    partial.reset(words.count);
    for (let i = 0; i < words.count; i++) {
      const slot = words.slots[i]!;
      partial.slots[i]!.set(EMPTY, slot.start - start, slot.end - start);
    }
    partial.count = words.count;
    this.#read -= start;
    this.#partial = partial;
  }

  #resume(partial: W): W | null {
    const base = this.#at;
    this.#read += base;
    const whole = this.#words(partial, base);
    if (!whole) {
      this.#read -= base;
      return null;
    }
    for (let i = 0; i < partial.count; i++) {
      const slot = partial.slots[i]!;
      slot.set(this.#bytes, slot.start + base, slot.end + base);
    }
    this.#partial = null;
    return this.#finish(partial, base);
  }

  #inline(): W | null {
    const bytes = this.#bytes;
    const start = this.#at;
    let newline = start + this.#seen;
    while (newline < this.#end && bytes[newline] !== LF) newline++;
    if (newline === this.#end) {
      if (this.#end - start > MAX_LINE) throw new ProtocolError("too big inline request");
      this.#seen = newline - start;
      return null;
    }
    if (this.#seen > 0) this.#seen = 0;
    const lineEnd = newline > start && bytes[newline - 1] === CR ? newline - 1 : newline;
    const words = this.#shared;
    if (!splitPlain(bytes, start, lineEnd, words)) splitQuoted(bytes, start, lineEnd, words);
    this.raw.set(bytes, start, newline + 1);
    this.rawIsCanonical = false;
    this.#at = newline + 1;
    return words;
  }

  /** Where the CR of the line that goes on at `from` is; -1 if it, or the LF behind it, has not come yet. */
  #lineEnd(from: number, tooLong: string): number {
    const bytes = this.#bytes;
    const end = Math.min(this.#end, from + MAX_LINE);
    let i = from + this.#seen;
    while (i < end && bytes[i] !== CR) i++;
    if (i < end && i + 1 < this.#end) {
      if (this.#seen > 0) this.#seen = 0;
      return i;
    }
    if (i >= end && this.#end - from > MAX_LINE) throw new ProtocolError(tooLong);
    this.#seen = i - from;
    return -1;
  }

  /** Copies so many of the bytes that are lent, or as many as there are, behind our own. */
  #take(count: number): void {
    const length = Math.min(count, this.#lentEnd - this.#lentAt);
    if (length === 0) return;
    if (this.#end + length > this.#bytes.length) this.#makeRoom(length);
    copyBytes(this.#lent, this.#lentAt, this.#lentAt + length, this.#bytes, this.#end);
    this.#end += length;
    this.#lentAt += length;
    this.#taken += length;
  }

  #makeRoom(length: number): void {
    const left = this.#end - this.#at;
    if (left + length <= this.#bytes.length) {
      this.#bytes.copyWithin(0, this.#at, this.#end);
    } else {
      const larger = takeBuffer((left + length) * 2);
      copyBytes(this.#bytes, this.#at, this.#end, larger, 0);
      giveBuffer(this.#bytes);
      this.#bytes = larger;
    }
    this.#at = 0;
    this.#end = left;
  }
}

const EMPTY = new Uint8Array(0);

/** Takes the words of a line where they lie; false if one of them is quoted, which has to be undone. */
function splitPlain(bytes: Uint8Array, start: number, end: number, words: Words): boolean {
  words.reset(0);
  const { slots } = words;
  let count = 0;
  for (let at = start; at < end; ) {
    const byte = bytes[at]!;
    if (byte === SPACE || (byte >= TAB && byte <= CR)) {
      at++;
      continue;
    }
    const from = at;
    for (; at < end; at++) {
      const inside = bytes[at]!;
      if (inside === SPACE || (inside >= TAB && inside <= CR)) break;
      if (inside === DOUBLE_QUOTE || inside === SINGLE_QUOTE || inside === 0) return false;
    }
    let slot = slots[count];
    if (slot === undefined) slots.push((slot = new Slice()));
    slot.set(bytes, from, at);
    count++;
  }
  words.count = count;
  return true;
}

/** @throws ProtocolError */
function splitQuoted(bytes: Uint8Array, start: number, end: number, words: Words): void {
  const texts = splitWords(new Slice(bytes, start, end).latin1());
  if (texts === null) throw new ProtocolError("unbalanced quotes in request");
  words.reset(texts.length);
  texts.forEach((text, i) => {
    words.slots[i]!.set(Buffer.from(text, "latin1"), 0, text.length);
  });
}

/** A header's number: canonical, as Redis wants it; NaN otherwise. */
function parseLength(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length === 0 || length > 11) return Number.NaN;
  const negative = bytes[start] === 0x2d;
  let i = negative ? start + 1 : start;
  if (i === end || (bytes[i] === 48 && (end - i > 1 || negative))) return Number.NaN;
  let value = 0;
  for (; i < end; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}
