/**
 * What a Sentinel knows of the servers around it: masters, their replicas, and the other Sentinels that guard them. Plain
 * state; the rules that change it are in the files beside this one (`machine.ts` lists them).
 */
import type { Address } from "./address.ts";
import type { FailoverRecord } from "./timeline.ts";

/** A moment before all others: "never yet". */
export const NEVER = Number.NEGATIVE_INFINITY;

export type Role = "master" | "slave";
export type ChannelName = "command" | "pubsub";

/** One of the two connections of a link. */
export class Channel {
  state: "down" | "connecting" | "up" = "down";
  /** When it came up. */
  upAt = NEVER;
  /** Not to be tried before. */
  nextAttemptAt = NEVER;
  /** Anything received, for the pub/sub channel. */
  activeAt = NEVER;
}

/**
 * The connections to one server, and what they say about its life. Masters and replicas have one each; the same Sentinel
 * seen through several masters is one link, so that it is asked once, not once a master.
 */
export class Link {
  static #ids = 0;
  readonly id = ++Link.#ids;
  /** How many instances share it. */
  refcount = 1;
  readonly command = new Channel();
  readonly pubsub: Channel | null;
  /** Commands sent and not answered yet. */
  pending = 0;
  /** The oldest PING not answered; null if all were. Starts "pending" so that a server never reached times out as well. */
  pingPendingSince: number | null;
  pingSentAt = NEVER;
  /** The last answer to PING that proves the server available. */
  availableAt: number;
  /** The last answer to PING at all. */
  pongAt: number;
  /** Whether the server was ever available to us. */
  met = false;
  /** The network says that nobody listens there, and since then nobody has answered. */
  refused = false;
  /** The error that PING was answered with last, "" if it was none. */
  pingError = "";
  /** The address of our own end, which is how others reach us. */
  localHost = "";

  constructor(now: number, withPubsub: boolean) {
    this.pubsub = withPubsub ? new Channel() : null;
    this.pingPendingSince = now;
    this.availableAt = now;
    this.pongAt = now;
  }

  get connected(): boolean {
    return this.command.state === "up" && (this.pubsub === null || this.pubsub.state === "up");
  }

  /** A process that was there and whose port is closed now is proved gone; silence alone proves nothing. */
  get provedGone(): boolean {
    return this.met && this.refused;
  }

  channel(name: ChannelName): Channel | null {
    return name === "command" ? this.command : this.pubsub;
  }
}

/** What all three kinds have. */
export class Instance {
  runid: string | null = null;
  sdown = false;
  sdownAt = NEVER;
  helloSentAt = NEVER;
  infoAt = NEVER;
  infoAskedAt = NEVER;
  infoPending = false;
  /** The text of the last INFO. */
  info: string | null = null;
  /** Whether it holds any data, as INFO said; null if that is not known. */
  hasKeys: boolean | null = null;
  scriptKillSent = false;
  roleReported: Role;
  roleReportedAt: number;
  /** What INFO says of a FAILOVER command running there; "unknown" where it does not know the command. */
  handover: "unknown" | "none" | "running" = "unknown";
  handoverAt: number;
  /** Forgotten: late answers about it are thrown away. */
  released = false;

  constructor(
    readonly kind: "master" | "slave" | "sentinel",
    public name: string,
    public address: Address,
    public link: Link,
    now: number,
  ) {
    this.roleReported = kind === "slave" ? "slave" : "master";
    this.roleReportedAt = now;
    this.handoverAt = now;
  }
}

export class Replica extends Instance {
  priority = 100;
  announced = true;
  offset = 0;
  masterHost: string | null = null;
  masterPort = 0;
  masterLinkUp = false;
  masterLinkDownMs = 0;
  /** When it last began to follow somebody else. */
  targetChangedAt: number;
  /** Where a running failover has got with it. */
  reconf: "none" | "sent" | "inprog" | "done" = "none";
  reconfSentAt = NEVER;
  promoted = false;
  /**
   * It was the primary of an older epoch and has not been seen as a replica since: when it turns up again it takes itself
   * for the primary still, and is to be demoted before anybody believes it.
   */
  stale = false;
  /** We told it to be a master and gave up before it said that it was: it may have become one. */
  mayBeMaster = false;
  /** A demotion is on its way. */
  demotionSentAt = NEVER;

  constructor(
    name: string,
    address: Address,
    link: Link,
    now: number,
    readonly master: Master,
  ) {
    super("slave", name, address, link, now);
    this.targetChangedAt = now;
  }
}

/** What another Sentinel said about a master, and which master it spoke of. */
export interface Opinion {
  readonly down: boolean;
  readonly about: Address;
  readonly at: number;
}

export class Peer extends Instance {
  helloAt: number;
  opinion: Opinion | null = null;
  /** Whom it voted for, and in which epoch. */
  leader: string | null = null;
  leaderEpoch = 0;
  askedAt = NEVER;

  constructor(
    runid: string,
    address: Address,
    link: Link,
    now: number,
    readonly master: Master,
  ) {
    super("sentinel", runid, address, link, now);
    this.runid = runid;
    this.helloAt = now;
  }
}

export type FailoverState =
  | "none"
  | "wait_start"
  | "select_slave"
  | "send_slaveof_noone"
  | "wait_promotion"
  | "reconf_slaves"
  | "update_config";

export class Master extends Instance {
  readonly replicas = new Map<string, Replica>();
  /** By run id. */
  readonly sentinels = new Map<string, Peer>();
  downAfterMs: number;
  failoverTimeoutMs: number;
  parallelSyncs = 1;
  rebootDownAfterMs = 0;
  authPass: string | null = null;
  authUser: string | null = null;
  notificationScript: string | null = null;
  clientReconfigScript: string | null = null;
  /** Redis' command name in lower case, and what it is called there. */
  readonly renamed = new Map<string, string>();

  configEpoch = 0;
  odown = false;
  odownAt = NEVER;
  rebooted = false;
  rebootedAt = NEVER;

  /** Our vote. */
  leader: string | null = null;
  leaderEpoch = 0;

  failoverEpoch = 0;
  failoverState: FailoverState = "none";
  stateChangedAt = NEVER;
  failoverStartAt = NEVER;
  /** Asked for by SENTINEL FAILOVER. */
  forced = false;
  promoted: Replica | null = null;
  /** How the promoted replica is made one: by the primary's own FAILOVER, or by being told. */
  handoverState: "none" | "sent" | "refused" = "none";
  /** When an own attempt becomes due; null for none planned. */
  candidacyAt: number | null = null;
  /** Stands for Redis' rule of two failover timeouts between attempts, where we know better. */
  retryAt: number | null = null;
  splitVotes = 0;
  /** The last attempt found no replica to promote: one that turns up is reason to try again. */
  wantsReplica = false;
  /** The Sentinel whose turn it is, because we voted for it or it won. */
  awaited: string | null = null;
  delayLoggedFor = NEVER;
  /** The epoch of the last failover that we led to its end. */
  ledEpoch = -1;
  /** What keeps it from being failed over, as last logged. */
  weaknesses = "";
  createdAt: number;

  /** The failover that is running as we see it, and those before it, the latest last. */
  record: FailoverRecord | null = null;
  readonly history: FailoverRecord[] = [];

  constructor(
    name: string,
    address: Address,
    link: Link,
    now: number,
    public quorum: number,
    times: { defaultDownAfterMs: number; defaultFailoverTimeoutMs: number },
  ) {
    super("master", name, address, link, now);
    this.downAfterMs = times.defaultDownAfterMs;
    this.failoverTimeoutMs = times.defaultFailoverTimeoutMs;
    this.createdAt = now;
  }

  get inFailover(): boolean {
    return this.failoverState !== "none";
  }
}

/** The master an instance belongs to: itself, for a master. */
export function masterOf(instance: Instance): Master {
  return instance instanceof Master ? instance : (instance as Replica | Peer).master;
}
