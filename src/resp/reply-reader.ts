/**
 * Reads replies of RESP2 and RESP3 as they arrive, in chunks of any size, and gives them as JavaScript values.
 * What a server says is not trusted: depth and size are bounded, and anything that is not RESP throws a `ReplyProtocolError`,
 * after which the reader, and the connection that it reads, are of no more use.
 */
import { Slice } from "../base/bytes.ts";
import { parseDouble, parseInt64, parseInteger } from "../base/numbers.ts";
import { type ReplyError, replyErrorFromLine } from "../base/reply-error.ts";

/**
 * A reply. Nulls of either protocol are `null`, integers beyond 2^53 and big numbers are bigints, errors (also inside of an
 * array) are `ReplyError` values. Bulk and verbatim strings come as text or as bytes, as the reader was told; simple strings
 * are always text.
 */
export type Reply =
  | string
  | Buffer
  | number
  | bigint
  | boolean
  | null
  | ReplyError
  | Reply[]
  | Map<Reply, Reply>
  | Set<Reply>;

export interface ReplyHandler {
  onReply(reply: Reply): void;
  /** A push of RESP3, which answers nothing. */
  onPush(items: Reply[]): void;
  /** What RESP3 says about the reply that follows; left out, it is dropped. */
  onAttribute?(attributes: Map<Reply, Reply>): void;
}

export interface ReplyReaderOptions {
  /** How bulk strings are given; default "utf8". "buffer" keeps every byte. */
  strings?: "utf8" | "latin1" | "buffer";
  /** How deep arrays may nest; default 64. */
  maxDepth?: number;
  /** The largest reply, in bytes on the wire; default 1 GiB. */
  maxReplyBytes?: number;
}

/** The bytes that arrived are not RESP, or go beyond the reader's bounds. */
export class ReplyProtocolError extends Error {
  override readonly name = "ReplyProtocolError";
}

const CR = 13;
const LF = 10;
/** The longest line: a header, a simple string or an error. */
const MAX_LINE = 64 * 1024;
/** No element of an array is shorter: "_\r\n". */
const MIN_ELEMENT = 3;

const Type = {
  array: 0x2a, // *
  attribute: 0x7c, // |
  bigNumber: 0x28, // (
  boolean: 0x23, // #
  bulk: 0x24, // $
  bulkError: 0x21, // !
  double: 0x2c, // ,
  error: 0x2d, // -
  integer: 0x3a, // :
  map: 0x25, // %
  null: 0x5f, // _
  push: 0x3e, // >
  set: 0x7e, // ~
  simple: 0x2b, // +
  verbatim: 0x3d, // =
} as const;

/** An array, map, set, push or attribute whose elements are still arriving. */
interface Frame {
  type: number;
  items: Reply[];
  missing: number;
}

/** A bulk string whose bytes, the closing CR LF included, are still arriving. */
interface Partial {
  type: number;
  bytes: Buffer;
  have: number;
  need: number;
}

export class ReplyReader {
  readonly #handler: ReplyHandler;
  readonly #strings: "utf8" | "latin1" | "buffer";
  readonly #maxDepth: number;
  readonly #maxReplyBytes: number;
  readonly #frames: Frame[] = [];
  readonly #slice = new Slice();
  /** The beginning of a line, or of a bulk string's header. */
  #line: Buffer | null = null;
  #bulk: Partial | null = null;
  /** Bytes of the reply being read, up to the last whole element. */
  #replyBytes = 0;
  #stopped = false;

  constructor(handler: ReplyHandler, options: ReplyReaderOptions = {}) {
    this.#handler = handler;
    this.#strings = options.strings ?? "utf8";
    this.#maxDepth = options.maxDepth ?? 64;
    this.#maxReplyBytes = options.maxReplyBytes ?? 1024 ** 3;
  }

  /** Whether a reply has begun to arrive and is not whole yet. */
  get midReply(): boolean {
    return this.#line !== null || this.#bulk !== null || this.#frames.length > 0;
  }

  /** Nothing more is read or reported, not even the rest of a chunk that is being read: for handlers that close. */
  stop(): void {
    this.#stopped = true;
    this.#line = null;
    this.#bulk = null;
    this.#frames.length = 0;
  }

  /**
   * Reads the first `length` bytes, which stay the caller's; calls the handler for each reply that they complete.
   * @throws ReplyProtocolError
   */
  feed(bytes: Uint8Array, length = bytes.length): void {
    let input = Buffer.from(bytes.buffer, bytes.byteOffset, length);
    if (this.#line !== null) {
      input = Buffer.concat([this.#line, input]);
      this.#line = null;
    }
    let at = 0;
    while (at < input.length && !this.#stopped) {
      at = this.#bulk === null ? this.#readElement(input, at) : this.#continueBulk(this.#bulk, input, at);
    }
  }

  /** Reads the element that starts at `at`, or puts its beginning aside; returns where the next one starts. */
  #readElement(input: Buffer, at: number): number {
    const end = input.indexOf(CR, at + 1);
    if (end < 0 || end + 1 === input.length) {
      if (input.length - at > MAX_LINE) throw new ReplyProtocolError("a line of the reply is too long");
      this.#line = Buffer.from(input.subarray(at));
      return input.length;
    }
    if (end - at > MAX_LINE) throw new ReplyProtocolError("a line of the reply is too long");
    if (input[end + 1] !== LF) throw new ReplyProtocolError("expected LF after CR");
    const type = input[at]!;
    const line = this.#slice.set(input, at + 1, end);
    this.#count(end + 2 - at);
    switch (type) {
      case Type.bulk:
      case Type.bulkError:
      case Type.verbatim:
        return this.#beginBulk(type, input, end + 2);
      case Type.array:
      case Type.map:
      case Type.set:
      case Type.push:
      case Type.attribute:
        this.#beginAggregate(type);
        return end + 2;
      default:
        this.#complete(scalar(type, line));
        return end + 2;
    }
  }

  #beginBulk(type: number, input: Buffer, at: number): number {
    const length = this.#length(type);
    if (length < 0) {
      this.#complete(null);
      return at;
    }
    const need = length + 2;
    if (input.length - at >= need) {
      this.#endBulk(type, input, at, length);
      return at + need;
    }
    this.#bulk = { type, bytes: Buffer.allocUnsafe(Math.min(need, 16 * 1024)), have: 0, need };
    return at;
  }

  #continueBulk(bulk: Partial, input: Buffer, at: number): number {
    const take = Math.min(bulk.need - bulk.have, input.length - at);
    if (bulk.have + take > bulk.bytes.length) {
      // By doubling, so that a length that is only claimed costs nothing.
      const larger = Buffer.allocUnsafe(Math.min(bulk.need, Math.max(bulk.bytes.length * 2, bulk.have + take)));
      bulk.bytes.copy(larger, 0, 0, bulk.have);
      bulk.bytes = larger;
    }
    input.copy(bulk.bytes, bulk.have, at, at + take);
    bulk.have += take;
    if (bulk.have === bulk.need) {
      this.#bulk = null;
      this.#endBulk(bulk.type, bulk.bytes, 0, bulk.need - 2);
    }
    return at + take;
  }

  #endBulk(type: number, bytes: Buffer, start: number, length: number): void {
    const end = start + length;
    if (bytes[end] !== CR || bytes[end + 1] !== LF) throw new ReplyProtocolError("a bulk string does not end in CR LF");
    this.#count(length + 2);
    if (type === Type.bulkError) {
      this.#complete(replyErrorFromLine(bytes.toString("utf8", start, end)));
    } else if (type === Type.verbatim) {
      if (length < 4 || bytes[start + 3] !== 0x3a) throw new ReplyProtocolError("a verbatim string names no format");
      this.#complete(this.#string(bytes, start + 4, end));
    } else {
      this.#complete(this.#string(bytes, start, end));
    }
  }

  #string(bytes: Buffer, start: number, end: number): string | Buffer {
    if (this.#strings !== "buffer") return bytes.toString(this.#strings, start, end);
    return Buffer.from(bytes.subarray(start, end));
  }

  #beginAggregate(type: number): void {
    const count = this.#length(type);
    if (count < 0) {
      this.#complete(null);
      return;
    }
    if (type === Type.push && this.#frames.length > 0) {
      throw new ReplyProtocolError("a push inside of a reply");
    }
    const missing = type === Type.map || type === Type.attribute ? count * 2 : count;
    if (missing === 0) {
      this.#close({ type, items: [], missing });
      return;
    }
    if (this.#frames.length >= this.#maxDepth) throw new ReplyProtocolError("the reply nests too deeply");
    this.#frames.push({ type, items: [], missing });
  }

  /** The length in the header that was just read; -1 for the nulls of RESP2. */
  #length(type: number): number {
    const length = parseInteger(this.#slice);
    const nullable = type === Type.bulk || type === Type.array;
    if (length === -1 && nullable) return -1;
    if (!(length >= 0)) {
      throw new ReplyProtocolError(`invalid length '${excerpt(this.#slice)}' after '${String.fromCharCode(type)}'`);
    }
    const isString = type === Type.bulk || type === Type.verbatim || type === Type.bulkError;
    const least = isString ? length : length * MIN_ELEMENT;
    if (this.#replyBytes + least > this.#maxReplyBytes) throw this.#tooLarge();
    return length;
  }

  #count(bytes: number): void {
    this.#replyBytes += bytes;
    if (this.#replyBytes > this.#maxReplyBytes) throw this.#tooLarge();
  }

  #tooLarge(): ReplyProtocolError {
    return new ReplyProtocolError(`the reply is larger than ${this.#maxReplyBytes} bytes`);
  }

  /** A value is whole: it goes into the aggregate that waits for it, which may complete that one, or to the handler. */
  #complete(value: Reply): void {
    for (;;) {
      const frame = this.#frames.at(-1);
      if (frame === undefined) {
        this.#replyBytes = 0;
        this.#handler.onReply(value);
        return;
      }
      frame.items.push(value);
      if (--frame.missing > 0) return;
      this.#frames.pop();
      const whole = this.#whole(frame);
      if (whole === undefined) return;
      value = whole;
    }
  }

  #close(frame: Frame): void {
    const whole = this.#whole(frame);
    if (whole !== undefined) this.#complete(whole);
  }

  /** The value of an aggregate, or undefined where it is none: pushes and attributes go to the handler. */
  #whole({ type, items }: Frame): Reply | undefined {
    switch (type) {
      case Type.map:
        return pairs(items);
      case Type.set:
        return new Set(items);
      case Type.push:
        this.#replyBytes = 0;
        this.#handler.onPush(items);
        return undefined;
      case Type.attribute:
        this.#handler.onAttribute?.(pairs(items));
        return undefined;
      default:
        return items;
    }
  }
}

function pairs(items: Reply[]): Map<Reply, Reply> {
  const map = new Map<Reply, Reply>();
  for (let i = 0; i < items.length; i += 2) map.set(items[i]!, items[i + 1]!);
  return map;
}

/** A value that fits on its line. */
function scalar(type: number, line: Slice): Reply {
  switch (type) {
    case Type.simple:
      return line.utf8();
    case Type.error:
      return replyErrorFromLine(line.utf8());
    case Type.integer:
      return integer(line);
    case Type.null:
      if (line.length === 0) return null;
      break;
    case Type.boolean:
      if (line.length === 1 && line.is("T")) return true;
      if (line.length === 1 && line.is("F")) return false;
      break;
    case Type.double:
      return double(line);
    case Type.bigNumber:
      if (/^[+-]?\d+$/.test(line.latin1())) return bigInt(line.latin1());
      break;
    default:
      throw new ReplyProtocolError(`expected a reply, got ${quoted(type)}`);
  }
  throw new ReplyProtocolError(`invalid value '${excerpt(line)}' after ${quoted(type)}`);
}

function integer(line: Slice): number | bigint {
  const value = parseInteger(line);
  if (Number.isSafeInteger(value)) return value;
  const exact = parseInt64(line);
  if (exact === null) throw new ReplyProtocolError(`invalid integer '${excerpt(line)}'`);
  return exact;
}

function double(line: Slice): number {
  const value = parseDouble(line);
  if (!Number.isNaN(value)) return value;
  if (/^-?nan$/i.test(line.latin1())) return Number.NaN;
  throw new ReplyProtocolError(`invalid double '${excerpt(line)}'`);
}

/** BigInt knows "-" but not "+". */
function bigInt(digits: string): bigint {
  return BigInt(digits.startsWith("+") ? digits.slice(1) : digits);
}

/** What stood on the wire, short and printable: it ends up in logs. */
function excerpt(line: Slice): string {
  return JSON.stringify(line.latin1().slice(0, 40)).slice(1, -1);
}

function quoted(type: number): string {
  return `'${JSON.stringify(String.fromCharCode(type)).slice(1, -1)}'`;
}
