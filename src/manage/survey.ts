/** What every node of a cluster says of it: read from all of them, since what one node believes is an opinion. */
import { infoFields } from "../client/replies.ts";
import { type Address, type Links, NodeError } from "./links.ts";
import { type NodeLine, parseNodes } from "./node-line.ts";

/** A node that answered, by its own word. */
export interface Member extends Address {
  readonly id: string;
  readonly busPort: number;
  readonly isPrimary: boolean;
  readonly primaryId: string | null;
  readonly epoch: number;
  /** Those that it takes for its own. */
  readonly slots: readonly number[];
  readonly migrating: ReadonlyMap<number, string>;
  readonly importing: ReadonlyMap<number, string>;
  readonly keys: number;
  /** Of a replica: whether it is connected with its primary and has its data. */
  readonly inStep: boolean;
  /** Whether it takes the cluster for up, and so serves its keys. */
  readonly serves: boolean;
  /** Who owns each slot in its eyes. */
  readonly owners: readonly (string | undefined)[];
  /** All nodes that it knows, itself included. */
  readonly known: ReadonlySet<string>;
  /** Where it reaches the others, which need not be where we do. */
  readonly addresses: ReadonlyMap<string, Address & { readonly busPort: number }>;
  /** Those that it holds for failing, or believes to be. */
  readonly failing: ReadonlySet<string>;
}

/** A node that others know and that does not answer us. */
export interface Silent extends Address {
  readonly id: string;
  readonly isPrimary: boolean;
  readonly primaryId: string | null;
  /** Those that others take for its own. */
  readonly slots: readonly number[];
  readonly why: string;
}

export interface Survey {
  /** Primaries first, by their first slot; then replicas. */
  readonly members: readonly Member[];
  readonly silent: readonly Silent[];
}

/**
 * Asks the node at `entry` whom it knows, all of those too, and so on.
 * @throws NodeError  if the node at `entry` does not answer, or is not a node of a cluster
 */
export async function surveyCluster(links: Links, entry: Address): Promise<Survey> {
  const members = new Map<string, Member>();
  const silent = new Map<string, Silent>();
  const first = await readMember(links, entry);
  let news: NodeLine[] = first.others;
  members.set(first.member.id, first.member);
  while (news.length > 0) {
    const unknown = new Map<string, NodeLine>();
    for (const line of news) if (!members.has(line.id) && !silent.has(line.id)) unknown.set(line.id, line);
    const found = await Promise.all([...unknown.values()].map((line) => meet(links, line)));
    news = [];
    for (const { line, read, why } of found) {
      // A node that was reset has another name now: what the others know under this one is gone.
      const isIt = read !== undefined && read.member.id === line.id;
      if (isIt) members.set(line.id, read.member);
      else silent.set(line.id, silentNode(line, why ?? `another node, ${read!.member.id}, answers at its address`));
      if (isIt) news.push(...read.others);
    }
  }
  return { members: [...members.values()].sort(byRoleAndSlot), silent: [...silent.values()] };
}

interface Read {
  readonly member: Member;
  readonly others: NodeLine[];
}

async function meet(links: Links, line: NodeLine): Promise<{ line: NodeLine; read?: Read; why?: string }> {
  if (line.host === "" || line.flags.has("noaddr")) return { line, why: "its address is not known" };
  try {
    return { line, read: await readMember(links, line) };
  } catch (error) {
    return { line, why: (error as Error).message };
  }
}

async function readMember(links: Links, address: Address): Promise<Read> {
  const { host, port } = address;
  const [nodes, cluster, info, keys] = await Promise.all([
    links.text(address, "CLUSTER", "NODES"),
    links.text(address, "CLUSTER", "INFO"),
    links.text(address, "INFO", "replication"),
    links.ask(address, "DBSIZE"),
  ]);
  const lines = parseNodes(nodes).filter((line) => !line.flags.has("handshake"));
  const own = lines.find((line) => line.flags.has("myself"));
  if (own === undefined) throw new NodeError(address, ["CLUSTER", "NODES"], new Error(`${host}:${port} names no node`));
  const owners: (string | undefined)[] = [];
  for (const line of lines) for (const slot of line.slots) owners[slot] = line.id;
  const failing = lines.filter((line) => line.flags.has("fail") || line.flags.has("fail?")).map((line) => line.id);
  const member: Member = {
    id: own.id,
    // As we reached it: what it believes to be its address may be another network's.
    host,
    port,
    busPort: own.busPort,
    isPrimary: own.flags.has("master"),
    primaryId: own.primaryId,
    epoch: own.epoch,
    slots: own.slots,
    migrating: own.migrating,
    importing: own.importing,
    keys: Number(keys),
    serves: infoFields(cluster).get("cluster_state") === "ok",
    inStep: infoFields(info).get("master_link_status") === "up",
    owners,
    known: new Set(lines.map((line) => line.id)),
    addresses: new Map(lines.filter((line) => line !== own && line.host !== "").map((line) => [line.id, line])),
    failing: new Set(failing),
  };
  return { member, others: lines.filter((line) => line !== own) };
}

function silentNode(line: NodeLine, why: string): Silent {
  const { id, host, port, primaryId, slots } = line;
  return { id, host, port, isPrimary: line.flags.has("master"), primaryId, slots, why };
}

function byRoleAndSlot(a: Member, b: Member): number {
  if (a.isPrimary !== b.isPrimary) return a.isPrimary ? -1 : 1;
  return (a.slots[0] ?? Infinity) - (b.slots[0] ?? Infinity) || a.port - b.port || (a.id < b.id ? -1 : 1);
}

export function primariesOf(survey: Survey): Member[] {
  return survey.members.filter((member) => member.isPrimary);
}

export function replicasOf(survey: Survey, id: string): Member[] {
  return survey.members.filter((member) => !member.isPrimary && member.primaryId === id);
}

/** Where the nodes reach one of theirs: as we do only if no other says more. */
export function addressInside(survey: Survey, node: Member): Address & { readonly busPort: number } {
  for (const other of survey.members) {
    const known = other.addresses.get(node.id);
    if (known !== undefined) return known;
  }
  return node;
}

/** The node of that name: its whole id, a beginning of it that no other has, or its address. */
export function findNode(survey: Survey, name: string): Member | Silent | undefined {
  const all: (Member | Silent)[] = [...survey.members, ...survey.silent];
  const byAddress = all.find((node) => `${node.host}:${node.port}` === name || `:${node.port}` === name);
  if (byAddress) return byAddress;
  const byPort = all.filter((node) => String(node.port) === name);
  if (byPort.length === 1) return byPort[0];
  const byId = name.length >= 4 ? all.filter((node) => node.id.startsWith(name.toLowerCase())) : [];
  return byId.length === 1 ? byId[0] : undefined;
}

export function isMember(node: Member | Silent): node is Member {
  return "owners" in node;
}
