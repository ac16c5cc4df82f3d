/** Makes a cluster of nodes that know nothing yet, by CLUSTER alone, so that it works with the nodes of either engine. */
import { slotShare } from "../base/hash-slot.ts";
import { infoFields } from "../client/replies.ts";
import type { Reply } from "../resp/reply-reader.ts";
import { eventually, type World } from "./world.ts";

interface Place {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly busPort: number;
}

export type AskNode = (node: Place, words: (string | number)[]) => Promise<Reply>;

const ACQUAINTED_WITHIN_MS = 15_000;

/** The first `shards` nodes share the slots, the others follow them in turn. @throws Error  if they do not come together */
export async function formCluster(world: World, ask: AskNode, nodes: readonly Place[], shards: number): Promise<void> {
  const primaries = nodes.slice(0, shards);
  for (const [i, node] of primaries.entries()) {
    await ask(node, ["CLUSTER", "ADDSLOTSRANGE", ...slotShare(i, shards)]);
    await ask(node, ["CLUSTER", "SET-CONFIG-EPOCH", i + 1]);
  }
  // Each with all before it: the news then has no way to go.
  for (const [i, node] of nodes.entries()) {
    for (const { host, port, busPort } of nodes.slice(0, i)) await ask(node, ["CLUSTER", "MEET", host, port, busPort]);
  }
  await until(world, "know each other", async () => {
    const known = await Promise.all(nodes.map(async (node) => countKnown(await ask(node, ["CLUSTER", "NODES"]))));
    return known.every((count) => count === nodes.length);
  });
  for (const [i, node] of nodes.slice(shards).entries()) {
    const primary = await ask(primaries[i % shards]!, ["CLUSTER", "MYID"]);
    await until(world, "follow", async () => (await ask(node, ["CLUSTER", "REPLICATE", String(primary)])) === "OK");
  }
}

/** Those that have told their names. */
function countKnown(nodes: Reply): number {
  const lines = typeof nodes === "string" ? nodes.trimEnd().split("\n") : [];
  return lines.filter((line) => !line.includes("handshake")).length;
}

async function until(world: World, what: string, holds: () => Promise<boolean>): Promise<void> {
  const held = await eventually(world.io.clock, ACQUAINTED_WITHIN_MS, 50, async () => (await holds()) || undefined);
  if (!held) throw new Error(`the nodes did not come to ${what} within ${ACQUAINTED_WITHIN_MS} ms`);
}

/** What a node lacks to serve: "" if it does. @param info  INFO replication */
export function whatNodeLacks(clusterInfo: Reply, info: Reply): string {
  const cluster = infoFields(clusterInfo);
  if (cluster.get("cluster_state") !== "ok") return "does not serve";
  const replication = infoFields(info);
  return replication.get("role") === "slave" && replication.get("master_link_status") !== "up" ? "is not in step" : "";
}

/** The slots of the node that answered CLUSTER NODES, as `0-5460`; "" for none. */
export function ownSlots(nodes: Reply): string {
  const lines = typeof nodes === "string" ? nodes.split("\n") : [];
  const own = lines.find((line) => line.includes("myself"));
  return own === undefined ? "" : own.split(" ").slice(8).join(" ");
}
