/** What a drill writes down while it runs. All times are in ms on the drill's own monotonic clock. */

/** An acknowledged write: the `sequence`th value of its writer. */
export interface Ack {
  readonly sequence: number;
  /** When the request was made, and when its acknowledgement came. */
  readonly sentAt: number;
  readonly at: number;
  /** The port of the server that acknowledged it; 0 if that is not known. */
  readonly port: number;
}

export interface WriterHistory {
  readonly name: string;
  /**
   * As applications do, through the Sentinels or as a client of the cluster, there to the shard that is hit or to another;
   * or straight to the old primary, which it never leaves.
   */
  readonly kind: "sentinel" | "cluster" | "neighbour" | "direct";
  /** In the order in which they came. */
  readonly acks: readonly Ack[];
  /** How many requests failed, by kind of error. What became of those is unknown: they count neither as kept nor as lost. */
  readonly errors: ReadonlyMap<string, number>;
}

/** A switch of the primary, as a Sentinel told it. */
export interface Switch {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/** What was seen of the group. A moment that never came is undefined. */
export interface Timeline {
  readonly startedAt: number;
  readonly faultAt: number;
  /** Another server than the old primary said that it is the primary. */
  readonly promotedAt?: number;
  /** The old primary was started again or resumed. */
  readonly returnedAt?: number;
  /** The old primary said that it follows the new one. */
  readonly replicaAt?: number;
  readonly stoppedAt: number;
  readonly switches: readonly Switch[];
}

/** A written value by the writer that wrote it. */
export interface Value {
  readonly writer: string;
  readonly sequence: number;
}

/** What the nodes hold when all is over. */
export interface FinalState {
  /** The port of the one primary; undefined if there is none, or more than one. */
  readonly primaryPort?: number;
  /** Whether all Sentinels name that one. */
  readonly sentinelsAgree: boolean;
  readonly nodes: readonly NodeData[];
  /** Acknowledged values that the final primary does not have. */
  readonly missing: readonly Value[];
}

export interface NodeData {
  readonly port: number;
  /** Undefined for one that could not be asked. */
  readonly keys?: number;
  /** The same for two nodes that hold the same data. */
  readonly digest?: string;
}
