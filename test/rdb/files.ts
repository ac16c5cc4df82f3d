/** RDB files made by hand, and a sink that notes what it was told. */
import { Slice } from "../../src/base/bytes.ts";
import { Policy } from "../../src/engine/policy.ts";
import type { SnapshotEntry } from "../../src/engine/snapshot.ts";
import { Store } from "../../src/engine/store.ts";
import type { RdbInput } from "../../src/rdb/input.ts";
import { StringSlot } from "../../src/rdb/input.ts";
import type { RdbSink } from "../../src/rdb/reader.ts";
import type { KeyHeader, ValueReader } from "../../src/rdb/value.ts";
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
    root: 0,
  };
}

export const FIELDS = { redisVersion: "7.2.4", createdAt: 1700000000, usedMemory: 1234567 };

export function writeFile(entries: Iterable<Entry>, options: RdbWriterOptions = {}): Buffer {
  const chunks: Uint8Array[] = [];
  const writer = new RdbWriter((chunk) => chunks.push(chunk), STORE, { idle: true, ...options });
  writer.header(FIELDS);
  for (const entry of entries) writer.entry(snapshotEntry(entry));
  writer.end();
  return Buffer.concat(chunks);
}

/** Strings need no store. */
const STORE = new Store(() => 0, new Policy());

/** Reads strings, and lists of old element by element. */
class NotedValue implements ValueReader {
  readonly empty = false;
  texts: string[] = [];
  readonly #slot = new StringSlot();
  #left = 0;

  read(input: RdbInput, form: number, part: number): boolean {
    if (part === 0) this.texts = [];
    if (part === 0 && form === 1) this.#left = input.plainLength();
    else {
      this.texts.push(input.string(this.#slot).latin1());
      this.#left--;
    }
    return form === 0 || this.#left === 0;
  }

  store(): void {}
  discard(): void {}
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
  readonly #value = new NotedValue();
  value(header: KeyHeader): ValueReader | undefined {
    return header.type <= 1 ? this.#value : undefined;
  }
  key(header: KeyHeader): void {
    const { db, key, expireAt, idleSeconds, frequency } = header;
    for (const text of this.#value.texts) {
      this.lines.push(`${db} ${key.latin1()}=${text} @${expireAt} idle ${idleSeconds} freq ${frequency}`);
    }
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
