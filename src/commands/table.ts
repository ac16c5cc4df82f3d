/** All commands a server knows, found by the bytes of their name without making a string of them. */
import type { Slice } from "../base/bytes.ts";
import type { CommandRow } from "./call.ts";

export class CommandTable {
  readonly rows: ReadonlyMap<string, CommandRow>;
  readonly #buckets: (CommandRow[] | undefined)[];
  readonly #mask: number;

  /**
   * Rows are copied, since each server counts for itself. Of two rows of one name the later counts.
   * @param families  as `family` made them
   */
  constructor(families: readonly (readonly CommandRow[])[]) {
    const rows = new Map<string, CommandRow>();
    for (const row of families.flat()) rows.set(row.name, fresh(row));
    this.rows = rows;
    let size = 64;
    while (size < rows.size * 4) size *= 2;
    this.#mask = size - 1;
    this.#buckets = new Array(size);
    for (const row of rows.values()) {
      const name = Buffer.from(row.name, "latin1");
      (this.#buckets[hashName(name, 0, name.length) & this.#mask] ??= []).push(row);
    }
  }

  /** The row of that name, in any case; undefined if there is none. */
  find(name: Slice): CommandRow | undefined {
    const bucket = this.#buckets[hashName(name.bytes, name.start, name.end) & this.#mask];
    if (bucket === undefined) return undefined;
    for (let i = 0; i < bucket.length; i++) if (hasName(bucket[i]!.name, name)) return bucket[i];
    return undefined;
  }

  /** By text, `container|subcommand` included. */
  get(name: string): CommandRow | undefined {
    const [container, subcommand] = name.toLowerCase().split("|");
    const row = this.rows.get(container!);
    return subcommand === undefined ? row : row?.subcommands?.get(subcommand);
  }

  /** Every row, subcommands after their container. */
  *all(): Generator<CommandRow> {
    for (const row of this.rows.values()) {
      yield row;
      if (row.subcommands) yield* row.subcommands.values();
    }
  }
}

function fresh(row: CommandRow): CommandRow {
  return {
    ...row,
    stats: { calls: 0, micros: 0, rejected: 0, failed: 0, histogram: new Float64Array(row.stats.histogram.length) },
    subcommands: row.subcommands && new Map([...row.subcommands].map(([name, below]) => [name, fresh(below)])),
  };
}

/** Over the length and all letters, whatever their case. */
function hashName(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let i = start; i < end && i < start + 24; i++) hash = (Math.imul(hash, 31) + (bytes[i]! | 0x20)) | 0;
  return hash ^ (hash >>> 7);
}

function hasName(name: string, slice: Slice): boolean {
  const { bytes, start, end } = slice;
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    let byte = bytes[start + i]!;
    if (byte >= 0x41 && byte <= 0x5a) byte += 32;
    if (byte !== name.charCodeAt(i)) return false;
  }
  return true;
}
