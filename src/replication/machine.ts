/**
 * Replication as one machine: what we are (`master` or `slave`) and how that changes, and the parts that each know one side of
 * it. `history.ts` is what we hold; `primary.ts` the replicas attached to us; `follower.ts` our link to a primary;
 * `failover.ts` handing over on purpose; `guard.ts` the returning primary; `roster.ts` the replicas we gather ourselves.
 * Pure: no socket, no file, no clock. `shell.ts` feeds it and performs its effects.
 */
import { ReplyError } from "../base/reply-error.ts";
import type { Endpoint } from "../io/net.ts";
import type { ReplicationSettings, Role } from "./dataset.ts";
import { type Effect, notice } from "./effects.ts";
import { Failover, type FailoverRequest, failoverErrors, HandOver, label, sameEndpoint } from "./failover.ts";
import { Follower, type FollowerInput } from "./follower.ts";
import type { Group } from "./group.ts";
import { Guard, type GuardInput } from "./guard.ts";
import { History } from "./history.ts";
import { Primary, type PrimaryInput } from "./primary.ts";
import { Roster, type RosterInput } from "./roster.ts";

export type MachineInput =
  /** `by`: who asked, for the log. `trusted`: a person did, so that even an empty primary is welcome. */
  | { readonly kind: "replicaOf"; readonly endpoint: Endpoint; readonly by: string; readonly trusted: boolean }
  | { readonly kind: "replicaOfNoOne"; readonly by: string }
  /** `PSYNC replid offset FAILOVER` came from our primary, which wants to hand over to us. */
  | { readonly kind: "takeOver"; readonly replid: string; readonly by: string }
  | { readonly kind: "failover"; readonly request: FailoverRequest }
  | { readonly kind: "failoverAbort" }
  | { readonly kind: "handOver" }
  | { readonly kind: "handOverAbort" }
  | { readonly kind: "changeReplid" }
  | { readonly kind: "tick" };

export type Input = MachineInput | PrimaryInput | FollowerInput | GuardInput | RosterInput;

const machineErrors = {
  takeOverOfPrimary: new ReplyError("ERR", "PSYNC FAILOVER can't be sent to a master."),
  takeOverOfOther: new ReplyError("ERR", "PSYNC FAILOVER replid must match my replid."),
  whileFailingOver: new ReplyError("ERR", "REPLICAOF not allowed while failing over."),
};

export interface MachineParts {
  readonly settings: ReplicationSettings;
  readonly group: Group;
  readonly runId: string;
  /** A new name for a history: 40 hex digits. */
  readonly newReplid: () => string;
}

export class ReplicationMachine {
  readonly history: History;
  readonly primary: Primary;
  readonly follower: Follower;
  readonly failover = new Failover();
  readonly handOver = new HandOver();
  readonly guard: Guard;
  readonly roster: Roster;
  role: Role = "master";
  readonly #parts: MachineParts;

  constructor(parts: MachineParts) {
    this.#parts = parts;
    const { settings, group, runId, newReplid } = parts;
    this.history = new History(newReplid());
    this.primary = new Primary(this.history, settings, newReplid);
    this.follower = new Follower(this.history, settings);
    this.guard = new Guard(group, this.history, settings, runId);
    this.roster = new Roster(this.history, settings, this.primary.replicas, runId);
  }

  /**
   * The data and the offset must name the same point whenever this is called (`Dataset.settle`).
   * @throws ReplyError  for a request that is refused; nothing has changed then
   */
  step(input: Input, now: number): Effect[] {
    switch (input.kind) {
      case "replicaOf":
        return this.#replicaOf(input.endpoint, input.by, input.trusted, now);
      case "replicaOfNoOne":
        return this.#noOne(input.by, now);
      case "takeOver":
        return this.#takeOver(input.replid, input.by, now);
      case "failover":
        return this.#beginFailover(input.request, now);
      case "failoverAbort":
        return this.#abortFailover("Failover manually aborted", now);
      case "handOver":
        return this.#beginHandOver(now);
      case "handOverAbort":
        return this.handOver.waiting ? this.handOver.abort() : [];
      case "changeReplid":
        this.history.forget(this.#parts.newReplid());
        return [notice("Changing replication IDs after receiving DEBUG change-repl-id")];
      case "tick":
        return this.#tick(now);
      case "ack": {
        const effects = this.primary.step(input, now);
        return effects.concat(this.#failOverIfSynced(now));
      }
      case "sync":
      case "heardFrom":
      case "rdbProgress":
      case "rdbSent":
      case "snapshotEnded":
      case "replicaGone":
      case "dropReplicas":
      case "primaryTick":
        return this.primary.step(input, now);
      case "getAck":
        // A replica passes a stream on, and adds nothing to it.
        return this.role === "master" ? this.primary.step(input, now) : [];
      case "restarted":
      case "jumped":
      case "sentinelSaid":
      case "candidateSaid":
      case "hello":
      case "noLongerPrimary":
      case "guardTick":
        return this.guard.step(input, now);
      case "memberSaid":
      case "rosterTick":
        return this.roster.step(input, now);
      default:
        return this.#followerStep(input, now);
    }
  }

  #replicaOf(endpoint: Endpoint, by: string, trusted: boolean, now: number): Effect[] {
    const failingOver = this.failover.state !== "no-failover";
    if (failingOver && by !== "") throw machineErrors.whileFailingOver;
    const effects = this.#becomeReplica(endpoint, trusted, now);
    // The group has decided otherwise. First a replica, so that the writes that waited are refused.
    if (failingOver) effects.push(...this.failover.abort(`${label(endpoint)} is the primary`));
    return by === ""
      ? effects
      : [...effects, notice(`REPLICAOF ${label(endpoint)} enabled (user request from '${by}')`)];
  }

  /** True if that primary is followed already, and nothing keeps the link from being up. */
  follows(endpoint: Endpoint): boolean {
    const { follower } = this;
    return follower.endpoint !== null && sameEndpoint(follower.endpoint, endpoint) && follower.hold === "";
  }

  #becomeReplica(endpoint: Endpoint, trusted: boolean, now: number): Effect[] {
    const effects: Effect[] = [];
    if (this.role === "master") {
      this.role = "slave";
      const { backlog } = this.history;
      if (backlog !== null) {
        const { bestAck } = this.primary;
        this.follower.safeOffset = bestAck >= 0 ? bestAck : backlog.first - 1;
      }
      // At start there is nothing to go on from.
      if (this.history.resumable)
        effects.push(
          notice(
            "Before turning into a replica, using my own master parameters to synthesize a cached master: I may be able to " +
              "synchronize with the new master with just a partial transfer.",
          ),
        );
    }
    effects.push(
      { kind: "roleChanged", role: "slave" },
      ...this.follower.step({ kind: "follow", endpoint, trusted }, now),
    );
    // Held writes are looked at again, and refused.
    return effects.concat(this.guard.step({ kind: "noLongerPrimary" }, now));
  }

  #noOne(by: string, now: number): Effect[] {
    if (this.failover.state !== "no-failover") throw machineErrors.whileFailingOver;
    if (this.role === "master") return [];
    return [...this.#promote(now), notice(`MASTER MODE enabled (user request from '${by}')`)];
  }

  /** Our data stay; what our fellow replicas share with them stays valid under the second id. */
  #promote(now: number): Effect[] {
    const { history } = this;
    const effects = this.follower.step({ kind: "unfollow" }, now);
    effects.push(notice("Discarding previously cached master state."));
    history.promote(this.#parts.newReplid());
    history.resumable = true;
    this.role = "master";
    this.guard.promoted();
    this.primary.bestAck = -1;
    this.follower.safeOffset = null;
    effects.push(
      notice(
        `Setting secondary replication ID to ${history.replid2}, valid up to offset: ${history.secondOffset}. ` +
          `New replication ID is ${history.replid}`,
      ),
      // They are to ask again, and so learn the new id.
      { kind: "dropReplicas" },
      { kind: "selectAgain" },
      { kind: "roleChanged", role: "master" },
    );
    return effects;
  }

  #takeOver(replid: string, by: string, now: number): Effect[] {
    if (this.role === "master") throw machineErrors.takeOverOfPrimary;
    if (replid.toLowerCase() !== this.history.replid) throw machineErrors.takeOverOfOther;
    return [
      notice(`Failover request received for replid ${replid}.`),
      ...this.#promote(now),
      notice(`MASTER MODE enabled (failover request from '${by}')`),
    ];
  }

  #beginFailover(request: FailoverRequest, now: number): Effect[] {
    if (this.failover.state !== "no-failover") throw failoverErrors.busy;
    if (this.role === "slave") throw failoverErrors.replica;
    const { replicas } = this.primary;
    const effects = this.failover.begin(request, replicas, this.history.offset, now);
    const synced = this.#failOverIfSynced(now);
    if (synced.length > 0) return effects.concat(synced);
    return effects.concat(this.primary.step({ kind: "getAck" }, now));
  }

  #failOverIfSynced(now: number): Effect[] {
    const chosen = this.failover.chosen(this.primary.replicas, now);
    if (chosen === null) return [];
    this.follower.failover = "asking";
    return [...chosen.effects, ...this.#becomeReplica(chosen.endpoint, true, now)];
  }

  #abortFailover(why: string, now: number): Effect[] {
    const inProgress = this.failover.state === "failover-in-progress";
    const effects = this.failover.abort(why);
    // First primary again, so that the writes that waited are taken.
    return inProgress ? [...this.#promote(now), ...effects] : effects;
  }

  #followerStep(input: FollowerInput, now: number): Effect[] {
    const effects = this.follower.step(input, now);
    const { failover } = this.follower;
    if (failover !== "accepted" && failover !== "rejected") return effects;
    this.follower.failover = "no";
    if (failover === "accepted") return effects.concat(this.failover.end());
    return effects.concat(this.#abortFailover("Failover target rejected psync request", now));
  }

  #beginHandOver(now: number): Effect[] {
    const { shutdownTimeoutSeconds } = this.#parts.settings;
    const effects = this.handOver.begin(this.history.offset, now, shutdownTimeoutSeconds * 1000);
    return effects.concat(this.primary.step({ kind: "getAck" }, now));
  }

  #tick(now: number): Effect[] {
    const leading = this.role === "master";
    const quiet = this.failover.state !== "no-failover" || this.handOver.waiting;
    const effects = [
      ...this.guard.step({ kind: "guardTick" }, now),
      ...this.#followerStep({ kind: "followerTick" }, now),
      ...this.primary.step({ kind: "primaryTick", leading, quiet }, now),
      ...this.roster.step({ kind: "rosterTick", leading: leading && !this.guard.holding }, now),
    ];
    if (this.failover.expired(now)) effects.push(...this.#abortFailover("Replica never caught up before timeout", now));
    return effects.concat(this.#failOverIfSynced(now));
  }
}
