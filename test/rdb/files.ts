/** RDB files made by hand, and a sink that notes what it was told. */
import { Slice } from "../../src/base/bytes.ts";
import type { SnapshotEntry } from "../../src/engine/snapshot.ts";
import type { RdbSink } from "../../src/rdb/reader.ts";
import type { KeyHeader } from "../../src/rdb/values.ts";
import { RdbWriter, type RdbWriterOptions } from "../../src/rdb/writer.ts";

export interface Entry {
  db?: number;
  key: string;
  value: string;
  expireAt?: number;
  idleSeconds?: number;
  frequency?: number;
}

/** Text here is one character a byte. */
export function bytesOf(text: string): Slice {
  return new Slice(Buffer.from(text, "latin1"));
}

export function snapshotEntry(entry: Entry): SnapshotEntry {
  return {
    db: entry.db ?? 0,
    key: bytesOf(entry.key),
    type: "string",
    expireAt: entry.expireAt ?? -1,
    idleSeconds: entry.idleSeconds ?? 0,
    frequency: entry.frequency ?? -1,
    string: bytesOf(entry.value),
    encodingInt: false,
  } as unknown as SnapshotEntry;
}

export const FIELDS = { redisVersion: "7.2.4", createdAt: 1700000000, usedMemory: 1234567 };

export function writeFile(entries: Iterable<Entry>, options: RdbWriterOptions = {}): Buffer {
  const chunks: Uint8Array[] = [];
  const writer = new RdbWriter((chunk) => chunks.push(chunk), { idle: true, ...options });
  writer.header(FIELDS);
  for (const entry of entries) writer.entry(snapshotEntry(entry));
  writer.end();
  return Buffer.concat(chunks);
}

/** Everything a file says, one line an item. */
export class Notes implements RdbSink {
  readonly lines: string[] = [];

  aux(name: Slice, value: Slice): void {
    this.lines.push(`aux ${name.latin1()}=${value.latin1()}`);
  }
  selectDb(index: number): void {
    this.lines.push(`db ${index}`);
  }
  resizeDb(size: number, expires: number): void {
    this.lines.push(`resize ${size} ${expires}`);
  }
  functionLibrary(code: Slice): void {
    this.lines.push(`function ${code.latin1()}`);
  }
  moduleAux(module: string): void {
    this.lines.push(`module ${module}`);
  }
  string(header: KeyHeader, value: Slice): void {
    const { db, key, expireAt, idleSeconds, frequency } = header;
    this.lines.push(`${db} ${key.latin1()}=${value.latin1()} @${expireAt} idle ${idleSeconds} freq ${frequency}`);
  }

  /** The keys alone. */
  get keys(): string[] {
    return this.lines.filter((line) => /^\d/.test(line));
  }
}

export function noteOf(entry: Entry): string {
  const { db = 0, key, value, expireAt = -1, idleSeconds = 0, frequency = -1 } = entry;
  return `${db} ${key}=${value} @${expireAt} idle ${frequency >= 0 ? -1 : idleSeconds} freq ${frequency}`;
}
