/**
 * nodes.conf: what a node must know again after a restart, in Redis' format, so that either server reads the other's file. A line
 * a node, as CLUSTER NODES writes it with the auxiliary fields, and a last one with the epochs.
 */
import { SLOTS } from "../base/hash-slot.ts";
import { splitWords } from "../base/words.ts";
import { ID_LENGTH, NodeFlag, type NodeId } from "./messages.ts";
import { ClusterNode, type NodeAddress } from "./node.ts";
import type { ClusterState } from "./state.ts";

/** The words for a node's flags, in Redis' order. */
const FLAG_WORDS: readonly (readonly [flag: number, word: string])[] = [
  [NodeFlag.myself, "myself"],
  [NodeFlag.master, "master"],
  [NodeFlag.replica, "slave"],
  [NodeFlag.pfail, "fail?"],
  [NodeFlag.fail, "fail"],
  [NodeFlag.handshake, "handshake"],
  [NodeFlag.noAddress, "noaddr"],
  [NodeFlag.noFailover, "nofailover"],
];

function flagWords(flags: number): string {
  const words = FLAG_WORDS.filter(([flag]) => (flags & flag) !== 0).map(([, word]) => word);
  return words.length === 0 ? "noflags" : words.join(",");
}

/** A file that cannot be believed. A node must not start from it: it would forget what it promised. */
export class NodesConfError extends Error {
  override readonly name = "NodesConfError";
}

// ---- Writing

export function writeNodesConf(s: ClusterState): string {
  let text = "";
  for (const node of s.nodes.values()) if (!node.is(NodeFlag.handshake)) text += `${nodeLine(s, node, true)}\n`;
  return `${text}vars currentEpoch ${s.currentEpoch} lastVoteEpoch ${s.lastVoteEpoch}\n`;
}

/** A line of CLUSTER NODES, or of the file with `auxiliary`. */
export function nodeLine(s: ClusterState, node: ClusterNode, auxiliary: boolean): string {
  const linkState = node.isMyself || node.link?.isUp ? "connected" : "disconnected";
  const words = [
    node.id,
    addressWord(s, node, auxiliary),
    flagWords(node.flags),
    node.primary?.id ?? "-",
    s.timeOfDay(node.pingSentAt),
    s.timeOfDay(node.pongReceivedAt),
    (node.head ?? node).configEpoch,
    linkState,
    ...node.slots.ranges().map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)),
  ];
  if (node.isMyself) {
    for (const [slot, to] of s.migrating) words.push(`[${slot}->-${to.id}]`);
    for (const [slot, from] of s.importing) words.push(`[${slot}-<-${from.id}]`);
  }
  return words.join(" ");
}

function addressWord(s: ClusterState, node: ClusterNode, auxiliary: boolean): string {
  const { ip, port, busPort } = node.address;
  const address = `${ip}:${port}@${busPort}`;
  if (!auxiliary) return node.hostname === "" ? address : `${address},${node.hostname}`;
  const shard = s.shardOf(node);
  const named = node.humanName === "" ? "" : `,nodename=${node.humanName}`;
  return `${address},${node.hostname}${named}${shard === "" ? "" : `,shard-id=${shard}`}`;
}

// ---- Reading

/**
 * Fills `s`, which knows nothing but a name of its own yet, from a file's text.
 * @throws NodesConfError
 */
export function readNodesConf(text: string, s: ClusterState, now: number): void {
  const lines = text.split("\n").filter((line) => line !== "");
  const rows = lines.map((line) => {
    const words = splitWords(line);
    if (words === null) throw new NodesConfError("unbalanced quotes");
    return words;
  });
  const nodes = rows.filter(([first]) => first !== "vars");
  const own = nodes.filter(([, , flags]) => flags?.split(",").includes("myself"));
  if (own.length > 1) throw new NodesConfError(`${own.length} lines say myself`);
  if (new Set(nodes.map(([id]) => id)).size < nodes.length) throw new NodesConfError("a node stands there twice");
  // All nodes first: lines name each other.
  for (const words of nodes) readNode(words, s, now);
  for (const words of nodes) readTies(words, s);
  for (const words of rows) if (words[0] === "vars") readVars(words, s);
  if (!s.myself.isMyself || !nodes.some(([id]) => id === s.myself.id)) throw new NodesConfError("no line says myself");
  if (s.maxEpoch() > s.currentEpoch) s.currentEpoch = s.maxEpoch();
}

function readNode(words: readonly string[], s: ClusterState, now: number): void {
  if (words.length < 8) throw new NodesConfError(`a line of ${words.length} words`);
  const [id, address, flags] = words as [string, string, string];
  if (!isId(id)) throw new NodesConfError(`"${id}" is no node id`);
  const parsed = readAddress(address);
  const bits = readFlags(flags);
  // Nobody saves a node that has not answered yet: what is said of it, or by others of it, could not be saved again.
  if ((bits & NodeFlag.handshake) !== 0) throw new NodesConfError(`${id} is in a handshake`);
  const node = new ClusterNode(id, bits, parsed.address, now);
  node.hostname = parsed.hostname;
  node.humanName = parsed.humanName;
  node.shardId = parsed.shardId;
  node.configEpoch = natural(words[6]!);
  // What was down when we went down has to show it again.
  if (node.is(NodeFlag.fail)) node.failedAt = now;
  node.flags &= ~NodeFlag.pfail;
  if (node.is(NodeFlag.myself)) s.become(node);
  else s.add(node);
}

function readTies(words: readonly string[], s: ClusterState): void {
  const node = s.node(words[0]!)!;
  const [primary] = words.slice(3);
  if (primary !== "-") {
    const found = s.node(primary!);
    if (found === null || found === node) throw new NodesConfError(`master ${primary} of ${node.id} is not there`);
    if (node.is(NodeFlag.master)) throw new NodesConfError(`${node.id} is a master that follows ${primary}`);
    s.setPrimary(node, found);
    node.configEpoch = 0;
  }
  for (const word of words.slice(8)) readSlots(word, node, s);
}

function readSlots(word: string, node: ClusterNode, s: ClusterState): void {
  const move = /^\[(\d+)-([<>])-([0-9a-f]{40})\]$/.exec(word);
  if (move !== null) {
    const [, slot, direction, id] = move;
    const other = s.node(id!);
    if (other === null) throw new NodesConfError(`slot ${slot} is being moved to or from the unknown ${id}`);
    (direction === ">" ? s.migrating : s.importing).set(slotNumber(slot!), other);
    return;
  }
  const [first, last = first] = word.split("-");
  const end = slotNumber(last!);
  for (let slot = slotNumber(first!); slot <= end; slot++) s.assign(slot, node);
}

function readAddress(word: string): { address: NodeAddress; hostname: string; humanName: string; shardId: string } {
  const [place, hostname = "", ...auxiliary] = word.split(",");
  const match = /^(.*):(\d+)(?:@(\d+))?$/.exec(place!);
  if (match === null) throw new NodesConfError(`"${word}" is no address`);
  const port = portNumber(match[2]!);
  const busPort = match[3] === undefined ? portNumber(`${port + 10_000}`) : portNumber(match[3]);
  const fields = new Map(auxiliary.map((field) => field.split("=", 2) as [string, string]));
  return {
    address: { ip: match[1]!, port, busPort, plainPort: 0 },
    hostname,
    humanName: fields.get("nodename") ?? "",
    shardId: fields.get("shard-id") ?? "",
  };
}

function readFlags(text: string): number {
  let flags = 0;
  for (const word of text.split(",")) {
    if (word === "noflags") continue;
    const known = FLAG_WORDS.find(([, name]) => name === word);
    if (known === undefined) throw new NodesConfError(`unknown flag "${word}"`);
    flags |= known[0];
  }
  return flags;
}

function readVars(words: readonly string[], s: ClusterState): void {
  for (let i = 1; i + 1 < words.length; i += 2) {
    if (words[i] === "currentEpoch") s.currentEpoch = natural(words[i + 1]!);
    else if (words[i] === "lastVoteEpoch") s.lastVoteEpoch = natural(words[i + 1]!);
  }
}

function isId(text: string): text is NodeId {
  return text.length === ID_LENGTH && /^[0-9a-f]+$/.test(text);
}

function natural(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new NodesConfError(`"${text}" is no number`);
  return value;
}

function portNumber(text: string): number {
  const port = natural(text);
  if (port > 65_535) throw new NodesConfError(`port ${port} is out of range`);
  return port;
}

function slotNumber(text: string): number {
  const slot = natural(text);
  if (slot >= SLOTS) throw new NodesConfError(`slot ${slot} is out of range`);
  return slot;
}
