/** IDs in requests and replies. */
import { Slice } from "../../base/bytes.ts";
import { ReplyError } from "../../base/reply-error.ts";
import { ID_TEXT_BYTES, parseId as readId, StreamId } from "../../engine/stream/id.ts";
import type { ReplyWriter } from "../../resp/reply-writer.ts";

export const MIN_ID: StreamId = new StreamId();
export const MAX_ID: StreamId = new StreamId().setMax();

const invalidId = new ReplyError("ERR", "Invalid stream ID specified as stream command argument");
const invalidStart = new ReplyError("ERR", "invalid start ID for the interval");
const invalidEnd = new ReplyError("ERR", "invalid end ID for the interval");

const MINUS = 0x2d;
const PLUS = 0x2b;
const OPEN = 0x28;

/** Whether the word is this one character. */
export function isCharacter({ bytes, start, end }: Slice, character: number): boolean {
  return end === start + 1 && bytes[start] === character;
}

/** An ID in full or its milliseconds alone, for the first ID of them. @throws invalidId */
export function parseId(text: Slice, into: StreamId): StreamId {
  if (!isId(text, into)) throw invalidId;
  return into;
}

/** As `parseId`, without an error. */
export function isId(text: Slice, into: StreamId): boolean {
  const said = readId(text, into);
  return said === "whole" || said === "no sequence";
}

/** As `parseId`; "-" and "+" are the smallest and the greatest. */
export function parseIdOrEdge(text: Slice, into: StreamId): StreamId {
  if (isCharacter(text, MINUS)) return into.setMin();
  return isCharacter(text, PLUS) ? into.setMax() : parseId(text, into);
}

/** An ID for XADD. @returns whether it says its sequence: else it is `ms-*` */
export function parseNewId(text: Slice, into: StreamId): boolean {
  const said = readId(text, into);
  if (said === "invalid") throw invalidId;
  return said !== "any sequence";
}

/** The beginning of a range: "(" leaves the ID itself out. */
export function parseStart(text: Slice, into: StreamId): StreamId {
  const inner = withoutParenthesis(text);
  if (inner === null) return parseIdOrEdge(text, into);
  if (!parseId(inner, into).increment()) throw invalidStart;
  return into;
}

/** The end of a range. Milliseconds alone mean the last ID of them, or without them where they are left out. */
export function parseEnd(text: Slice, into: StreamId): StreamId {
  const inner = withoutParenthesis(text);
  if (inner === null && isCharacter(text, PLUS)) return into.setMax();
  if (inner === null && isCharacter(text, MINUS)) return into.setMin();
  const said = readId(inner ?? text, into);
  if (said === "no sequence") into.set(into.msHigh, into.msLow, -1, -1);
  else if (said !== "whole") throw invalidId;
  if (inner !== null && !into.decrement()) throw invalidEnd;
  return into;
}

const inside = new Slice();

function withoutParenthesis({ bytes, start, end }: Slice): Slice | null {
  return end - start > 1 && bytes[start] === OPEN ? inside.set(bytes, start + 1, end) : null;
}

const scratch = new Uint8Array(ID_TEXT_BYTES);

export function replyId(reply: ReplyWriter, id: StreamId): void {
  reply.bulkBytes(scratch, 0, id.writeText(scratch, 0));
}

/** Room for any ID as a bulk string: `$41`, the text, and two line ends. */
const HELD_BYTES = ID_TEXT_BYTES + 7;

/** Keeps a place for an ID that is known later. */
export function holdId(reply: ReplyWriter): number {
  return reply.hold(HELD_BYTES);
}

export function fillId(reply: ReplyWriter, held: number, id: StreamId): void {
  const text = id.toString();
  const bulk = Buffer.from(`$${text.length}\r\n${text}\r\n`, "latin1");
  reply.fill(held, HELD_BYTES, bulk, bulk.length);
}

/** A place for an ID as a word of an outcome: one for each that a command names. */
export class IdWord {
  readonly #bytes = new Uint8Array(ID_TEXT_BYTES);
  readonly #slice = new Slice();

  of(id: StreamId): Slice {
    return this.#slice.set(this.#bytes, 0, id.writeText(this.#bytes, 0));
  }
}

/** Several IDs of one request, in objects that are used again. */
export class IdList {
  readonly ids: StreamId[] = [];

  /** The object of this index, whatever it says. */
  at(index: number): StreamId {
    while (this.ids.length <= index) this.ids.push(new StreamId());
    return this.ids[index]!;
  }
}
