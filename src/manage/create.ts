/** Makes a cluster of nodes that know nothing of each other yet. */
import { ReplyError } from "../base/reply-error.ts";
import { infoFields } from "../client/replies.ts";
import { waitUntil } from "./clock.ts";
import { addressOf } from "./health.ts";
import type { Candidate, Layout } from "./layout-plan.ts";
import { type Address, type Links, NodeError } from "./links.ts";
import { parseNodes } from "./node-line.ts";

export interface NewNode extends Candidate, Address {
  readonly id: string;
  readonly busPort: number;
}

const ACQUAINTED_WITHIN_MS = 30_000;
const IN_STEP_WITHIN_MS = 15_000;

/**
 * Reads what a node is, and that it is free to join.
 * @throws Error  that says why it is not: it has keys, or slots, or knows others
 */
export async function readNewNode(links: Links, address: Address): Promise<NewNode> {
  const name = addressOf(address);
  const info = infoFields(await links.text(address, "CLUSTER", "INFO").catch((error) => notOfCluster(address, error)));
  const own = parseNodes(await links.text(address, "CLUSTER", "NODES")).find((line) => line.flags.has("myself"))!;
  if (Number(info.get("cluster_known_nodes")) > 1) {
    throw new Error(`${name} knows other nodes already: it is part of a cluster (CLUSTER RESET makes it forget them)`);
  }
  if (own.slots.length > 0) throw new Error(`${name} has slots already: it is part of a cluster`);
  const keys = Number(await links.ask(address, "DBSIZE"));
  if (keys > 0) throw new Error(`${name} holds ${keys} keys: only an empty node can join (FLUSHALL empties it)`);
  const [ip] = /^[\d.]+$|:/.test(address.host) ? [address.host] : await links.io.net.resolve(address.host);
  if (ip === undefined) throw new Error(`${address.host} has no address`);
  return { name, host: ip, port: address.port, id: own.id, busPort: own.busPort };
}

/** @throws Error  if one node was named twice, or where the others would not find it */
export function checkNames(nodes: readonly NewNode[]): void {
  for (const [i, node] of nodes.entries()) {
    const twin = nodes.slice(0, i).find((other) => other.id === node.id);
    if (twin !== undefined) throw new Error(`${twin.name} and ${node.name} are the same node`);
  }
  const near = nodes.filter((node) => isLoopback(node.host));
  if (near.length === 0 || near.length === nodes.length) return;
  const name = near[0]!.name;
  throw new Error(`${name} is another machine to each of them: name it as the nodes of other hosts reach it`);
}

function isLoopback(host: string): boolean {
  return /^127\.|^::1$/.test(host);
}

function notOfCluster(address: Address, error: unknown): never {
  if (!(error instanceof NodeError) || !error.refused) throw error;
  if (!/cluster support disabled/i.test(error.message)) throw error;
  throw new Error(`${addressOf(address)} is no node of a cluster: it needs "cluster-enabled yes"`);
}

/** Gives out the slots and the epochs, acquaints the nodes, and has the replicas follow. */
export async function createCluster(
  links: Links,
  { shards }: Layout<NewNode>,
  tell: (text: string) => void,
): Promise<void> {
  const nodes = [...shards.map((shard) => shard.primary), ...shards.flatMap((shard) => shard.replicas)];
  tell("giving out the slots");
  for (const [i, { primary, slots }] of shards.entries()) {
    await addSlots(links, primary, slots);
    // Of its own from the start, so that no two collide later.
    await links.ask(primary, "CLUSTER", "SET-CONFIG-EPOCH", i + 1);
  }
  tell("acquainting the nodes");
  const [first, ...others] = nodes as [NewNode, ...NewNode[]];
  for (const node of others) await introduce(links, node, first);
  await untilAcquainted(links, nodes);
  const followers = shards.flatMap(({ primary, replicas }) => replicas.map((replica) => ({ replica, primary })));
  if (followers.length > 0) tell("having the replicas follow");
  for (const { replica, primary } of followers) await follow(links, replica, primary.id);
  // Whoever reads the end wants to be told of a whole cluster; one that takes longer is told of as it is.
  await waitUntil(links.io.clock, IN_STEP_WITHIN_MS, async () => {
    const infos = await Promise.all(followers.map(({ replica }) => links.text(replica, "INFO", "replication")));
    return infos.every((info) => infoFields(info).get("master_link_status") === "up");
  });
}

/** CLUSTER MEET; the bus port is named where it is not where one would look for it. */
export async function introduce(links: Links, node: Address, to: Address & { busPort: number }): Promise<void> {
  const bus = to.busPort === to.port + 10_000 ? [] : [to.busPort];
  await links.ask(node, "CLUSTER", "MEET", to.host, to.port, ...bus);
}

/** Until every node knows all the others by name. @throws Error  that names one that does not */
export async function untilAcquainted(links: Links, nodes: readonly NewNode[]): Promise<void> {
  let late = "";
  const all = await waitUntil(links.io.clock, ACQUAINTED_WITHIN_MS, async () => {
    for (const node of nodes) {
      const lines = parseNodes(await links.text(node, "CLUSTER", "NODES"));
      const known = new Set(lines.filter((line) => !line.flags.has("handshake")).map((line) => line.id));
      const missing = nodes.find((other) => !known.has(other.id));
      if (missing === undefined) continue;
      late = `${node.name} does not know ${missing.name}`;
      return false;
    }
    return true;
  });
  if (all) return;
  const hint = "can the nodes reach each other on their bus ports (port + 10000)?";
  throw new Error(`${late} after ${ACQUAINTED_WITHIN_MS / 1000} s: ${hint}`);
}

/** CLUSTER REPLICATE, again until the node has heard that its primary is one. */
export async function follow(links: Links, node: Address, primaryId: string): Promise<void> {
  let refusal: unknown;
  const done = await waitUntil(links.io.clock, ACQUAINTED_WITHIN_MS, async () => {
    try {
      await links.ask(node, "CLUSTER", "REPLICATE", primaryId);
      return true;
    } catch (error) {
      if (!(error instanceof NodeError) || !error.refused) throw error;
      refusal = error;
      return false;
    }
  });
  if (!done) throw refusal;
}

async function addSlots(links: Links, node: Address, [first, last]: readonly [number, number]): Promise<void> {
  try {
    await links.ask(node, "CLUSTER", "ADDSLOTSRANGE", first, last);
  } catch (error) {
    // Before Redis 7 there were no ranges.
    if (!((error as Error).cause instanceof ReplyError) || !/unknown subcommand/i.test((error as Error).message))
      throw error;
    const slots = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    await links.ask(node, "CLUSTER", "ADDSLOTS", ...slots);
  }
}
