/** The whole of what a Sentinel knows and is about to do. The rules, in the files beside, are functions over it. */
import { type Address, hostAndPort, isIp, sameAddress } from "./address.ts";
import { Link, Master, NEVER, Peer, Replica } from "./instances.ts";
import type { Effect, LogLevel } from "./protocol.ts";
import { defaultOptions, defaultTimings } from "./settings.ts";

/** Chance, as the machine is given it. */
export interface Chance {
  /** 0 to 1, 1 excluded. */
  float(): number;
}

const HOST_NAME = /^[\w.-]{1,255}$/;

export class State {
  /** Monotonic milliseconds; the moment of the step that runs. */
  now = 0;
  /** 40 hex digits. */
  myid = "";
  currentEpoch = 0;
  readonly masters = new Map<string, Master>();
  readonly options = defaultOptions();
  readonly timings = defaultTimings();
  tilt = false;
  tiltStartedAt = NEVER;
  totalTilt = 0;
  lastTickAt = NEVER;
  running = false;
  /** Where this Sentinel listens. */
  port = 0;
  /** The last save failed: what we remember of votes might not survive us. */
  unsaved = false;
  crashAfterElection = false;
  crashAfterPromotion = false;
  /** What host names were last resolved to. */
  readonly ips = new Map<string, string>();
  /** Something worth keeping changed that nobody waits for: saved once, at the end of the step. */
  dirty = false;
  effects: Effect[] = [];
  /** Whether this step saves. */
  #saves = false;

  constructor(
    readonly chance: Chance,
    /** The password clients give us; used towards other Sentinels where `sentinel-pass` is not set. */
    public requirePass = "",
  ) {}

  emit(effect: Effect): void {
    this.effects.push(effect);
  }

  /** On disk before anything that follows. What is saved is the state at the end of the step, so that once is enough. */
  save(): void {
    this.dirty = false;
    if (!this.#saves) this.emit({ kind: "save" });
    this.#saves = true;
  }

  /** What is to be done; the next step begins without. */
  takeEffects(): Effect[] {
    if (this.dirty) this.save();
    const effects = this.effects;
    this.effects = [];
    this.#saves = false;
    return effects;
  }

  log(level: LogLevel, text: string): void {
    this.emit({ kind: "log", level, text });
  }

  /**
   * An address of a host that may be a name.
   * @returns  null where only IP addresses are allowed and this is none, or the port is none
   */
  address(host: string, port: number): Address | null {
    if (!Number.isInteger(port) || port < 0 || port > 65535) return null;
    if (isIp(host)) return { host, ip: host, port };
    // Names come from anybody who says hello: none but those that DNS could know get into our file.
    if (!this.options.resolveHostnames || !HOST_NAME.test(host)) return null;
    const ip = this.ips.get(host.toLowerCase()) ?? "";
    if (ip === "") this.emit({ kind: "resolve", host });
    return { host, ip, port };
  }

  /** As others are told of it: by name or by IP address, as `announce-hostnames` says. */
  announced(address: Address): string {
    return this.options.announceHostnames || address.ip === "" ? address.host : address.ip;
  }

  announcedWithPort(address: Address): string {
    return hostAndPort(this.announced(address), address.port);
  }

  newMaster(name: string, address: Address, quorum: number): Master {
    const master = new Master(name, address, new Link(this.now, true), this.now, quorum, this.timings);
    this.masters.set(name, master);
    return master;
  }

  /** @returns  null if there is one at that address already */
  newReplica(master: Master, address: Address, link = new Link(this.now, true)): Replica | null {
    for (const other of master.replicas.values()) if (sameAddress(other.address, address)) return null;
    const name = this.announcedWithPort(address);
    const replica = new Replica(name, address, link, this.now, master);
    master.replicas.set(name, replica);
    return replica;
  }

  /** Shares the link with the same Sentinel seen through other masters. */
  newPeer(master: Master, runid: string, address: Address): Peer {
    let link: Link | null = null;
    for (const other of this.masters.values()) link ??= other.sentinels.get(runid)?.link ?? null;
    if (link) link.refcount++;
    const peer = new Peer(runid, address, link ?? new Link(this.now, false), this.now, master);
    master.sentinels.set(runid, peer);
    return peer;
  }

  /** Everything that is watched. */
  *instances(): Generator<Master | Replica | Peer> {
    for (const master of this.masters.values()) {
      yield master;
      yield* master.replicas.values();
      yield* master.sentinels.values();
    }
  }

  /** Those that hang on `link`. */
  sharing(link: Link): (Master | Replica | Peer)[] {
    return [...this.instances()].filter((instance) => instance.link === link);
  }
}
