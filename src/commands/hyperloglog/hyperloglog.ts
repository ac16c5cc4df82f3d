/**
 * A HyperLogLog: a string that counts distinct elements in at most 12 KiB, with an error of 0.81 %. The string is Redis' own,
 * to the byte:
 *
 *   "HYLL"   form (0 dense, 1 sparse)   3 bytes   the cardinality as counted last, 8 bytes, lowest first   registers
 *
 * The highest bit of the cardinality says that it is not known any more. `dense.ts` and `sparse.ts` have the two forms of the
 * registers, `murmur.ts` tells which of them an element raises, `estimate.ts` makes a number of them all.
 */
import type { Slice } from "../../base/bytes.ts";
import { ReplyError } from "../../base/reply-error.ts";
import { DENSE_BYTES, getRegister, REGISTERS, raiseRegister, setRegister } from "./dense.ts";
import { estimate } from "./estimate.ts";
import { locate, place } from "./murmur.ts";
import { type Editable, EMPTY_RUNS, forEachRun, raise } from "./sparse.ts";

export const HEADER = 16;
export const DENSE = 0;
const SPARSE = 1;
const MAGIC = [0x48, 0x59, 0x4c, 0x4c];
const FORM = 4;
const CARDINALITY = 8;
const DENSE_LENGTH = HEADER + DENSE_BYTES;
export const EMPTY_LENGTH = HEADER + EMPTY_RUNS.length;

const notHyperLogLog = new ReplyError("WRONGTYPE", "Key is not a valid HyperLogLog string value.");
export const corrupt = new ReplyError("INVALIDOBJ", "Corrupted HLL object detected");

/** @throws notHyperLogLog */
export function check({ bytes, start, length }: Slice): void {
  if (length < HEADER) throw notHyperLogLog;
  for (let i = 0; i < MAGIC.length; i++) if (bytes[start + i] !== MAGIC[i]) throw notHyperLogLog;
  if (bytes[start + FORM]! > SPARSE) throw notHyperLogLog;
  if (bytes[start + FORM] === DENSE && length !== DENSE_LENGTH) throw notHyperLogLog;
}

export function isDense({ bytes, start }: { readonly bytes: Uint8Array; readonly start: number }): boolean {
  return bytes[start + FORM] === DENSE;
}

/** Fills in a string of EMPTY_LENGTH. */
export function makeEmpty({ bytes, start, end }: Editable): void {
  bytes.fill(0, start, end);
  bytes.set(MAGIC, start);
  bytes[start + FORM] = SPARSE;
  bytes.set(EMPTY_RUNS, start + HEADER);
}

/**
 * Adds an element; whether a register has changed.
 * @param maxBytes  how long the sparse form may become: hll-sparse-max-bytes
 * @throws corrupt
 */
export function add(text: Editable, element: Slice, maxBytes: number): boolean {
  locate(element);
  return raiseOne(text, place.register, place.run, maxBytes);
}

function raiseOne(text: Editable, register: number, value: number, maxBytes: number): boolean {
  if (!isDense(text)) {
    const raised = raise(text, HEADER, register, value, maxBytes);
    if (raised === "corrupt") throw corrupt;
    if (raised === "yes") forgetCardinality(text);
    if (raised !== "dense") return raised === "yes";
    toDense(text);
  }
  return raiseRegister(text.bytes, text.start + HEADER, register, value);
}

const scratch = new Uint8Array(DENSE_BYTES);

/** Gives the string the dense form. @throws corrupt, and nothing changed */
export function toDense(text: Editable): void {
  if (isDense(text)) return;
  scratch.fill(0);
  const whole = forEachRun(text.bytes, text.start + HEADER, text.end, (value, length, first) => {
    if (value > 0) for (let i = 0; i < length; i++) setRegister(scratch, 0, first + i, value);
  });
  if (!whole) throw corrupt;
  text.setLength(DENSE_LENGTH);
  text.bytes[text.start + FORM] = DENSE;
  text.bytes.set(scratch, text.start + HEADER);
}

/** The registers of several as one: the greatest value of each. */
export class Union {
  /** One byte each. */
  readonly registers = new Uint8Array(REGISTERS);

  /** @throws corrupt */
  merge({ bytes, start, end }: { bytes: Uint8Array; start: number; end: number }): void {
    const { registers } = this;
    if (isDense({ bytes, start })) {
      for (let i = 0; i < REGISTERS; i++) {
        const value = getRegister(bytes, start + HEADER, i);
        if (value > registers[i]!) registers[i] = value;
      }
      return;
    }
    const whole = forEachRun(bytes, start + HEADER, end, (value, length, first) => {
      for (let i = first; i < first + length; i++) if (value > registers[i]!) registers[i] = value;
    });
    if (!whole) throw corrupt;
  }

  /** Makes the registers of `text` at least these. @throws corrupt */
  writeTo(text: Editable, maxBytes: number): void {
    for (let i = 0; i < REGISTERS; i++) {
      const value = this.registers[i]!;
      if (value > 0) raiseOne(text, i, value, maxBytes);
    }
  }

  count(): number {
    histogram.fill(0);
    for (const value of this.registers) histogram[value]!++;
    return estimate(histogram);
  }
}

const histogram = new Int32Array(64);

/** The cardinality as it follows from the registers. @throws corrupt */
export function count(text: { bytes: Uint8Array; start: number; end: number }): number {
  histogram.fill(0);
  const start = text.start + HEADER;
  if (isDense(text)) for (let i = 0; i < REGISTERS; i++) histogram[getRegister(text.bytes, start, i)]!++;
  else {
    const whole = forEachRun(text.bytes, start, text.end, (value, length) => {
      histogram[value]! += length;
    });
    if (!whole) throw corrupt;
  }
  return estimate(histogram);
}

/** The cardinality as it was counted last; null if it has to be counted. */
export function knownCardinality({ bytes, start }: Slice): bigint | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start + CARDINALITY, 8);
  const value = view.getBigInt64(0, true);
  return value < 0n ? null : value;
}

export function keepCardinality({ bytes, start }: Slice, cardinality: bigint): void {
  new DataView(bytes.buffer, bytes.byteOffset + start + CARDINALITY, 8).setBigInt64(0, cardinality, true);
}

export function forgetCardinality({ bytes, start }: { bytes: Uint8Array; start: number }): void {
  bytes[start + CARDINALITY + 7]! |= 0x80;
}
