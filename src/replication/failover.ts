/**
 * Handing over on purpose, without loss: FAILOVER to a replica, and the wait for all replicas before a shutdown. Both pause
 * writes, so that the stream stands still, and wait until what it reached is acknowledged. Pure.
 */
import { ReplyError } from "../base/reply-error.ts";
import type { Endpoint } from "../io/net.ts";
import { type Effect, notice, warning } from "./effects.ts";
import type { AttachedReplica } from "./primary.ts";

/** INFO's `master_failover_state`. */
export type FailoverState = "no-failover" | "waiting-for-sync" | "failover-in-progress";

export interface FailoverRequest {
  readonly target: Endpoint | null;
  readonly force: boolean;
  /** 0 for none. */
  readonly timeoutMs: number;
}

export const failoverErrors = {
  none: new ReplyError("ERR", "No failover in progress."),
  busy: new ReplyError("ERR", "FAILOVER already in progress."),
  replica: new ReplyError("ERR", "FAILOVER is not valid when server is a replica."),
  alone: new ReplyError("ERR", "FAILOVER requires connected replicas."),
  force: new ReplyError("ERR", "FAILOVER with force option requires both a timeout and target HOST and IP."),
  timeout: new ReplyError("ERR", "FAILOVER timeout must be greater than 0"),
  unknown: new ReplyError("ERR", "FAILOVER target HOST and PORT is not a replica."),
  offline: new ReplyError("ERR", "FAILOVER target replica is not online."),
};

export function addressOf(replica: AttachedReplica): Endpoint {
  return { host: replica.introduction.ip || replica.host, port: replica.introduction.listeningPort };
}

export class Failover {
  state: FailoverState = "no-failover";
  #target: Endpoint | null = null;
  #force = false;
  #deadline = Number.POSITIVE_INFINITY;
  /** What a replica must have acknowledged. */
  #offset = 0;

  /** Throws Redis' errors. `settled`: the offset, everything so far included. */
  begin(
    request: FailoverRequest,
    replicas: ReadonlyMap<number, AttachedReplica>,
    settled: number,
    now: number,
  ): Effect[] {
    if (this.state !== "no-failover") throw failoverErrors.busy;
    if (replicas.size === 0) throw failoverErrors.alone;
    const { target, force, timeoutMs } = request;
    if (force && (target === null || timeoutMs === 0)) throw failoverErrors.force;
    if (target !== null) {
      const replica = [...replicas.values()].find((one) => sameEndpoint(addressOf(one), target));
      if (replica === undefined) throw failoverErrors.unknown;
      if (replica.state !== "online") throw failoverErrors.offline;
    }
    this.state = "waiting-for-sync";
    this.#target = target;
    this.#force = force;
    this.#deadline = timeoutMs > 0 ? now + timeoutMs : Number.POSITIVE_INFINITY;
    this.#offset = settled;
    return [
      notice(target === null ? "FAILOVER requested to any replica." : `FAILOVER requested to ${label(target)}.`),
      { kind: "pauseWrites", reason: "failover" },
    ];
  }

  /** Whom to hand over to now: a replica that has everything, or the target when its time is up and it is forced. */
  chosen(
    replicas: ReadonlyMap<number, AttachedReplica>,
    now: number,
  ): { endpoint: Endpoint; effects: Effect[] } | null {
    if (this.state !== "waiting-for-sync") return null;
    if (now >= this.#deadline && this.#force) {
      const endpoint = this.#target!;
      return this.#choose(endpoint, `FAILOVER to ${label(endpoint)} time out exceeded, failing over.`);
    }
    for (const replica of replicas.values()) {
      const endpoint = addressOf(replica);
      if (this.#target !== null && !sameEndpoint(endpoint, this.#target)) continue;
      // Who copies our data without being a server (redis-cli --rdb) names no port: nobody could follow it.
      if (endpoint.port === 0) continue;
      if (replica.state !== "online" || replica.streamOnAck || replica.ackOffset < this.#offset) continue;
      return this.#choose(endpoint, `Failover target ${label(endpoint)} is synced, failing over.`);
    }
    return null;
  }

  #choose(endpoint: Endpoint, text: string): { endpoint: Endpoint; effects: Effect[] } {
    this.state = "failover-in-progress";
    this.#target = endpoint;
    return { endpoint, effects: [notice(text)] };
  }

  expired(now: number): boolean {
    return this.state === "waiting-for-sync" && now >= this.#deadline && !this.#force;
  }

  abort(why: string): Effect[] {
    if (this.state === "no-failover") throw failoverErrors.none;
    const whom = this.#target === null ? "any replica" : label(this.#target);
    return [warning(`FAILOVER to ${whom} aborted: ${why}`), ...this.end()];
  }

  /** Done, or not to be: writes go on, and are refused if we are a replica by now. */
  end(): Effect[] {
    if (this.state === "no-failover") return [];
    this.state = "no-failover";
    this.#target = null;
    return [{ kind: "resumeWrites", reason: "failover" }];
  }
}

/** The wait of SHUTDOWN: Redis' behaviour since 7.0. */
export class HandOver {
  #deadline: number | null = null;
  #offset = 0;

  get waiting(): boolean {
    return this.#deadline !== null;
  }

  begin(settled: number, now: number, timeoutMs: number): Effect[] {
    this.#deadline = now + timeoutMs;
    this.#offset = settled;
    return [notice("Waiting for replicas before shutting down."), { kind: "pauseWrites", reason: "shutdown" }];
  }

  /** Null while it goes on; else whether every replica has everything. */
  outcome(replicas: ReadonlyMap<number, AttachedReplica>, now: number): boolean | null {
    const behind = this.#behind(replicas);
    if (behind.length === 0) return true;
    return this.#deadline !== null && now >= this.#deadline ? false : null;
  }

  end(replicas: ReadonlyMap<number, AttachedReplica>, now: number): Effect[] {
    this.#deadline = null;
    const behind = this.#behind(replicas);
    const effects = behind.map((replica) =>
      warning(
        `Lagging replica ${replica.name} reported offset ${this.#offset - replica.ackOffset} behind master, ` +
          `lag=${Math.floor((now - replica.ackAt) / 1000)}, state=${replica.state}.`,
      ),
    );
    if (replicas.size > 0) {
      const inSync = replicas.size - behind.length;
      effects.push(notice(`${inSync} of ${replicas.size} replicas are in sync when shutting down.`));
    }
    return effects;
  }

  abort(): Effect[] {
    this.#deadline = null;
    return [{ kind: "resumeWrites", reason: "shutdown" }];
  }

  #behind(replicas: ReadonlyMap<number, AttachedReplica>): AttachedReplica[] {
    return [...replicas.values()].filter((replica) => replica.state !== "online" || replica.ackOffset < this.#offset);
  }
}

export function label(endpoint: Endpoint): string {
  return `${endpoint.host}:${endpoint.port}`;
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.host.toLowerCase() === b.host.toLowerCase();
}
