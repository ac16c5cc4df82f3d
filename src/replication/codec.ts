/**
 * The wire of the link between a replica and its primary. Requests are plain commands; what comes back is, in turn, lines (and
 * one bulk string, INFO), the RDB in one of its two wrappings, and then the stream of commands. `LinkReader` cuts what arrives
 * into these, whatever the size of the chunks.
 */
import { Slice, utf8 } from "../base/bytes.ts";

const EOF_MARK_BYTES = 40;

/** No line of the handshake is longer. */
const MAX_LINE_BYTES = 64 * 1024;
/** INFO replication's reply is some kilobytes. */
const MAX_BULK_BYTES = 1024 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const DOLLAR = 0x24;
const NO_BYTES = new Uint8Array(0);

/** A command as RESP. The words are one character a byte, as configurations are read. */
export function encodeCommand(words: readonly string[]): Uint8Array {
  let text = `*${words.length}\r\n`;
  for (const word of words) text += `$${word.length}\r\n${word}\r\n`;
  return Buffer.from(text, "latin1");
}

export const STREAM_PING = encodeCommand(["PING"]);
export const STREAM_GETACK = encodeCommand(["REPLCONF", "GETACK", "*"]);
export const NEWLINE = utf8("\n");

export type PsyncReply =
  | { readonly kind: "full"; readonly replid: string; readonly offset: number }
  /** Older primaries name no replid: it is the one asked for. */
  | { readonly kind: "continue"; readonly replid: string | null }
  /** It cannot serve us now but will: loading, or without a link of its own. */
  | { readonly kind: "later"; readonly text: string }
  /** It knows no PSYNC. */
  | { readonly kind: "unsupported"; readonly text: string }
  | { readonly kind: "malformed"; readonly text: string };

export function parsePsyncReply(line: string): PsyncReply {
  const words = line.split(" ");
  switch (words[0]) {
    case "+FULLRESYNC": {
      const offset = Number(words[2]);
      if (!/^[0-9a-zA-Z]{40}$/.test(words[1] ?? "") || !/^\d+$/.test(words[2] ?? "") || !Number.isSafeInteger(offset)) {
        return { kind: "malformed", text: "Master replied with wrong +FULLRESYNC syntax." };
      }
      return { kind: "full", replid: words[1]!, offset };
    }
    case "+CONTINUE":
      return { kind: "continue", replid: /^[0-9a-zA-Z]{40}$/.test(words[1] ?? "") ? words[1]! : null };
    case "-NOMASTERLINK":
    case "-LOADING":
      return { kind: "later", text: line };
    default:
      return line.startsWith("-ERR") ? { kind: "unsupported", text: line } : { kind: "malformed", text: line };
  }
}

/** How the RDB is wrapped: by its size, or up to a mark that was drawn by lot. */
export type Preamble =
  | { readonly kind: "sized"; readonly bytes: number }
  | { readonly kind: "marked"; readonly mark: string };

export function encodePreamble(preamble: Preamble): Uint8Array {
  return utf8(preamble.kind === "sized" ? `$${preamble.bytes}\r\n` : `$EOF:${preamble.mark}\r\n`);
}

/** Null for anything else. */
export function parsePreamble(line: string): Preamble | null {
  if (line.startsWith("$EOF:")) {
    const mark = line.slice(5);
    return mark.length === EOF_MARK_BYTES ? { kind: "marked", mark } : null;
  }
  if (!/^\$\d{1,15}$/.test(line)) return null;
  return { kind: "sized", bytes: Number(line.slice(1)) };
}

/** Finds the mark behind an RDB of unknown size, though it may be cut anywhere. Bytes that may be of the mark are kept back. */
export class EndMark {
  readonly #mark: Buffer;
  #held: Uint8Array = NO_BYTES;

  constructor(mark: string) {
    this.#mark = Buffer.from(mark, "latin1");
  }

  /**
   * Passes on what is surely not the mark.
   * @returns  where in `bytes` the first byte behind the mark stands, or -1 if the mark is not complete yet
   */
  feed(bytes: Uint8Array, start: number, end: number, data: (b: Uint8Array, s: number, e: number) => void): number {
    const held = this.#held.length;
    let all = bytes;
    let from = start;
    let to = end;
    if (held > 0) {
      all = new Uint8Array(held + end - start);
      all.set(this.#held);
      all.set(bytes.subarray(start, end), held);
      from = 0;
      to = all.length;
    }
    const view = Buffer.from(all.buffer, all.byteOffset + from, to - from);
    const found = view.indexOf(this.#mark);
    if (found >= 0) {
      this.#held = NO_BYTES;
      if (found > 0) data(all, from, from + found);
      return start + found + this.#mark.length - held;
    }
    const kept = this.#suffix(view);
    this.#held = new Slice(all, to - kept, to).copy();
    if (to - kept > from) data(all, from, to - kept);
    return -1;
  }

  /** The length of the longest end of `view` that the mark could begin with. */
  #suffix(view: Buffer): number {
    for (let length = Math.min(this.#mark.length - 1, view.length); length > 0; length--) {
      if (view.compare(this.#mark, 0, length, view.length - length) === 0) return length;
    }
    return 0;
  }
}

export interface LinkHandler {
  /** A line of the handshake, without its end. Empty ones, the primary's signs of life, come as "". */
  line(text: string): void;
  /** A bulk string of the handshake. */
  bulk(text: string): void;
  /** The RDB begins; `size` is -1 where only a mark tells the end. */
  rdbBegins(size: number): void;
  /** Lent until this returns. */
  rdb(bytes: Uint8Array, start: number, end: number): void;
  rdbEnds(): void;
  /** Bytes of the stream of commands, cut anywhere. Lent until this returns. */
  stream(bytes: Uint8Array, start: number, end: number): void;
  /** What cannot be: the link is of no use any more. */
  broken(why: string): void;
}

type Mode = "lines" | "bulk" | "preamble" | "sized" | "marked" | "stream" | "closed";

export class LinkReader {
  readonly #handler: LinkHandler;
  #mode: Mode = "lines";
  /** The beginning of a line or a bulk string that is not complete. */
  #partial = NO_BYTES;
  /** Bytes of the bulk string (with its CR LF) or of the sized RDB that are to come. */
  #left = 0;
  #endMark: EndMark | null = null;

  constructor(handler: LinkHandler) {
    this.#handler = handler;
  }

  get mode(): Mode {
    return this.#mode;
  }

  /** Called from the handler at +FULLRESYNC: the next line opens the RDB. */
  expectRdb(): void {
    this.#mode = "preamble";
  }

  /** Called from the handler at +CONTINUE and at the RDB's end: the rest are commands. */
  expectStream(): void {
    this.#mode = "stream";
  }

  /** Nothing is passed on any more. */
  close(): void {
    this.#mode = "closed";
  }

  feed(bytes: Uint8Array, start: number, end: number): void {
    while (start < end && this.#mode !== "closed") {
      switch (this.#mode) {
        case "lines":
        case "preamble":
          start = this.#line(bytes, start, end);
          break;
        case "bulk":
          start = this.#bulk(bytes, start, end);
          break;
        case "sized":
          start = this.#sized(bytes, start, end);
          break;
        case "marked":
          start = this.#marked(bytes, start, end);
          break;
        case "stream":
          this.#handler.stream(bytes, start, end);
          return;
      }
    }
  }

  #line(bytes: Uint8Array, start: number, end: number): number {
    const at = bytes.indexOf(LF, start);
    if (at < 0 || at >= end) {
      this.#keep(bytes, start, end);
      if (this.#partial.length > MAX_LINE_BYTES) this.#break("MASTER sent a line without an end");
      return end;
    }
    let whole = bytes.subarray(start, at);
    if (this.#partial.length > 0) {
      this.#keep(bytes, start, at);
      whole = this.#partial;
      this.#partial = NO_BYTES;
    }
    const length = whole.at(-1) === CR ? whole.length - 1 : whole.length;
    const text = Buffer.from(whole.buffer, whole.byteOffset, length).toString("latin1");
    if (this.#mode === "preamble") this.#preamble(text);
    else if (whole[0] === DOLLAR) this.#beginBulk(text);
    else this.#handler.line(text);
    return at + 1;
  }

  #beginBulk(text: string): void {
    const length = Number(text.slice(1));
    if (!Number.isInteger(length) || length < -1 || length > MAX_BULK_BYTES) {
      this.#break(`Unexpected reply from MASTER during the handshake: ${text.slice(0, 100)}`);
    } else if (length === -1) {
      this.#handler.bulk("");
    } else {
      this.#left = length + 2;
      this.#mode = "bulk";
    }
  }

  #bulk(bytes: Uint8Array, start: number, end: number): number {
    const piece = Math.min(this.#left, end - start);
    this.#keep(bytes, start, start + piece);
    this.#left -= piece;
    if (this.#left === 0) {
      const text = Buffer.from(this.#partial).toString("latin1", 0, this.#partial.length - 2);
      this.#partial = NO_BYTES;
      this.#mode = "lines";
      this.#handler.bulk(text);
    }
    return start + piece;
  }

  #preamble(text: string): void {
    if (text === "" || text[0] === "-") {
      this.#handler.line(text);
      return;
    }
    const preamble = parsePreamble(text);
    if (preamble === null) {
      this.#break(
        `Bad protocol from MASTER, the first byte is not '$' (we received '${text.slice(0, 100)}'), ` +
          "are you sure the host and port are right?",
      );
      return;
    }
    if (preamble.kind === "marked") {
      this.#endMark = new EndMark(preamble.mark);
      this.#mode = "marked";
      this.#handler.rdbBegins(-1);
      return;
    }
    this.#left = preamble.bytes;
    this.#mode = "sized";
    this.#handler.rdbBegins(preamble.bytes);
    if (preamble.bytes === 0) this.#handler.rdbEnds();
  }

  #sized(bytes: Uint8Array, start: number, end: number): number {
    const piece = Math.min(this.#left, end - start);
    this.#left -= piece;
    this.#handler.rdb(bytes, start, start + piece);
    if (this.#left === 0 && this.#mode === "sized") this.#handler.rdbEnds();
    return start + piece;
  }

  #marked(bytes: Uint8Array, start: number, end: number): number {
    const next = this.#endMark!.feed(bytes, start, end, this.#handler.rdb.bind(this.#handler));
    if (next < 0) return end;
    this.#endMark = null;
    if (this.#mode === "marked") this.#handler.rdbEnds();
    return next;
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    const kept = new Uint8Array(this.#partial.length + end - start);
    kept.set(this.#partial);
    kept.set(bytes.subarray(start, end), this.#partial.length);
    this.#partial = kept;
  }

  #break(why: string): void {
    this.#mode = "closed";
    this.#handler.broken(why);
  }
}
