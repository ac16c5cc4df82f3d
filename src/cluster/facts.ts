/** What the machine asks of the server around it; it changes none of it. */

export interface ClusterSettings {
  /** cluster-node-timeout */
  readonly nodeTimeoutMs: number;
  /** cluster-replica-validity-factor; 0: data are never too old. */
  readonly replicaValidityFactor: number;
  /** cluster-migration-barrier */
  readonly migrationBarrier: number;
  /** cluster-allow-replica-migration */
  readonly allowReplicaMigration: boolean;
  /** cluster-require-full-coverage */
  readonly requireFullCoverage: boolean;
  /** cluster-replica-no-failover */
  readonly replicaNoFailover: boolean;
  /** cluster-blacklist-ttl, in ms: how long a node that was forgotten is not taken in again. */
  readonly forgetMs: number;
  /** cluster-manual-failover-timeout */
  readonly manualFailoverMs: number;
  /** repl-ping-replica-period, in ms. */
  readonly replPingMs: number;
  /** What we announce of ourselves; "" and 0 where others are to take what they see. */
  readonly announceIp: string;
  readonly announceHostname: string;
  readonly announceHumanName: string;
  readonly port: number;
  readonly plainPort: number;
  readonly busPort: number;
}

export interface ClusterFacts {
  /** The wall clock, Unix ms. It may jump: it is shown, and told to others, and nothing is measured with it. */
  timeOfDay(): number;
  /** As primary what we wrote, as replica what we applied. */
  replicationOffset(): number;
  /** How long we have not heard of our primary, as a replica; Infinity if its data never came. */
  dataAgeMs(): number;
  /**
   * How many replicas have a write before it is acknowledged, 0 for none; a candidate then shows that it has all such writes
   * (`fencing.ts`). Who offers this also performs the effect `fence` and answers it with `fenced`.
   */
  acksNeeded?(): number;
  keysIn(slot: number): number;
  hasKeys(): boolean;
}
