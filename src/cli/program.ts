/** The commands for people, declared: words, options, help. What they do is in `up.ts`, `drill.ts` and, of a cluster, `cluster/`. */
import { resolve } from "node:path";
import { Command, CommanderError, Option } from "commander";
import { VERSION } from "../base/version.ts";
import type { ClusterFault } from "../lab/drill/faults.ts";
import { type EngineName, engineNames } from "../lab/engines.ts";
import type { GroupKind } from "../lab/plan.ts";
import { type ClusterOrder, declareCluster } from "./cluster/program.ts";
import { count } from "./numbers.ts";

/** As commander hands over the options of `up`. */
export interface UpFlags {
  engine: EngineName;
  port?: number;
  replicas?: number;
  shards: number;
  sentinels: number;
  nodeTimeout?: number;
  tls?: boolean;
  dir: string;
}

export interface DrillFlags {
  json?: boolean;
  rounds: number;
  seconds: number;
  dir: string;
}

/** Words that make no sense: not 1, by which `drill` and `cluster` say that what they looked at is not good. */
const USAGE = 2;

export async function runProgram(argv: readonly string[]): Promise<void> {
  const program = buildProgram(
    async (kind, flags) => (await import("./up.ts")).up(kind, flags),
    async (fault, flags) => (await import("./drill.ts")).drill(fault, flags),
    async (order) => (await import("./cluster/run.ts")).runCluster(order),
  );
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  }
}

/** Apart from `runProgram` so that a test can see what the words come to. */
export function buildProgram(
  up: (kind: GroupKind, flags: UpFlags) => Promise<void>,
  drill: (fault: ClusterFault, flags: DrillFlags) => Promise<void>,
  cluster: (order: ClusterOrder) => Promise<void>,
): Command {
  const program = new Command("nines")
    .description("A Redis-compatible, highly available data store, and everything to try it and to break it.")
    .version(VERSION, "-v, --version")
    .exitOverride()
    // The whole help would push the error off the screen.
    .showHelpAfterError("(--help lists what there is)")
    .addHelpText("after", EXAMPLES);

  program
    .command("up <topology>")
    .description(
      "start a group of servers on this machine: replication, sentinel (with automatic failover), or cluster (sharded)",
    )
    .addOption(new Option("--engine <engine>", "what the nodes run").choices(engineNames).default("nines"))
    .option(
      "--port <port>",
      "the first server's port; the next ones follow (default: 6379, for a cluster 7000, or the next that are free)",
      portNumber,
    )
    .option("--replicas <n>", "replicas of the primary (default: 2), or of each primary of a cluster (1)", count(0, 20))
    .option("--shards <n>", "primaries (for cluster)", count(1, 50), 3)
    .option("--sentinels <n>", "Sentinels (for sentinel)", count(1, 9), 3)
    .option("--node-timeout <ms>", "cluster-node-timeout (for cluster; default: 2000)", count(100, 600_000))
    .option("--tls", "TLS on every link, with certificates made for it")
    .option("--dir <folder>", "where the group keeps its state", ".nines")
    .action((topology: string, flags: UpFlags, self: Command) => {
      const kind = oneOf(topology, kinds, self);
      for (const [option, only] of Object.entries(OF_ONE_KIND)) {
        if (kind !== only && self.getOptionValueSource(option) === "cli")
          self.error(`error: --${kebab(option)} is for \`up ${only}\`, and would do nothing here`);
      }
      return up(kind, atDir(flags));
    });

  program
    .command("drill <fault>")
    .description(
      "break a primary of the running group while clients write, and judge what they saw: kill, pause, switchover; " +
        "or move slots of a cluster: reshard",
    )
    .option("--json", "print the result as JSON")
    .option("--rounds <n>", "how many times, one after the other", count(1, 1000), 1)
    .option("--seconds <n>", "how long the failover and the old primary's return may take", count(5, 600), 30)
    .option("--dir <folder>", "where the group keeps its state", ".nines")
    .action((fault: string, flags: DrillFlags, self: Command) => drill(oneOf(fault, faultNames, self), atDir(flags)));

  declareCluster(program, cluster);

  // Declared for the help alone: main.ts has taken their words before we are reached.
  program
    .command("server [words...]")
    .description("run a server; takes redis-server's command line: [redis.conf] [--directive value ...]");
  program.command("sentinel <file>").description("run a Sentinel; takes redis-sentinel's command line");
  return program;
}

/** Options of `up` that mean something for one kind of group alone. */
const OF_ONE_KIND: Record<string, GroupKind> = { shards: "cluster", nodeTimeout: "cluster", sentinels: "sentinel" };

const kinds: readonly GroupKind[] = ["replication", "sentinel", "cluster"];
const faultNames: readonly ClusterFault[] = ["kill", "pause", "switchover", "reshard"];

const EXAMPLES = `
Examples:
  nines up sentinel                        one primary, two replicas, three Sentinels
  nines up sentinel --engine redis-server  the same with the real servers
  nines up cluster                         three primaries that share the keys, a replica each
  nines drill kill                         kill -9 the primary; what did the clients see?
  nines drill reshard                      move slots of a cluster while clients write
  nines cluster check 7000                 is the cluster sound?
  nines server redis.conf --port 6380      a server of its own
`;

function oneOf<T extends string>(word: string, words: readonly T[], command: Command): T {
  if ((words as readonly string[]).includes(word)) return word as T;
  return command.error(`error: '${word}' is not one of: ${words.join(", ")}`);
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function atDir<T extends { dir: string }>(flags: T): T {
  return { ...flags, dir: resolve(flags.dir) };
}

/** Room above it is needed for the others, and 20000 further for the Sentinels. */
function portNumber(text: string): number {
  return count(1, 45_000)(text);
}
