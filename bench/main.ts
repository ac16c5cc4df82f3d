/**
 * `npm run bench [-- --vs redis-server] [--quick] [--all] [--only PART]...`: measures the built server, and another beside it in
 * the same run. Figures of different machines or days do not compare; ratios of one run do.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { clusterFailoverTable, measureClusterFailover } from "./cluster-failover.ts";
import { commandsTable, measureCommands } from "./commands.ts";
import { type Contender, ours, theirs } from "./contender.ts";
import { elementsTable, measureElements } from "./elements.ts";
import { measureMemory, memoryTable } from "./memory.ts";
import { measurePauses, pausesTable } from "./pauses.ts";
import { measureStalls, stallsTable } from "./stalls.ts";
import { measureStartup, startupTable } from "./startup.ts";
import { measureStrangers, strangersTable } from "./strangers.ts";
import { measureThroughput, throughputTable } from "./throughput.ts";
import { measureTls, tlsTable } from "./tls.ts";

interface Part<Result> {
  readonly title: string;
  measure(contenders: readonly Contender[], quick: boolean): Promise<Result>;
  table(result: Result, contenders: readonly Contender[]): string;
}

const part = <Result>(part: Part<Result>): Part<unknown> => part as Part<unknown>;

const parts: Record<string, Part<unknown>> = {
  startup: part({ title: "Start-up", measure: measureStartup, table: startupTable }),
  throughput: part({ title: "Throughput (redis-benchmark)", measure: measureThroughput, table: throughputTable }),
  memory: part({ title: "Memory", measure: measureMemory, table: memoryTable }),
  pauses: part({ title: "The slowest command", measure: measurePauses, table: pausesTable }),
};

/** Measured only with --all, or by name: they take long. */
const furtherParts: Record<string, Part<unknown>> = {
  "cluster-failover": part({
    title: "Failover of a cluster",
    measure: measureClusterFailover,
    table: clusterFailoverTable,
  }),
  commands: part({ title: "Every command of redis-benchmark", measure: measureCommands, table: commandsTable }),
  elements: part({ title: "Memory of elements", measure: measureElements, table: elementsTable }),
  stalls: part({ title: "Operations on large values", measure: measureStalls, table: stallsTable }),
  strangers: part({ title: "Strangers", measure: measureStrangers, table: strangersTable }),
  tls: part({ title: "Throughput over TLS", measure: measureTls, table: tlsTable }),
};
const allParts = { ...parts, ...furtherParts };

const { values } = parseArgs({
  options: {
    vs: { type: "string" },
    quick: { type: "boolean", default: false },
    all: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
  },
});
const chosen = values.only ?? Object.keys(values.all ? allParts : parts);
const unknown = chosen.filter((name) => !(name in allParts));
if (unknown.length > 0) {
  process.stderr.write(`no such part: ${unknown.join(", ")}; there are ${Object.keys(allParts).join(", ")}\n`);
  process.exit(1);
}

const contenders = [ours(), ...(values.vs === undefined ? [] : [theirs(values.vs)])];
const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, Node ${process.version}`;
const startedAt = new Date().toISOString();
process.stdout.write(`${machine}\n${contenders.map(({ name, version }) => `${name}: ${version}`).join("\n")}\n`);

const results: Record<string, unknown> = {};
for (const name of chosen) {
  const { title, measure, table } = allParts[name]!;
  const result = await measure(contenders, values.quick);
  results[name] = result;
  process.stdout.write(`\n${title}\n\n${table(result, contenders)}\n`);
}

const folder = join(import.meta.dirname, "results");
mkdirSync(folder, { recursive: true });
const file = join(folder, `${startedAt.replace(/[:.]/g, "-")}.json`);
writeFileSync(file, `${JSON.stringify({ startedAt, machine, contenders, quick: values.quick, results }, null, 2)}\n`);
process.stdout.write(`\nkept in ${file}\n`);
