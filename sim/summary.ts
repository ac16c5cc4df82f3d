/** What many seeds together say. */
import type { Verdict } from "./run.ts";

/** A verdict as it travels between processes; the counts are missing if the run itself failed. */
export interface SeedReport extends Partial<Omit<Verdict, "world" | "violations">> {
  readonly seed: number;
  readonly violations: readonly string[];
}

export function summaryOf({ world: _, ...report }: Verdict): SeedReport {
  return report;
}

export class Summary {
  seeds = 0;
  broken = 0;
  acknowledged = 0;
  lost = 0;
  /** Seeds that lost any. */
  losing = 0;
  failovers = 0;
  readonly #settled: number[] = [];

  add(report: SeedReport): void {
    this.seeds++;
    if (report.violations.length > 0) this.broken++;
    this.acknowledged += report.acknowledged ?? 0;
    this.lost += report.lost ?? 0;
    if (report.lost) this.losing++;
    this.failovers += report.failovers ?? 0;
    if (report.settledAfterMs !== undefined && report.settledAfterMs >= 0) this.#settled.push(report.settledAfterMs);
  }

  text(): string {
    const settled = this.#settled.sort((a, b) => a - b);
    const seconds = (share: number) => ((settled[Math.floor((settled.length - 1) * share)] ?? 0) / 1000).toFixed(1);
    return [
      `${this.seeds} seeds, ${this.broken} broken; ${this.failovers} failovers`,
      `${this.acknowledged} writes acknowledged, ${this.lost} of them lost (replication is asynchronous), in ${this.losing} seeds`,
      `healed worlds settled within ${seconds(0.5)} s (median), ${seconds(0.99)} s (99 %), ${seconds(1)} s (all)`,
    ].join("\n");
  }
}
