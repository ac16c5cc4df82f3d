/** The payloads of DUMP and RESTORE: type, value, version (two bytes, the lower first), checksum. */
import type { Slice } from "../base/bytes.ts";
import { Crc64 } from "../base/crc64.ts";
import { ReplyError } from "../base/reply-error.ts";
import type { Database } from "../engine/database.ts";
import type { Engine } from "../engine/engine.ts";
import type { StoredValue } from "../engine/snapshot.ts";
import type { Store } from "../engine/store.ts";
import { DEFAULT_VERSION, MAX_VERSION, RdbError, type WrittenVersion } from "./format.ts";
import { RdbInput, short } from "./input.ts";
import { CHUNK_BYTES, RdbOutput } from "./output.ts";
import { ValueReaders, ValueWriters } from "./types.ts";
import type { ReadOptions, ValueReader } from "./value.ts";

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
export function dump(engine: Engine, db: Database, key: Slice, version?: WrittenVersion): Uint8Array | null {
  const value = db.get(key);
  return value === null ? null : dumpValue(engine.store, value, version);
}

/** The payload of one value. */
export function dumpValue(store: Store, value: StoredValue, version: WrittenVersion = DEFAULT_VERSION): Uint8Array {
  const chunks: Uint8Array[] = [];
  const firstChunkBytes = value.type === "string" ? Math.min(CHUNK_BYTES, value.string.length + 32) : 1024;
  const output = new RdbOutput((chunk) => chunks.push(chunk), { compress: true, checksum: true, firstChunkBytes });
  const writer = new ValueWriters(store).of(value.type);
  output.byte(writer.form(value, version));
  writer.write(output, value, version);
  output.byte(version);
  output.byte(0);
  output.checksum();
  output.flush();
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

export interface RestoreOptions extends ReadOptions {
  readonly maxStringBytes?: number;
  /** DEBUG SET-SKIP-CHECKSUM-VALIDATION. */
  readonly skipChecksum?: boolean;
}

/**
 * Reads a payload, of ours or of a real Redis.
 * @returns  the value, whole and outside of the databases: its `store` gives it a key, its `discard` forgets it. One of the two
 *   is to be called, and before the payload's bytes change
 * @throws   payloadErrors; then there is nothing left to forget
 */
export function restore(store: Store, payload: Slice, options: RestoreOptions = {}): ValueReader {
  verify(payload, options.skipChecksum ?? false);
  const input = new RdbInput(options.maxStringBytes);
  input.set(payload.bytes, payload.start, payload.end - FOOTER_BYTES, 0);
  let value: ValueReader | undefined;
  try {
    const form = input.byte();
    value = new ValueReaders(store, options).of(form);
    if (value === undefined) throw payloadErrors.badFormat;
    for (let part = 0; !value.read(input, form, part); part++);
    if (input.left > 0 || value.empty) throw payloadErrors.badFormat;
    return value;
  } catch (error) {
    value?.discard();
    if (error === short || error instanceof RdbError) throw payloadErrors.badFormat;
    throw error;
  }
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
