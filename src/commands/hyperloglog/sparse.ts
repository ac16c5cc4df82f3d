/**
 * The sparse form: the registers as runs of the same value, for as long as most are zero.
 *
 *   00zzzzzz            ZERO: 1 to 64 registers that are zero
 *   01zzzzzz zzzzzzzz   XZERO: 1 to 16384 of them
 *   1vvvvvcc            VAL: 1 to 4 registers of a value from 1 to 32
 *
 * What `raise` does to the runs, and in which order, decides about the bytes: it is what Redis does, so that equal commands
 * make equal strings.
 */
import { REGISTERS } from "./dense.ts";

/** A string that can be changed in place, as `StringValue` is. */
export interface Editable {
  bytes: Uint8Array;
  start: number;
  end: number;
  readonly length: number;
  /** What is new is arbitrary. */
  setLength(length: number): void;
}

const ZERO_MAX = 64;
const VALUE_RUN_MAX = 4;
/** The greatest value that a run can have. */
export const SPARSE_MAX_VALUE = 32;
/** How many runs are looked at for neighbours that can be joined. */
const JOIN_RUNS = 5;

/** The run at a place: set by `readRun`. */
export const run = { value: 0, length: 0, bytes: 1 };

/** Reads the run at `at` of a string that ends at `end`. */
export function readRun(bytes: Uint8Array, at: number, end: number): void {
  const code = bytes[at]!;
  run.bytes = 1;
  run.value = 0;
  if (code >= 0x80) {
    run.value = ((code >>> 2) & 0x1f) + 1;
    run.length = (code & 3) + 1;
  } else if (code < 0x40) run.length = code + 1;
  else {
    run.length = (((code & 0x3f) << 8) | (at + 1 < end ? bytes[at + 1]! : 0)) + 1;
    run.bytes = 2;
  }
}

/**
 * Shows each run to `visit`, with the first register of it.
 * @returns  whether the runs make up exactly all registers; at one that goes beyond it ends
 */
export function forEachRun(
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (value: number, length: number, first: number) => void,
): boolean {
  let first = 0;
  for (let at = start; at < end; at += run.bytes) {
    readRun(bytes, at, end);
    if (first + run.length > REGISTERS) return false;
    visit(run.value, run.length, first);
    first += run.length;
  }
  return first === REGISTERS;
}

/** The string's bytes behind its header for registers that are all zero. */
export const EMPTY_RUNS = [0x40 | ((REGISTERS - 1) >>> 8), (REGISTERS - 1) & 0xff] as const;

const valueCode = (value: number, length: number): number => 0x80 | ((value - 1) << 2) | (length - 1);

/** What takes the place of a run: at most five bytes. */
const pieces = new Uint8Array(5);
let pieceBytes = 0;

/** "dense": it takes the other form to say so. "corrupt": the runs do not reach that far. */
export type Raised = "no" | "yes" | "dense" | "corrupt";

/**
 * Makes a register at least `value`.
 * @param header  bytes in front of the runs
 * @param maxBytes  how long the string may become
 */
export function raise(text: Editable, header: number, register: number, value: number, maxBytes: number): Raised {
  if (value > SPARSE_MAX_VALUE) return "dense";
  const { bytes, end } = text;
  const start = text.start + header;
  let at = start;
  let before = start;
  let first = 0;
  for (; at < end; at += run.bytes) {
    readRun(bytes, at, end);
    if (register < first + run.length) break;
    before = at;
    first += run.length;
  }
  if (at >= end) return "corrupt";
  if (run.value >= value) return "no";
  if (run.length === 1 && run.bytes === 1) bytes[at] = valueCode(value, 1);
  else {
    const old = run.bytes;
    splitRun(register - first, value);
    const growth = pieceBytes - old;
    if (growth > 0 && text.length + growth > maxBytes) return "dense";
    const place = at - text.start;
    substitute(text, place, old);
    before += text.start - (start - header);
  }
  joinRuns(text, before);
  return "yes";
}

/** Cuts the run just read in three: what comes before the register, the register, what comes after. */
function splitRun(before: number, value: number): void {
  const old = run.value;
  const after = run.length - before - 1;
  pieceBytes = 0;
  writePiece(old, before);
  writePiece(value, 1);
  writePiece(old, after);
}

function writePiece(value: number, length: number): void {
  if (length === 0) return;
  if (value > 0) pieces[pieceBytes++] = valueCode(value, length);
  else if (length <= ZERO_MAX) pieces[pieceBytes++] = length - 1;
  else {
    pieces[pieceBytes++] = 0x40 | ((length - 1) >>> 8);
    pieces[pieceBytes++] = (length - 1) & 0xff;
  }
}

/** Puts `pieces` where `old` bytes are, from the string's byte `place` on. */
function substitute(text: Editable, place: number, old: number): void {
  const { length } = text;
  const growth = pieceBytes - old;
  if (growth > 0) text.setLength(length + growth);
  const at = text.start + place;
  // An XZERO that ends the string may lack its second byte: then there is nothing behind it.
  const tail = Math.min(place + old, length);
  if (growth !== 0) text.bytes.copyWithin(text.start + tail + growth, text.start + tail, text.start + length);
  for (let i = 0; i < pieceBytes; i++) text.bytes[at + i] = pieces[i]!;
  if (growth < 0) text.setLength(length + growth);
}

/** Joins neighbours of the same value where one run can say it, from `at` on. */
function joinRuns(text: Editable, at: number): void {
  const { bytes } = text;
  const from = text.end;
  let end = from;
  for (let runs = JOIN_RUNS; at < end && runs > 0; runs--) {
    const code = bytes[at]!;
    if (code < 0x80) {
      at += code < 0x40 ? 1 : 2;
      continue;
    }
    const next = at + 1 < end ? bytes[at + 1]! : 0;
    const length = (code & 3) + (next & 3) + 2;
    if ((next & 0xfc) === (code & 0xfc) && length <= VALUE_RUN_MAX) {
      // The joined run stays where it is, to be joined with the next one too.
      bytes[at + 1] = (code & 0xfc) | (length - 1);
      bytes.copyWithin(at, at + 1, end);
      end--;
    } else at++;
  }
  if (end < from) text.setLength(end - text.start);
}
