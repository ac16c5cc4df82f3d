/** Whether this node may run a command, or who may: the errors that a cluster's client follows. */
import { ReplyError } from "../base/reply-error.ts";
import type { ClusterNode } from "./node.ts";
import type { ClusterState } from "./state.ts";

/** What is asked for: one command, or all those that an EXEC would run. */
export interface Request {
  /** The slots of its keys, in their order; more than one entry says that there are several keys. */
  readonly slots: readonly number[];
  /** The keys are not all one and the same. */
  readonly severalKeys: boolean;
  /** How many of the keys are here (of channels all). Asked for only while a slot moves. */
  readonly present: () => number;
  readonly writes: boolean;
  /** SSUBSCRIBE, SPUBLISH and the like: channels, which nobody has to hold. */
  readonly ofChannels: boolean;
  /** MIGRATE serves the move itself. */
  readonly migrates: boolean;
  /** The client said ASKING before, or the command implies it. */
  readonly asking: boolean;
  /** The client said READONLY. */
  readonly readonly: boolean;
  /** It came over TLS. */
  readonly tls: boolean;
}

export interface RoutingSettings {
  /** cluster-allow-reads-when-down */
  readonly allowReadsWhenDown: boolean;
  /** cluster-allow-pubsubshard-when-down */
  readonly allowPubsubShardWhenDown: boolean;
  /** cluster-preferred-endpoint-type */
  readonly preferredEndpoint: "ip" | "hostname" | "unknown-endpoint";
}

/** What a client of the cluster is to follow, even in the place of EXEC's reply. */
export class Redirection extends ReplyError {}

const texts = {
  crossSlot: new Redirection("CROSSSLOT", "Keys in request don't hash to the same slot"),
  tryAgain: new Redirection("TRYAGAIN", "Multiple keys request during rehashing of slot"),
  down: new Redirection("CLUSTERDOWN", "The cluster is down"),
  downReadOnly: new Redirection("CLUSTERDOWN", "The cluster is down and only accepts read commands"),
  notServed: new Redirection("CLUSTERDOWN", "Hash slot not served"),
};

/** Null if the command is to run here. */
export function refusalOf(s: ClusterState, settings: RoutingSettings, request: Request): Redirection | null {
  const { slots } = request;
  if (slots.length === 0) return null;
  const [slot] = slots as [number];
  const owner = s.owners[slot]!;
  if (owner === null) return texts.notServed;
  for (const other of slots) if (other !== slot) return texts.crossSlot;
  if (!s.ok) {
    const refused = refusalWhenDown(settings, request);
    if (refused !== null) return refused;
  }
  const movingTo = owner.isMyself ? s.migrating.get(slot) : undefined;
  const isImporting = movingTo === undefined && s.importing.has(slot);
  if (movingTo !== undefined || isImporting) {
    if (request.migrates) return null;
    const moved = refusalWhileMoving(settings, request, slot, movingTo);
    if (moved !== undefined) return moved;
  }
  if (owner.isMyself) return null;
  const mayReadHere = (request.readonly || request.ofChannels) && !request.writes;
  if (mayReadHere && isOfOurShard(s, slot)) return null;
  return redirection("MOVED", slot, owner, settings, request.tls);
}

/** We own the slot, or its owner is our primary. */
export function isOfOurShard({ owners, myself }: ClusterState, slot: number): boolean {
  const owner = owners[slot]!;
  return owner !== null && (owner.isMyself || (myself.isReplica && myself.primary === owner));
}

/** Null while a client may go on waiting for a key of the slot. One that moves keeps its waiters until it is the other's. */
export function refusalOfWaiting(
  s: ClusterState,
  settings: RoutingSettings,
  { slots: [slot], readonly, writes, tls }: Pick<Request, "slots" | "readonly" | "writes" | "tls">,
): Redirection | null {
  if (slot === undefined) return null;
  // Even one that only reads: nobody can write what it waits for.
  if (!s.ok) return texts.down;
  const owner = s.owners[slot]!;
  if (owner?.isMyself || s.importing.has(slot)) return null;
  if (owner === null) return texts.notServed;
  if (readonly && !writes && isOfOurShard(s, slot)) return null;
  return redirection("MOVED", slot, owner, settings, tls);
}

function refusalWhenDown(settings: RoutingSettings, request: Request): Redirection | null {
  if (request.ofChannels) return settings.allowPubsubShardWhenDown ? null : texts.down;
  if (!settings.allowReadsWhenDown) return texts.down;
  return request.writes ? texts.downReadOnly : null;
}

/** Undefined if the move makes no difference. */
function refusalWhileMoving(
  settings: RoutingSettings,
  request: Request,
  slot: number,
  movingTo: ClusterNode | undefined,
): Redirection | null | undefined {
  const present = request.present();
  const missing = request.slots.length - present;
  if (movingTo !== undefined) {
    if (missing === 0) return undefined;
    // What is not here is there already, or nowhere.
    return present > 0 ? texts.tryAgain : redirection("ASK", slot, movingTo, settings, request.tls);
  }
  if (!request.asking) return undefined;
  return request.severalKeys && missing > 0 ? texts.tryAgain : null;
}

function redirection(
  kind: "MOVED" | "ASK",
  slot: number,
  node: ClusterNode,
  settings: RoutingSettings,
  tls: boolean,
): ReplyError {
  return new Redirection(kind, `${slot} ${endpointOf(node, settings) ?? ""}:${clientPort(node, tls)}`);
}

/** Where clients find the node; null: at the address by which they came. */
export function endpointOf(node: ClusterNode, { preferredEndpoint }: RoutingSettings): string | null {
  if (preferredEndpoint === "unknown-endpoint") return null;
  if (preferredEndpoint === "ip") return node.address.ip;
  return node.hostname === "" ? "?" : node.hostname;
}

export function clientPort({ address }: ClusterNode, tls: boolean): number {
  return !tls && address.plainPort !== 0 ? address.plainPort : address.port;
}
