/** Resident bytes a key: how much larger the process is with a million of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Contender, RunningServer } from "./contender.ts";
import { load } from "./pauses.ts";
import { median } from "./statistics.ts";
import { formatTable, grouped } from "./table.ts";

export interface MemoryResult {
  readonly name: string;
  readonly keys: number;
  readonly emptyBytes: number;
  readonly bytesPerKey: number;
}

const KEYS = 1_000_000;

export async function measureMemory(contenders: readonly Contender[], quick: boolean): Promise<MemoryResult[]> {
  const results: MemoryResult[] = [];
  for (const contender of contenders) {
    const empty: number[] = [];
    const perKey: number[] = [];
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      const server = await RunningServer.start(contender);
      try {
        await sleep(300);
        const before = server.residentBytes();
        await load(server.port, 0, KEYS, 0);
        await sleep(1000);
        empty.push(before);
        perKey.push((server.residentBytes() - before) / KEYS);
      } finally {
        await server.stop();
      }
    }
    results.push({ name: contender.name, keys: KEYS, emptyBytes: median(empty), bytesPerKey: median(perKey) });
  }
  return results;
}

export function memoryTable(results: readonly MemoryResult[]): string {
  return formatTable(
    ["1 M keys of 16 + 64 bytes", "empty, MB", "bytes a key"],
    results.map(({ name, emptyBytes, bytesPerKey }) => [name, (emptyBytes / 1e6).toFixed(1), grouped(bytesPerKey)]),
  );
}
