/** From the start of the process to the first answer. */
import { type Contender, RunningServer } from "./contender.ts";
import { median } from "./statistics.ts";
import { formatTable } from "./table.ts";

export interface StartupResult {
  readonly name: string;
  readonly medianMs: number;
  readonly slowestMs: number;
}

export async function measureStartup(contenders: readonly Contender[], quick: boolean): Promise<StartupResult[]> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < (quick ? 5 : 15); round++) {
    for (const contender of contenders) {
      const server = await RunningServer.start(contender);
      times.get(contender.name)!.push(server.readyMs);
      await server.stop();
    }
  }
  return [...times].map(([name, list]) => ({ name, medianMs: median(list), slowestMs: Math.max(...list) }));
}

export function startupTable(results: readonly StartupResult[]): string {
  return formatTable(
    ["start to first answer, ms", "median", "slowest"],
    results.map(({ name, medianMs, slowestMs }) => [name, medianMs.toFixed(0), slowestMs.toFixed(0)]),
  );
}
