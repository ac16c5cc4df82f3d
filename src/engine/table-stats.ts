import type { Arena } from "../memory/arena.ts";

/** A table whose elements hang in chains, by their first words. */
export interface StatedTable {
  readonly size: number;
  readonly buckets: number;
  chain(bucket: number): number;
  /** Of a table that moves to another when it resizes. */
  readonly target?: unknown;
  readonly moved?: number;
}

export interface TableStats {
  readonly size: number;
  readonly buckets: number;
  /** How many buckets have a chain of that length; the last counts all longer ones. */
  readonly chains: readonly number[];
  readonly resizing: boolean;
  /** How many buckets a running resize has moved. */
  readonly moved: number;
  /** As DEBUG HTSTATS prints it. */
  readonly text: string;
}

const LONGEST = 50;

export function tableStats(table: StatedTable, arena: Arena): TableStats {
  const chains = new Array<number>(LONGEST).fill(0);
  for (let bucket = 0; bucket < table.buckets; bucket++) {
    let length = 0;
    for (let ref = table.chain(bucket); ref !== 0; ref = arena.i32[ref >>> 20]![(ref & 0xfffff) << 2]!) length++;
    chains[Math.min(length, LONGEST - 1)]!++;
  }
  return {
    size: table.size,
    buckets: table.buckets,
    chains,
    resizing: (table.target ?? null) !== null,
    moved: table.moved ?? 0,
    text: describe(table, chains),
  };
}

function describe(table: StatedTable, chains: number[]): string {
  if (table.size === 0) return "No stats available for empty dictionaries\n";
  const used = table.buckets - chains[0]!;
  const lines = [
    "Hash table 0 stats (main hash table):",
    ` table size: ${table.buckets}`,
    ` number of elements: ${table.size}`,
    ` different slots: ${used}`,
    ` max chain length: ${chains.findLastIndex((count) => count > 0)}`,
    ` avg chain length (counted): ${(table.size / used).toFixed(2)}`,
    ` avg chain length (computed): ${(table.size / used).toFixed(2)}`,
    " Chain length distribution:",
  ];
  chains.forEach((count, length) => {
    if (count === 0) return;
    const name = length === LONGEST - 1 ? ">= " : "";
    lines.push(`   ${name}${length}: ${count} (${((100 * count) / table.buckets).toFixed(2)}%)`);
  });
  return `${lines.join("\n")}\n`;
}
