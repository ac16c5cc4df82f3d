/** INFO commandstats, errorstats and latencystats: how often commands ran, how they failed, how long they took. */
import type { CommandStats } from "../../commands/call.ts";
import type { Server } from "../server.ts";
import type { Lines } from "./info.ts";

export function commandStatsSection(server: Server): Lines {
  const lines: string[] = [];
  for (const { name, stats } of server.table.all()) {
    if (stats.calls === 0 && stats.rejected === 0 && stats.failed === 0) continue;
    const each = stats.calls === 0 ? 0 : stats.micros / stats.calls;
    lines.push(
      `cmdstat_${safe(name)}:calls=${stats.calls},usec=${Math.round(stats.micros)},usec_per_call=${each.toFixed(2)},rejected_calls=${stats.rejected},failed_calls=${stats.failed}`,
    );
  }
  return lines;
}

export function errorStatsSection(server: Server): Lines {
  return [...server.stats.errors].map(([code, count]) => `errorstat_${safe(code)}:count=${count}`);
}

export function latencyStatsSection(server: Server): Lines {
  const { values } = server.config;
  const wanted = values["latency-tracking-info-percentiles"];
  const lines: string[] = [];
  for (const { name, stats } of server.table.all()) {
    if (stats.calls === 0 || !values["latency-tracking"]) continue;
    const parts = wanted.map((percent) => `p${percent}=${percentile(stats, percent).toFixed(3)}`);
    lines.push(`latency_percentiles_usec_${safe(name)}:${parts.join(",")}`);
  }
  return lines;
}

/** Microseconds that so many percent of the calls did not exceed, read off the histogram's powers of two. */
export function percentile({ histogram }: Pick<CommandStats, "histogram">, percent: number): number {
  let total = 0;
  for (const count of histogram) total += count;
  const rank = (total * percent) / 100;
  let before = 0;
  for (const [bucket, count] of histogram.entries()) {
    if (count > 0 && before + count >= rank) {
      const from = bucket === 0 ? 0 : 2 ** (bucket - 1);
      return from + ((2 ** bucket - from) * Math.max(0, rank - before)) / count;
    }
    before += count;
  }
  return 0;
}

/** A field's name ends at a colon, and a line at its end. */
function safe(name: string): string {
  return name.replace(/[:#\r\n]/g, "_");
}
