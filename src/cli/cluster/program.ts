/** `nines cluster ...`, declared: words, options, help. */
import { type Command, InvalidArgumentError } from "commander";
import { count } from "../numbers.ts";
import type { FixFlags } from "./check.ts";
import type { AddFlags, CreateFlags, RemoveFlags } from "./nodes.ts";
import type { ClusterFlags } from "./session.ts";
import type { RebalanceFlags, ReshardFlags } from "./slots.ts";

/** What was asked for, for `run.ts`. */
export type ClusterOrder =
  | { readonly what: "create"; readonly entries: readonly string[]; readonly flags: CreateFlags }
  | { readonly what: "check"; readonly entry: string; readonly flags: ClusterFlags }
  | { readonly what: "fix"; readonly entry: string; readonly flags: FixFlags }
  | { readonly what: "reshard"; readonly entry: string; readonly flags: ReshardFlags }
  | { readonly what: "rebalance"; readonly entry: string; readonly flags: RebalanceFlags }
  | { readonly what: "add-node"; readonly newcomer: string; readonly entry: string; readonly flags: AddFlags }
  | { readonly what: "del-node"; readonly entry: string; readonly node: string; readonly flags: RemoveFlags };

export function declareCluster(program: Command, run: (order: ClusterOrder) => Promise<void>): void {
  const cluster = program
    .command("cluster")
    .description("make, look at, mend and change a Redis Cluster of any engine: nines, redis-server, Valkey, mixed")
    .addHelpText("after", HELP);

  common(cluster.command("create <nodes...>"), true)
    .description(
      "make a cluster of empty nodes (host:port each); hosts do not hold a primary and its replica if it can be had",
    )
    .option("--replicas <n>", "replicas of each primary", count(0, 20), 0)
    .action((entries: string[], flags: CreateFlags) => run({ what: "create", entries, flags }));

  common(cluster.command("check <node>").alias("info"), false)
    .description("ask every node how the cluster is; exit code 1 if it is not sound")
    .action((entry: string, flags: ClusterFlags) => run({ what: "check", entry, flags }));

  common(cluster.command("fix <node>"), true)
    .description("mend it: slots that are open, have no owner or two, keys that lie in the wrong place")
    .option("--replace", "of two values of one key keep the one that is not at the owner")
    .option(
      "--with-unreachable-primaries",
      "give the slots of primaries that do not answer to others, without their keys",
    )
    .action((entry: string, flags: FixFlags) => run({ what: "fix", entry, flags }));

  moving(common(cluster.command("reshard <node>"), true))
    .description("move slots with their keys to a primary, while clients use them")
    .requiredOption("--to <node>", "who gets them: address or id")
    .option("--from <nodes>", "who gives them, with commas between, or all", "all")
    .option("--slots <n>", "how many, of each in the measure of what it has", count(1, 16_384))
    .option("--range <slots>", "which ones instead, as 0-99,200")
    .action((entry: string, flags: ReshardFlags) => run({ what: "reshard", entry, flags }));

  moving(common(cluster.command("rebalance <node>"), true))
    .description("bring every primary to its share of the slots")
    .option(
      "--weight <node=weight>",
      "a share other than 1; 0: it is to have none (again and again, or with commas)",
      weights,
    )
    .option("--use-empty-masters", "primaries without slots take part too")
    .option("--threshold <percent>", "how far from its share a primary must be before anything moves", count(0, 100), 2)
    .action((entry: string, flags: RebalanceFlags) => run({ what: "rebalance", entry, flags }));

  common(cluster.command("add-node <new> <node>"), true)
    .description(
      "take an empty node into the cluster that <node> is part of: as a primary without slots, or as a replica",
    )
    .option("--replica", "as a replica, of the primary that has the fewest")
    .option("--of <primary>", "as a replica of this one")
    .action((newcomer: string, entry: string, flags: AddFlags) => run({ what: "add-node", newcomer, entry, flags }));

  moving(common(cluster.command("del-node <node> <leaver>"), true))
    .description("let a node go; <leaver> is its address or id, and it may be dead")
    .option("--drain", "move its slots to the others first")
    .action((entry: string, node: string, flags: RemoveFlags) => run({ what: "del-node", entry, node, flags }));
}

function common(command: Command, changes: boolean): Command {
  command
    .option("--user <name>", "as whom to log in at the nodes")
    .option("--password <password>", "with which password; better in REDISCLI_AUTH, where others cannot read it")
    .option("--tls", "the nodes speak TLS")
    .option("--cacert <file>", "PEM: who vouches for the nodes' certificates (those that everybody believes in)")
    .option("--cert <file>", "PEM: the certificate to show them")
    .option("--key <file>", "PEM: its key")
    .option("--json", "print the cluster as JSON at the end, and all else on stderr");
  if (!changes) return command;
  return command.option("--yes", "do not ask").option("--dry-run", "say what would be done, and do nothing");
}

function moving(command: Command): Command {
  return command
    .option("--batch <n>", "keys that are sent at a time (32)", count(1, 10_000))
    .option("--timeout <ms>", "how long that may take (60000)", count(100, 3_600_000))
    .option("--migrate", "by MIGRATE, a few keys at a time, even where both ends can hand slots over at one moment")
    .option("--replace", "a key that the target has already, with another value, is overwritten");
}

function weights(text: string, before: Record<string, number> = {}): Record<string, number> {
  const all = { ...before };
  for (const pair of text.split(",")) {
    const at = pair.lastIndexOf("=");
    const text = pair.slice(at + 1);
    const weight = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (at < 1 || !(weight < 1e6)) {
      throw new InvalidArgumentError("A node, =, and a number from 0 on are expected.");
    }
    all[pair.slice(0, at)] = weight;
  }
  return all;
}

const HELP = `
<node> is the address of any node of the cluster: host:port, or a port of this machine. Every command that changes something
says what it will do and asks; Ctrl-C ends it after the slot that is being moved. Exit codes: 0 all is well, 1 the cluster
is not sound, or not all was done, 2 it could not be done, or was not understood, 130 interrupted.

Examples:
  nines cluster create 7000 7001 7002 7003 7004 7005 --replicas 1
  nines cluster check 7000
  nines cluster reshard 7000 --to 7001 --slots 1000 --yes
  nines cluster add-node 7006 7000 && nines cluster rebalance 7000 --use-empty-masters
  nines cluster del-node 7000 7006 --drain
`;
