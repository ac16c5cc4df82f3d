/** A node of the cluster as this one sees it. */
import { NodeFlag, type NodeId } from "./messages.ts";
import { SlotSet } from "./slot-set.ts";

export interface NodeAddress {
  readonly ip: string;
  readonly port: number;
  readonly busPort: number;
  /** The port without TLS where `port` is the one with it; 0 for none. */
  readonly plainPort: number;
}

export const NO_ADDRESS: NodeAddress = { ip: "", port: 0, busPort: 0, plainPort: 0 };

/** All times are of the machine's clock (`ClusterState.now`); 0 for never. */
export class ClusterNode {
  id: NodeId;
  /** Bits of `NodeFlag`. */
  flags: number;
  address: NodeAddress;
  hostname = "";
  humanName = "";
  shardId = "";
  configEpoch = 0;
  readonly slots = new SlotSet();
  /** Of a replica, if we know that node. */
  primary: ClusterNode | null = null;
  readonly replicas: ClusterNode[] = [];

  readonly createdAt: number;
  /** When the PING was sent that is not answered yet; 0 if none is. */
  pingSentAt = 0;
  pongReceivedAt = 0;
  /** When anything last came from it. */
  heardAt = 0;
  /** When somebody that we have heard from had last heard from it, at the latest. */
  aliveAt = 0;
  failedAt = 0;
  /** When we last voted for a replica of this primary. */
  votedAt = 0;
  /** In which epoch that was. */
  votedEpoch = 0;
  replicationOffset = 0;
  /** Since when it has had no replica that works. */
  orphanedAt = 0;
  /** Who says that it cannot be reached, and when they last did; null for nobody. */
  failReports: Map<ClusterNode, number> | null = null;
  /** Our connection to it. */
  link: Link | null = null;
  /** The PING in which it was last told of, so that none tells of it twice. */
  toldIn = 0;
  /** Where it stands on the roll; -1: nowhere. */
  place = -1;

  constructor(id: NodeId, flags: number, address: NodeAddress, now: number) {
    this.id = id;
    this.flags = flags;
    this.address = address;
    this.createdAt = now;
  }

  is(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  get isPrimary(): boolean {
    return this.is(NodeFlag.master);
  }

  get isReplica(): boolean {
    return this.is(NodeFlag.replica);
  }

  get isMyself(): boolean {
    return this.is(NodeFlag.myself);
  }

  /** Counts in elections and majorities. */
  get votes(): boolean {
    return this.isPrimary && this.slots.size > 0;
  }

  /** The primary of its shard. */
  get head(): ClusterNode | null {
    return this.isPrimary ? this : this.primary;
  }
}

/** A connection of the bus. We send to a node on the one that we made, and answer on the one that a question came by. */
export interface Link {
  readonly number: number;
  /** Whom we made it to; null for one that was made to us. */
  node: ClusterNode | null;
  /** Who speaks on one that was made to us. */
  from: ClusterNode | null;
  readonly openedAt: number;
  isUp: boolean;
  /** PINGs that we sent on it, PONGs that came, and which of them is waited for (`ask`, `hasAnswered`). */
  pings: number;
  pongs: number;
  awaited: number;
  /** The other end's address and ours, once it is up. */
  remoteIp: string;
  localIp: string;
}
