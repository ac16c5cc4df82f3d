/**
 * What nodes tell each other over the cluster bus: Redis' messages of protocol version 1, as values. `codec.ts` knows their
 * bytes, the machine what they mean.
 */
import type { SlotSet } from "./slot-set.ts";

/** A node's name: 40 hex digits of its own choice, for life. */
export type NodeId = string;
export const ID_LENGTH = 40;

/** Whoever names an epoch above this wants no other ever to be above it: others count on by one, and a double has no more digits. */
const MAX_EPOCH = 2 ** 52;

/** What somebody says is an epoch. */
export function isEpoch(said: unknown): said is number {
  return typeof said === "number" && Number.isSafeInteger(said) && said >= 0 && said <= MAX_EPOCH;
}

/** What a node is and how it is doing, as bits of a message and of a gossip entry. */
export const NodeFlag = {
  master: 1,
  replica: 2,
  /** Somebody cannot reach it. */
  pfail: 4,
  /** A majority cannot. */
  fail: 8,
  myself: 16,
  /** We have not heard its name from itself yet. */
  handshake: 32,
  noAddress: 64,
  /** It is to be greeted with MEET. */
  meet: 128,
  /** A primary that replicas may migrate to: it had one once, or took over its slots. */
  migrateTo: 256,
  /** A replica that does not want to be promoted. */
  noFailover: 512,
} as const;

/** The first byte of a message's own flags. */
export const MessageFlag = {
  /** A primary that holds its writes for a manual failover. */
  paused: 1,
  /** Vote, even if the primary is up: a manual failover. */
  forceAck: 2,
  hasExtensions: 4,
} as const;

/** Told with every message: who speaks, and what it owns. */
export interface Sender {
  readonly id: NodeId;
  /** The clients' port, the one without TLS where there are two (0 for none), the bus port. */
  readonly port: number;
  readonly plainPort: number;
  readonly busPort: number;
  /** "" if the receiver is to take the address it sees. */
  readonly ip: string;
  /** Bits of `NodeFlag`. */
  readonly flags: number;
  /** The primary it follows; "" for none. */
  readonly replicaOf: NodeId;
  readonly currentEpoch: number;
  /** Its own, or of a replica its primary's. */
  readonly configEpoch: number;
  readonly replicationOffset: number;
  /** Its own, or of a replica its primary's. */
  readonly slots: SlotSet;
  /** Whether it thinks that the cluster works. */
  readonly clusterOk: boolean;
  /** Bits of `MessageFlag`, but for `hasExtensions`. */
  readonly messageFlags: number;
}

/** What the sender knows of another node. */
export interface Gossip {
  readonly id: NodeId;
  /** Unix seconds. */
  readonly pingSent: number;
  readonly pongReceived: number;
  readonly ip: string;
  readonly port: number;
  readonly busPort: number;
  readonly plainPort: number;
  readonly flags: number;
}

export interface Extensions {
  readonly hostname?: string;
  readonly humanName?: string;
  readonly shardId?: string;
  /** Nodes that were forgotten, and for how many more seconds nobody is to remember them. */
  readonly forgotten?: readonly { readonly id: NodeId; readonly seconds: number }[];
}

/** PING, its answer PONG, and MEET, the PING that asks a stranger to take us in. */
export interface Greeting {
  readonly kind: "ping" | "pong" | "meet";
  readonly sender: Sender;
  readonly gossip: readonly Gossip[];
  readonly extensions: Extensions;
}

export type Message =
  | Greeting
  | { readonly kind: "fail"; readonly sender: Sender; readonly id: NodeId }
  | {
      readonly kind: "publish" | "publishshard";
      readonly sender: Sender;
      readonly channel: Uint8Array;
      readonly message: Uint8Array;
    }
  | { readonly kind: "auth-req" | "auth-ack" | "mfstart"; readonly sender: Sender }
  /** Those slots are somebody else's, with a higher epoch than the receiver claimed them with. */
  | {
      readonly kind: "update";
      readonly sender: Sender;
      readonly id: NodeId;
      readonly configEpoch: number;
      readonly slots: SlotSet;
    }
  /** Of a module's own protocol: nothing for us. */
  | { readonly kind: "module"; readonly sender: Sender };

export type MessageKind = Message["kind"];

/** By the numbers of the protocol; CLUSTER INFO counts messages under these names. */
export const MESSAGE_KINDS: readonly MessageKind[] = [
  "ping",
  "pong",
  "meet",
  "fail",
  "publish",
  "auth-req",
  "auth-ack",
  "update",
  "mfstart",
  "module",
  "publishshard",
];
