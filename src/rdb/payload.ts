/** The payloads of DUMP and RESTORE: type, value, version (two bytes, the lower first), checksum. */
import { Slice } from "../base/bytes.ts";
import { Crc64 } from "../base/crc64.ts";
import { ReplyError } from "../base/reply-error.ts";
import type { Database } from "../engine/database.ts";
import { DEFAULT_VERSION, MAX_VERSION, RdbError, type WrittenVersion } from "./format.ts";
import { RdbInput, short } from "./input.ts";
import { CHUNK_BYTES, RdbOutput } from "./output.ts";
import { KeyHeader, VALUE_ROWS, type ValueSink } from "./values.ts";
import { typeNumber, type ValueEntry, writeValue } from "./writer.ts";

const FOOTER_BYTES = 10;

export const payloadErrors = {
  /** Also for a version above ours. */
  wrongChecksum: new ReplyError("ERR", "DUMP payload version or checksum are wrong"),
  badFormat: new ReplyError("ERR", "Bad data format"),
};

/**
 * What DUMP answers.
 * @returns  the payload, or null if there is no such key
 */
export function dump(db: Database, key: Slice, version: WrittenVersion = DEFAULT_VERSION): Uint8Array | null {
  const string = db.getString(key);
  return string === null ? null : dumpValue({ type: "string", string }, version);
}

/** The payload of one value. */
export function dumpValue(value: ValueEntry, version: WrittenVersion = DEFAULT_VERSION): Uint8Array {
  const chunks: Uint8Array[] = [];
  const firstChunkBytes = Math.min(CHUNK_BYTES, value.string.length + 32);
  const output = new RdbOutput((chunk) => chunks.push(chunk), { compress: true, checksum: true, firstChunkBytes });
  output.byte(typeNumber(value));
  writeValue(output, value);
  output.byte(version);
  output.byte(0);
  output.checksum();
  output.flush();
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** What a payload holds. The slice lies in the payload or in space that the next `restore` uses again. */
export class RestoredValue implements ValueSink {
  readonly type = "string";
  readonly bytes = new Slice();

  string(_header: KeyHeader, value: Slice): void {
    this.bytes.set(value.bytes, value.start, value.end);
  }

  /** Puts it at `key`, in the place of whatever is there. */
  store(db: Database, key: Slice): void {
    db.setString(key, this.bytes);
  }
}

export interface RestoreOptions {
  readonly maxStringBytes?: number;
  /** DEBUG SET-SKIP-CHECKSUM-VALIDATION. */
  readonly skipChecksum?: boolean;
}

const header = new KeyHeader();
const value = new RestoredValue();

/**
 * Reads a payload, of ours or of a real Redis. Nothing is stored yet: `store` on the answer does that.
 * @throws  payloadErrors
 */
export function restore(payload: Slice, options: RestoreOptions = {}): RestoredValue {
  verify(payload, options.skipChecksum ?? false);
  const input = new RdbInput(options.maxStringBytes);
  input.set(payload.bytes, payload.start, payload.end - FOOTER_BYTES, 0);
  try {
    const row = VALUE_ROWS[input.byte()];
    if (row === undefined) throw payloadErrors.badFormat;
    for (let part = 0; !row(input, header, value, part); part++);
  } catch (error) {
    if (error === short || error instanceof RdbError) throw payloadErrors.badFormat;
    throw error;
  }
  if (input.left > 0) throw payloadErrors.badFormat;
  return value;
}

function verify(payload: Slice, skipChecksum: boolean): void {
  const { bytes, start, end } = payload;
  const footer = end - FOOTER_BYTES;
  if (footer < start) throw payloadErrors.wrongChecksum;
  if ((bytes[footer]! | (bytes[footer + 1]! << 8)) > MAX_VERSION) throw payloadErrors.wrongChecksum;
  if (skipChecksum) return;
  const crc = new Crc64();
  crc.update(bytes, start, end - 8);
  if (!crc.matches(bytes, end - 8)) throw payloadErrors.wrongChecksum;
}
