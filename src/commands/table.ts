/** All commands a server knows, found by the bytes of their name without making a string of them. */
import type { Slice } from "../base/bytes.ts";
import type { CommandRow } from "./call.ts";

interface Named {
  readonly name: string;
  readonly row: CommandRow;
}

export interface Rename {
  readonly from: string;
  /** "" takes the command away. */
  readonly to: string;
}

/** A rename that cannot be; `message` is Redis' reason. */
export class BadRename extends Error {
  constructor(
    readonly rename: Rename,
    reason: string,
  ) {
    super(reason);
  }
}

export class CommandTable {
  /** By the name that clients call them by. */
  readonly rows: ReadonlyMap<string, CommandRow>;
  /** By their own names, those that were renamed or taken away among them: what rules (ACL) speak of. */
  readonly original: ReadonlyMap<string, CommandRow>;
  /** Ids are below it. */
  readonly idCount: number;
  readonly #buckets: (Named[] | undefined)[];
  readonly #mask: number;

  /**
   * Rows are copied, since each server counts for itself. Of two rows of one name the later counts.
   * @param families  as `family` made them
   * @param renames  `rename-command`: what is called otherwise, or (by "") not at all; the row keeps its own name
   * @throws BadRename
   */
  constructor(families: readonly (readonly CommandRow[])[], renames: readonly Rename[] = []) {
    const rows = new Map<string, CommandRow>();
    for (const row of families.flat()) rows.set(row.name, row);
    let ids = 0;
    for (const [name, row] of rows)
      rows.set(
        name,
        fresh(row, () => ids++),
      );
    this.original = new Map(rows);
    this.idCount = ids;
    for (const rename of renames) apply(rename, rows);
    this.rows = rows;
    let size = 64;
    while (size < rows.size * 4) size *= 2;
    this.#mask = size - 1;
    this.#buckets = new Array(size);
    for (const [name, row] of rows) {
      const bytes = Buffer.from(name, "latin1");
      (this.#buckets[hashName(bytes, 0, bytes.length) & this.#mask] ??= []).push({ name, row });
    }
  }

  /** The row of that name, in any case; undefined if there is none. */
  find(name: Slice): CommandRow | undefined {
    const bucket = this.#buckets[hashName(name.bytes, name.start, name.end) & this.#mask];
    if (bucket === undefined) return undefined;
    for (let i = 0; i < bucket.length; i++) if (hasName(bucket[i]!.name, name)) return bucket[i]!.row;
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

function apply(rename: Rename, rows: Map<string, CommandRow>): void {
  const from = rename.from.toLowerCase();
  const to = rename.to.toLowerCase();
  const row = rows.get(from);
  if (row === undefined) throw new BadRename(rename, "No such command in rename-command");
  rows.delete(from);
  if (to === "") return;
  if (rows.has(to)) throw new BadRename(rename, "Target command name already exists");
  rows.set(to, row);
}

function fresh(row: CommandRow, takeId: () => number): CommandRow {
  return {
    ...row,
    id: takeId(),
    stats: { calls: 0, micros: 0, rejected: 0, failed: 0, histogram: new Float64Array(row.stats.histogram.length) },
    subcommands: row.subcommands && new Map([...row.subcommands].map(([name, below]) => [name, fresh(below, takeId)])),
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
