/** From the start of the process to the first answer: as a clock sees it, and the processor time it took. */
import { type Contender, RunningServer } from "./contender.ts";
import { median } from "./statistics.ts";
import { formatTable } from "./table.ts";

export interface StartupResult {
  readonly name: string;
  readonly medianMs: number;
  readonly slowestMs: number;
  readonly cpuMs: number;
}

export async function measureStartup(contenders: readonly Contender[], quick: boolean): Promise<StartupResult[]> {
  const times = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  const cpu = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < (quick ? 5 : 15); round++) {
    for (const contender of contenders) {
      const server = await RunningServer.start(contender);
      times.get(contender.name)!.push(server.readyMs);
      cpu.get(contender.name)!.push(server.cpuMicros() / 1000);
      await server.stop();
    }
  }
  return [...times].map(([name, list]) => ({
    name,
    medianMs: median(list),
    slowestMs: Math.max(...list),
    cpuMs: median(cpu.get(name)!),
  }));
}

export function startupTable(results: readonly StartupResult[]): string {
  return formatTable(
    ["start to first answer, ms", "median", "slowest", "CPU"],
    results.map(({ name, medianMs, slowestMs, cpuMs }) => [
      name,
      ...[medianMs, slowestMs, cpuMs].map((ms) => ms.toFixed(0)),
    ]),
  );
}
