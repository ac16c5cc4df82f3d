/** LATENCY DOCTOR and LATENCY GRAPH: what the samples say, in words and as a drawing. */
import type { LatencyMonitor, LatencySeries } from "./latency-monitor.ts";

const ADVICE: Readonly<Record<string, string>> = {
  command: "Look into SLOWLOG for the commands that take long, and for how many elements they go through.",
  "fast-command":
    "Commands that are quick by nature took long: the machine was busy, swapping, or stopped for a while.",
  "expire-cycle": "Many keys expire at about the same time. Spread their times to live.",
  "eviction-cycle": "Much is evicted at once. Raise maxmemory, or write less.",
};

export function latencyReport(latency: LatencyMonitor, now: number): string {
  if (latency.thresholdMs === 0)
    return 'Latency is not being monitored. Begin with "CONFIG SET latency-monitor-threshold <milliseconds>".\n';
  if (latency.events.size === 0)
    return `Nothing has taken ${latency.thresholdMs} ms or longer since the monitoring began.\n`;
  const lines = [`What took ${latency.thresholdMs} ms or longer:`, ""];
  const advice: string[] = [];
  let number = 1;
  for (const [event, series] of latency.events) {
    lines.push(`${number++}. ${event}: ${describe(series, now)}`);
    const text = ADVICE[event];
    if (text !== undefined) advice.push(`- ${event}: ${text}`);
  }
  if (advice.length > 0) lines.push("", "Advice:", "", ...advice);
  return `${lines.join("\n")}\n`;
}

function describe({ samples, max }: LatencySeries, now: number): string {
  const sum = samples.reduce((total, { milliseconds }) => total + milliseconds, 0);
  const mean = sum / samples.length;
  const spread = samples.reduce((total, { milliseconds }) => total + Math.abs(milliseconds - mean), 0);
  const seconds = Math.max(1, Math.floor(now / 1000) - samples[0]!.at);
  return `${samples.length} samples in ${seconds} s, mean ${mean.toFixed(0)} ms, mean deviation ${(spread / samples.length).toFixed(0)} ms, worst of all time ${max} ms.`;
}

const GRAPH_WIDTH = 80;
const GRAPH_HEIGHT = 4;
/** A column's top, by how far it fills its cell; and what is below the top. */
const TOPS = "_o#";
const BELOW = "|";

/** One column a sample, its age below. */
export function latencyGraph(event: string, series: LatencySeries, now: number): string {
  const samples = series.samples.slice(-GRAPH_WIDTH);
  const heights = samples.map(({ milliseconds }) => milliseconds);
  const high = Math.max(...heights);
  const low = Math.min(...heights);
  const range = Math.max(1, high - low);
  const rows = Array.from({ length: GRAPH_HEIGHT }, (_, row) =>
    heights.map((height) => cell(((height - low) / range) * GRAPH_HEIGHT, GRAPH_HEIGHT - 1 - row)).join(""),
  );
  const ages = samples.map(({ at }) => age(Math.max(0, Math.floor(now / 1000) - at)));
  const deepest = Math.max(...ages.map((text) => text.length));
  for (let i = 0; i < deepest; i++) rows.push(ages.map((text) => text[i] ?? " ").join(""));
  const title = `${event} - high ${high} ms, low ${low} ms (all time high ${series.max} ms)`;
  return `${[title, "-".repeat(GRAPH_WIDTH), ...rows].join("\n")}\n`;
}

/** What stands in the cell `row` rows above the ground of a column so many cells high. */
function cell(height: number, row: number): string {
  if (height >= row + 1) return height === row + 1 ? "#" : BELOW;
  if (height < row || (height === row && row > 0)) return " ";
  return TOPS[Math.floor((height - row) * TOPS.length)]!;
}

function age(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86400)}d`;
}
