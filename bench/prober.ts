/**
 * Measures how long single commands take while something else goes on. Requests leave at a fixed pace whether or not the
 * ones before were answered, so that a server that stands still for a second is found in every request of that second.
 */
import { connect } from "node:net";
import { performance } from "node:perf_hooks";
import { percentile } from "./statistics.ts";

export interface Latency {
  readonly samples: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly slowestMs: number;
}

const PERIOD_MS = 1;
const REQUEST = Buffer.from("*2\r\n$3\r\nGET\r\n$9\r\nnines:not\r\n");
const ANSWER = "$-1\r\n".length;

/** Asks the server on `port` once a ms for as long as `during` takes. */
export async function probe(port: number, during: () => Promise<void>): Promise<Latency> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const latencies: number[] = [];
  const waiting: number[] = [];
  let partial = 0;
  socket.on("data", (bytes: Buffer) => {
    const now = performance.now();
    partial += bytes.length;
    for (; partial >= ANSWER; partial -= ANSWER) latencies.push(now - waiting.shift()!);
  });
  const timer = setInterval(() => {
    waiting.push(performance.now());
    socket.write(REQUEST);
  }, PERIOD_MS);
  try {
    await during();
  } finally {
    clearInterval(timer);
  }
  // What is still unanswered has waited at least this long.
  const now = performance.now();
  for (const sentAt of waiting) latencies.push(now - sentAt);
  socket.destroy();
  return {
    samples: latencies.length,
    medianMs: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
    p999Ms: percentile(latencies, 99.9),
    slowestMs: percentile(latencies, 100),
  };
}
