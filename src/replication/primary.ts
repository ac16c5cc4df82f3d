/**
 * The replicas attached to this server, be it a primary or itself a replica that passes its primary's stream on: who is
 * brought up to date by what means, who is online and how far, who is dropped. Pure: `step(input, now)` gives effects.
 */

import { utf8 } from "../base/bytes.ts";
import { NEWLINE, STREAM_GETACK, STREAM_PING } from "./codec.ts";
import type { ReplicationSettings } from "./dataset.ts";
import { debug, type Effect, notice, warning } from "./effects.ts";
import type { History } from "./history.ts";

/** What REPLCONF told about a connection before it asked for the stream. */
export interface Introduction {
  listeningPort: number;
  /** "" unless the replica announces another address than it connects from. */
  ip: string;
  eof: boolean;
  psync2: boolean;
  /** Wants the RDB and nothing behind it: `redis-cli --rdb`. */
  rdbOnly: boolean;
  version: string;
}

export function noIntroduction(): Introduction {
  return { listeningPort: 0, ip: "", eof: false, psync2: false, rdbOnly: false, version: "" };
}

/** As INFO names them. */
export type ReplicaState = "wait_bgsave" | "send_bulk" | "online";

export interface AttachedReplica {
  readonly id: number;
  readonly introduction: Introduction;
  readonly host: string;
  readonly name: string;
  state: ReplicaState;
  /** Asked by SYNC: it knows no offsets and never acknowledges. */
  readonly prePsync: boolean;
  /** Online, but the stream waits for the first ACK: bytes behind an end mark would be lost to it while it loads. */
  streamOnAck: boolean;
  ackOffset: number;
  /** 0 unless it has an AOF and told. */
  ackAofOffset: number;
  ackAt: number;
  waitingSince: number;
  /** When bytes of the RDB last left for it. */
  progressAt: number;
}

export type PrimaryInput =
  | {
      readonly kind: "sync";
      readonly id: number;
      readonly host: string;
      readonly introduction: Introduction;
      /** Null for the old SYNC. */
      readonly psync: { readonly replid: string; readonly offset: number } | null;
    }
  | { readonly kind: "ack"; readonly id: number; readonly offset: number; readonly aofOffset?: number }
  /** Some sign of life that is not an ACK: an empty line of a replica that loads. */
  | { readonly kind: "heardFrom"; readonly id: number; readonly at: number }
  | { readonly kind: "rdbProgress"; readonly id: number }
  /** All of the RDB was handed to the network. */
  | { readonly kind: "rdbSent"; readonly id: number; readonly sized: boolean }
  | { readonly kind: "snapshotEnded"; readonly failed?: string }
  | { readonly kind: "replicaGone"; readonly id: number }
  | { readonly kind: "dropReplicas" }
  | { readonly kind: "getAck" }
  | { readonly kind: "primaryTick"; readonly leading: boolean; readonly quiet: boolean };

export interface SyncStats {
  syncFull: number;
  syncPartialOk: number;
  syncPartialErr: number;
}

export class Primary {
  readonly replicas = new Map<number, AttachedReplica>();
  /** The highest offset that any replica has acknowledged since we lead, -1 without any. */
  bestAck = -1;
  readonly stats: SyncStats = { syncFull: 0, syncPartialOk: 0, syncPartialErr: 0 };
  readonly #history: History;
  readonly #settings: ReplicationSettings;
  readonly #newReplid: () => string;
  /** The snapshot under way, if any: those who get it, and the stream's offset at its moment. */
  #snapshot: { readonly sized: boolean; readonly offset: number; joinable: boolean } | null = null;
  #pingAt = 0;
  #newlineAt = 0;
  #alone: number | null = null;

  constructor(history: History, settings: ReplicationSettings, newReplid: () => string) {
    this.#history = history;
    this.#settings = settings;
    this.#newReplid = newReplid;
  }

  /** The offset and the data must name the same point whenever this is called. */
  step(input: PrimaryInput, now: number): Effect[] {
    switch (input.kind) {
      case "sync":
        return this.#sync(input, now);
      case "ack":
        return this.#ack(input.id, input.offset, input.aofOffset, now);
      case "heardFrom": {
        const replica = this.replicas.get(input.id);
        if (replica?.streamOnAck) replica.ackAt = Math.max(replica.ackAt, input.at);
        return [];
      }
      case "rdbProgress": {
        const replica = this.replicas.get(input.id);
        if (replica !== undefined) replica.progressAt = now;
        // The RDB is on its way: too late to join, and no place for signs of life.
        if (this.#snapshot !== null) this.#snapshot.joinable = false;
        return [];
      }
      case "rdbSent":
        return this.#rdbSent(input.id, input.sized, now);
      case "snapshotEnded":
        return this.#snapshotEnded(input.failed, now);
      case "replicaGone":
        return this.#gone(input.id, now);
      case "dropReplicas":
        return [...this.replicas.keys()].flatMap((id) => this.#drop(id, now));
      case "getAck":
        return this.#anyOnline() ? [this.#intoStream(STREAM_GETACK)] : [];
      case "primaryTick":
        return this.#tick(now, input.leading, input.quiet);
    }
  }

  /** Replicas that acknowledged this offset: WAIT's count. */
  ackedBy(offset: number): number {
    let count = 0;
    for (const replica of this.replicas.values()) {
      if (replica.state === "online" && !replica.streamOnAck && replica.ackOffset >= offset) count++;
    }
    return count;
  }

  /** Replicas whose lag is within `min-replicas-max-lag`. */
  goodReplicas(now: number): number {
    let count = 0;
    for (const replica of this.replicas.values()) {
      if (replica.state === "online" && lagSeconds(replica, now) <= this.#settings.minReplicasMaxLagSeconds) count++;
    }
    return count;
  }

  #sync(input: PrimaryInput & { kind: "sync" }, now: number): Effect[] {
    const { id, host, introduction, psync } = input;
    if (this.replicas.has(id)) return [];
    const name = `${introduction.ip || host}:${introduction.listeningPort || "<unknown-replica-port>"}`;
    const effects: Effect[] = [notice(`Replica ${name} asks for synchronization`)];
    const replica: AttachedReplica = {
      id,
      introduction,
      host,
      name,
      state: "wait_bgsave",
      prePsync: psync === null,
      streamOnAck: false,
      ackOffset: 0,
      ackAofOffset: 0,
      ackAt: now,
      waitingSince: now,
      progressAt: now,
    };
    if (psync !== null) {
      const verdict = this.#history.judge(psync.replid, psync.offset, name);
      if (verdict.kind === "continue") return effects.concat(this.#continue(replica, psync.offset));
      effects.push(notice(verdict.why));
      // Somebody who asks for a full copy did not fail to get a partial one.
      if (psync.replid !== "?") this.stats.syncPartialErr++;
    }
    this.stats.syncFull++;
    this.replicas.set(id, replica);
    this.#alone = null;
    if (this.#history.backlog === null) {
      this.#history.beginBacklog(this.#settings.replBacklogSize, this.#newReplid());
      effects.push(
        notice(
          `Replication backlog created, my new replication IDs are '${this.#history.replid}' and '${this.#history.replid2}'`,
        ),
      );
    }
    return effects.concat(this.#seatForFullSync(replica, now));
  }

  #continue(replica: AttachedReplica, offset: number): Effect[] {
    this.stats.syncPartialOk++;
    replica.state = "online";
    this.replicas.set(replica.id, replica);
    this.#alone = null;
    const line = replica.introduction.psync2 ? `+CONTINUE ${this.#history.replid}\r\n` : "+CONTINUE\r\n";
    const bytes = this.#history.offset - offset + 1;
    return [
      notice(
        `Partial resynchronization request from ${replica.name} accepted. ` +
          `Sending ${bytes} bytes of backlog starting from offset ${offset}.`,
      ),
      { kind: "sendTo", id: replica.id, bytes: utf8(line) },
      { kind: "streamFrom", id: replica.id, offset },
    ];
  }

  #seatForFullSync(replica: AttachedReplica, now: number): Effect[] {
    if (this.#snapshot !== null) {
      if (!this.#snapshot.joinable) {
        return [notice("Current BGSAVE has socket target. Waiting for next BGSAVE for SYNC")];
      }
      replica.state = "send_bulk";
      replica.progressAt = now;
      return [
        notice("Waiting for end of BGSAVE for SYNC"),
        this.#promise(replica, this.#snapshot.offset),
        { kind: "joinSnapshot", id: replica.id },
      ];
    }
    const delayed = this.#settings.replDisklessSync && replica.introduction.eof;
    if (!delayed || this.#due(now)) return this.#beginSnapshot(now);
    return [notice("Delay next BGSAVE for diskless SYNC")];
  }

  #waiting(): AttachedReplica[] {
    return [...this.replicas.values()].filter((replica) => replica.state === "wait_bgsave");
  }

  /** Whether those who wait have waited long enough, or are enough, to share one snapshot. */
  #due(now: number): boolean {
    const waiting = this.#waiting();
    if (waiting.length === 0) return false;
    const { replDisklessSync, replDisklessSyncMaxReplicas, replDisklessSyncDelaySeconds } = this.#settings;
    if (!replDisklessSync || replDisklessSyncDelaySeconds === 0) return true;
    if (replDisklessSyncMaxReplicas > 0 && waiting.length >= replDisklessSyncMaxReplicas) return true;
    const first = Math.min(...waiting.map((replica) => replica.waitingSince));
    return now - first >= replDisklessSyncDelaySeconds * 1000;
  }

  #beginSnapshot(now: number): Effect[] {
    const batch = this.#waiting();
    const sized = !this.#settings.replDisklessSync || batch.some((replica) => !replica.introduction.eof);
    this.#snapshot = { sized, offset: this.#history.offset, joinable: sized };
    const promises = batch.map((replica) => {
      replica.state = "send_bulk";
      replica.progressAt = now;
      return this.#promise(replica, this.#history.offset);
    });
    return [
      notice(`Starting BGSAVE for SYNC with target: ${sized ? "disk" : "replicas sockets"}`),
      { kind: "selectAgain" },
      { kind: "snapshot", ids: batch.map((replica) => replica.id), sized },
      ...promises,
    ];
  }

  #promise(replica: AttachedReplica, offset: number): Effect {
    const line = replica.prePsync ? "" : `+FULLRESYNC ${this.#history.replid} ${offset}\r\n`;
    return { kind: "sendTo", id: replica.id, bytes: utf8(line) };
  }

  #rdbSent(id: number, sized: boolean, now: number): Effect[] {
    const replica = this.replicas.get(id);
    if (replica === undefined) return [];
    if (replica.introduction.rdbOnly) {
      return [
        notice(`RDB transfer completed, rdb only replica (${replica.name}) should be disconnected asap`),
        { kind: "leaveSnapshot", id },
      ];
    }
    replica.state = "online";
    replica.ackAt = now;
    const effects: Effect[] = [notice(`Synchronization with replica ${replica.name} succeeded`)];
    if (sized) effects.push({ kind: "streamBehindRdb", id });
    else replica.streamOnAck = true;
    return effects;
  }

  #snapshotEnded(failed: string | undefined, now: number): Effect[] {
    this.#snapshot = null;
    if (failed === undefined) return this.#due(now) ? this.#beginSnapshot(now) : [];
    const effects: Effect[] = [warning(`SYNC failed. ${failed}`)];
    for (const replica of this.replicas.values()) {
      if (replica.state === "send_bulk") effects.push(...this.#drop(replica.id, now));
    }
    return effects;
  }

  #ack(id: number, offset: number, aofOffset: number | undefined, now: number): Effect[] {
    const replica = this.replicas.get(id);
    if (replica === undefined) return [];
    replica.ackOffset = Math.max(replica.ackOffset, offset);
    if (aofOffset !== undefined) replica.ackAofOffset = Math.max(replica.ackAofOffset, aofOffset);
    replica.ackAt = now;
    this.bestAck = Math.max(this.bestAck, offset);
    if (!replica.streamOnAck || replica.state !== "online") return [];
    replica.streamOnAck = false;
    return [{ kind: "streamBehindRdb", id }];
  }

  #gone(id: number, now: number): Effect[] {
    const replica = this.replicas.get(id);
    if (replica === undefined) return [];
    this.#remove(id, now);
    return [notice(`Connection with replica ${replica.name} lost.`)];
  }

  #drop(id: number, now: number): Effect[] {
    this.#remove(id, now);
    return [{ kind: "dropReplica", id }];
  }

  #remove(id: number, now: number): void {
    this.replicas.delete(id);
    if (this.replicas.size === 0) this.#alone = now;
  }

  #anyOnline(): boolean {
    for (const replica of this.replicas.values()) if (replica.state === "online") return true;
    return false;
  }

  #tick(now: number, leading: boolean, quiet: boolean): Effect[] {
    const effects: Effect[] = [];
    if (this.replicas.size === 0) this.#pingAt = now + this.#settings.replPingReplicaPeriodSeconds * 1000;
    if (leading && !quiet && this.replicas.size > 0 && now >= this.#pingAt) {
      this.#pingAt = now + this.#settings.replPingReplicaPeriodSeconds * 1000;
      effects.push(this.#intoStream(STREAM_PING));
    }
    if (now >= this.#newlineAt) {
      this.#newlineAt = now + 1000;
      effects.push(...this.#newlines());
    }
    effects.push(...this.#timeouts(now));
    if (this.#snapshot === null && this.#due(now)) effects.push(...this.#beginSnapshot(now));
    if (leading) effects.push(...this.#freeBacklog(now));
    return effects;
  }

  /** Bytes of our own making become part of the stream, at once: what follows counts on the offset behind them. */
  #intoStream(bytes: Uint8Array): Effect {
    this.#history.append(bytes, 0, bytes.length);
    return { kind: "stream", bytes };
  }

  /** Signs of life for those whose RDB is not on its way yet: their own timeout would end the wait. */
  #newlines(): Effect[] {
    const effects: Effect[] = [];
    for (const { id, state } of this.replicas.values()) {
      if (state === "wait_bgsave" || (state === "send_bulk" && this.#snapshot?.joinable)) {
        effects.push({ kind: "sendTo", id, bytes: NEWLINE });
      }
    }
    return effects;
  }

  #timeouts(now: number): Effect[] {
    const effects: Effect[] = [];
    const limit = this.#settings.replTimeoutSeconds * 1000;
    for (const replica of this.replicas.values()) {
      const streaming = replica.state === "online" && !replica.prePsync && now - replica.ackAt > limit;
      const stuck = replica.state === "send_bulk" && !this.#snapshot?.joinable && now - replica.progressAt > limit;
      if (!streaming && !stuck) continue;
      const how = streaming ? "streaming sync" : "full sync";
      effects.push(warning(`Disconnecting timedout replica (${how}): ${replica.name}`), ...this.#drop(replica.id, now));
    }
    return effects;
  }

  #freeBacklog(now: number): Effect[] {
    if (this.#history.backlog === null || this.replicas.size > 0) return [];
    this.#alone ??= now;
    const ttl = this.#settings.replBacklogTtlSeconds;
    if (ttl === 0 || now - this.#alone <= ttl * 1000) return [];
    this.#history.freeBacklog(this.#newReplid());
    return [
      notice(`Replication backlog freed after ${ttl} seconds without connected replicas.`),
      debug(`My new replication ID is ${this.#history.replid}`),
    ];
  }
}

/** Seconds since the last acknowledgement, as INFO and `min-replicas-max-lag` count them. */
export function lagSeconds(replica: AttachedReplica, now: number): number {
  return Math.max(0, Math.floor(now / 1000) - Math.floor(replica.ackAt / 1000));
}
