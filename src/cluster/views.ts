/** What CLUSTER shows of the cluster, in Redis' forms. */
import type { ReplyWriter } from "../resp/reply-writer.ts";
import type { BusLink } from "./bus-link.ts";
import { MESSAGE_KINDS, type MessageKind, NodeFlag } from "./messages.ts";
import type { ClusterNode } from "./node.ts";
import { nodeLine } from "./nodes-conf.ts";
import { clientPort, endpointOf, type RoutingSettings } from "./routing.ts";
import type { ClusterState } from "./state.ts";

/** Who asks, and what the answer depends on. */
export interface View {
  readonly s: ClusterState;
  readonly settings: RoutingSettings;
  readonly tls: boolean;
}

// ---- CLUSTER INFO

export function infoText(s: ClusterState, overflows: number): string {
  const slots = { assigned: 0, ok: 0, pfail: 0, fail: 0 };
  for (const owner of s.owners) {
    if (owner === null) continue;
    slots.assigned++;
    if (owner.is(NodeFlag.fail)) slots.fail++;
    else if (owner.is(NodeFlag.pfail)) slots.pfail++;
    else slots.ok++;
  }
  const lines: [string, string | number][] = [
    ["cluster_state", s.ok ? "ok" : "fail"],
    ["cluster_slots_assigned", slots.assigned],
    ["cluster_slots_ok", slots.ok],
    ["cluster_slots_pfail", slots.pfail],
    ["cluster_slots_fail", slots.fail],
    ["cluster_known_nodes", s.nodes.size],
    ["cluster_size", s.size],
    ["cluster_current_epoch", s.currentEpoch],
    ["cluster_my_epoch", (s.myself.head ?? s.myself).configEpoch],
    ...messageLines("sent", s.sent),
    ...messageLines("received", s.received),
    ["total_cluster_links_buffer_limit_exceeded", overflows],
  ];
  return lines.map(([name, value]) => `${name}:${value}\r\n`).join("");
}

function messageLines(
  direction: "sent" | "received",
  counts: Partial<Record<MessageKind, number>>,
): [string, number][] {
  const lines: [string, number][] = [];
  let total = 0;
  for (const kind of MESSAGE_KINDS) {
    const count = counts[kind] ?? 0;
    if (count > 0) lines.push([`cluster_stats_messages_${kind}_${direction}`, count]);
    total += count;
  }
  return [...lines, [`cluster_stats_messages_${direction}`, total]];
}

// ---- CLUSTER NODES, REPLICAS

export function nodesText(s: ClusterState): string {
  return [...s.nodes.values()].map((node) => `${nodeLine(s, node, false)}\n`).join("");
}

export function writeReplicas(s: ClusterState, node: ClusterNode, reply: ReplyWriter): void {
  reply.array(node.replicas.length);
  for (const replica of node.replicas) reply.bulkText(nodeLine(s, replica, false));
}

// ---- CLUSTER SLOTS

export function writeSlots(view: View, reply: ReplyWriter): void {
  const { owners } = view.s;
  const begun = reply.begin();
  let count = 0;
  for (let first = 0; first < owners.length; ) {
    const owner = owners[first]!;
    let end = first + 1;
    while (end < owners.length && owners[end] === owner) end++;
    if (owner !== null) {
      writeSlotRange(view, first, end - 1, owner, reply);
      count++;
    }
    first = end;
  }
  reply.endArray(begun, count);
}

function writeSlotRange(view: View, first: number, last: number, owner: ClusterNode, reply: ReplyWriter): void {
  const replicas = owner.replicas.filter((replica) => hasData(view.s, replica));
  reply.array(3 + replicas.length);
  reply.integer(first);
  reply.integer(last);
  for (const node of [owner, ...replicas]) writeSlotNode(view, node, reply);
}

/** A replica that could answer. */
function hasData(s: ClusterState, node: ClusterNode): boolean {
  const offset = node.isMyself ? s.facts.replicationOffset() : node.replicationOffset;
  return !node.is(NodeFlag.fail) && offset !== 0;
}

function writeSlotNode({ settings, tls }: View, node: ClusterNode, reply: ReplyWriter): void {
  reply.array(4);
  writeEndpoint(endpointOf(node, settings), reply);
  reply.integer(clientPort(node, tls));
  reply.bulkText(node.id);
  // What the preferred endpoint does not say.
  const rest: [string, string][] = [];
  if (settings.preferredEndpoint !== "ip") rest.push(["ip", node.address.ip]);
  if (settings.preferredEndpoint !== "hostname" && node.hostname !== "") rest.push(["hostname", node.hostname]);
  reply.map(rest.length);
  for (const [name, value] of rest) {
    reply.bulkText(name);
    reply.bulkText(value);
  }
}

function writeEndpoint(endpoint: string | null, reply: ReplyWriter): void {
  if (endpoint === null) reply.nil();
  else reply.bulkText(endpoint);
}

// ---- CLUSTER SHARDS

export function writeShards(view: View, reply: ReplyWriter): void {
  const shards = new Map<string, ClusterNode[]>();
  for (const node of view.s.nodes.values()) {
    if (node.is(NodeFlag.handshake)) continue;
    const shard = view.s.shardOf(node) || node.id;
    const nodes = shards.get(shard);
    if (nodes === undefined) shards.set(shard, [node]);
    else nodes.push(node);
  }
  reply.array(shards.size);
  for (const nodes of shards.values()) writeShard(view, nodes, reply);
}

function writeShard(view: View, nodes: readonly ClusterNode[], reply: ReplyWriter): void {
  const ranges = nodes.flatMap((node) => node.slots.ranges());
  // Alike on every node: the primary first, then its replicas by name.
  const sorted = [...nodes].sort((a, b) => Number(b.isPrimary) - Number(a.isPrimary) || (a.id < b.id ? -1 : 1));
  reply.map(2);
  reply.bulkText("slots");
  reply.array(ranges.length * 2);
  for (const slot of ranges.flat()) reply.integer(slot);
  reply.bulkText("nodes");
  reply.array(sorted.length);
  for (const node of sorted) writeShardNode(view, node, reply);
}

function writeShardNode({ s, settings }: View, node: ClusterNode, reply: ReplyWriter): void {
  const { ip, port, plainPort } = node.address;
  const ports: [string, number][] =
    plainPort === 0
      ? [["port", port]]
      : [
          ["port", plainPort],
          ["tls-port", port],
        ];
  reply.map(6 + ports.length + (node.hostname === "" ? 0 : 1));
  const text = (name: string, value: string) => {
    reply.bulkText(name);
    reply.bulkText(value);
  };
  text("id", node.id);
  for (const [name, value] of ports) {
    reply.bulkText(name);
    reply.integer(value);
  }
  text("ip", ip);
  reply.bulkText("endpoint");
  // Not null, as CLUSTER SLOTS has it.
  reply.bulkText(endpointOf(node, settings) ?? "");
  if (node.hostname !== "") text("hostname", node.hostname);
  text("role", node.isReplica ? "replica" : "master");
  reply.bulkText("replication-offset");
  reply.integer(node.isMyself ? s.facts.replicationOffset() : node.replicationOffset);
  text("health", healthOf(s, node));
}

function healthOf(s: ClusterState, node: ClusterNode): string {
  if (node.is(NodeFlag.fail | NodeFlag.pfail)) return "fail";
  return node.isReplica && !hasData(s, node) ? "loading" : "online";
}

// ---- CLUSTER LINKS

export function writeLinks(s: ClusterState, links: Iterable<BusLink>, reply: ReplyWriter): void {
  const begun = reply.begin();
  let count = 0;
  for (const link of links) {
    const known = s.links.get(link.number);
    const node = known?.node ?? known?.from;
    if (!node || !known!.isUp) continue;
    count++;
    reply.map(6);
    const pairs: [string, string | number][] = [
      ["direction", link.inbound ? "from" : "to"],
      ["node", node.id],
      ["create-time", link.openedAt],
      ["events", link.unsentBytes > 0 ? "rw" : "r"],
      ["send-buffer-allocated", link.unsentBytes],
      ["send-buffer-used", link.unsentBytes],
    ];
    for (const [name, value] of pairs) {
      reply.bulkText(name);
      if (typeof value === "number") reply.integer(value);
      else reply.bulkText(value);
    }
  }
  reply.endArray(begun, count);
}
