/** Performs the effects towards our replicas: the connections that they came by, and the bytes that go out on them. */
import type { Session } from "../commands/session.ts";
import type { Io } from "../io/io.ts";
import type { Backlog } from "./backlog.ts";
import type { ReplicaPeer, ReplicationHost, ReplicationSettings, SnapshotStream } from "./dataset.ts";
import type { ReplicaEffect } from "./effects.ts";
import { Outlets } from "./outlets.ts";
import type { PrimaryInput } from "./primary.ts";

export interface ReplicaShellParts {
  readonly io: Io;
  readonly host: ReplicationHost;
  readonly settings: ReplicationSettings;
  /** The machine is told. */
  readonly step: (input: PrimaryInput) => void;
  /** The data as they are now. */
  readonly snapshot: () => SnapshotStream;
  /** What of the stream is kept for those who come back. */
  readonly backlog: () => Backlog;
}

export class ReplicaShell {
  readonly #parts: ReplicaShellParts;
  readonly #outlets: Outlets;
  /** Replicas by the session they were a client with. */
  readonly #peers = new WeakMap<Session, ReplicaPeer>();

  constructor(parts: ReplicaShellParts) {
    this.#parts = parts;
    const { io, step } = parts;
    this.#outlets = new Outlets(io.clock, io.random, {
      rdbProgress: (id) => step({ kind: "rdbProgress", id }),
      rdbSent: (id, sized) => step({ kind: "rdbSent", id, sized }),
      snapshotEnded: (failed) => step({ kind: "snapshotEnded", failed }),
    });
  }

  /** INFO's `total_net_repl_output_bytes`. */
  get sentBytes(): number {
    return this.#outlets.sentBytes;
  }

  /** What is kept for replicas beyond the backlog. */
  get bufferedBytes(): number {
    return this.#outlets.bufferedBytes;
  }

  /** The connection becomes a replica. */
  add(session: Session): ReplicaPeer {
    const { host, settings, step } = this.#parts;
    const peer = host.becomeReplica(session);
    const { id } = peer;
    this.#peers.set(session, peer);
    this.#outlets.add(peer);
    peer.setNoDelay(!settings.replDisableTcpNodelay);
    peer.onClose = () => {
      this.#outlets.remove(id);
      step({ kind: "replicaGone", id });
    };
    return peer;
  }

  find(session: Session): ReplicaPeer | undefined {
    return this.#peers.get(session);
  }

  /** More of the stream, for all who follow it. */
  feed(bytes: Uint8Array, start: number, end: number): void {
    this.#outlets.feed(bytes, start, end);
  }

  perform(effect: ReplicaEffect): void {
    const outlets = this.#outlets;
    switch (effect.kind) {
      case "sendTo":
        outlets.sendTo(effect.id, effect.bytes);
        return;
      case "streamFrom":
        outlets.streamFrom(effect.id, this.#parts.backlog(), effect.offset);
        return;
      case "snapshot":
        this.#beginSnapshot(effect.ids, effect.sized);
        return;
      case "joinSnapshot":
        outlets.joinSnapshot(effect.id);
        return;
      case "leaveSnapshot":
        outlets.leaveSnapshot(effect.id);
        return;
      case "streamBehindRdb":
        outlets.streamBehindRdb(effect.id);
        return;
      case "dropReplica":
        this.#drop(effect.id);
        return;
      case "dropReplicas":
        this.#parts.step({ kind: "dropReplicas" });
        return;
      case "stream":
        outlets.feed(effect.bytes, 0, effect.bytes.length);
    }
  }

  /** When they last said anything. */
  tellHeard(): void {
    for (const peer of this.#outlets.peers) this.#parts.step({ kind: "heardFrom", id: peer.id, at: peer.lastReadAt });
  }

  /** Closes those that take too little of what they are sent. @param name  how a replica is named in the log */
  dropOverLimit(now: number, name: (id: number) => string): void {
    const { settings, host, step } = this.#parts;
    for (const id of this.#outlets.overLimit(settings, now)) {
      host.log.warning(
        `Client replica ${name(id)} scheduled to be closed ASAP for overcoming of output buffer limits.`,
      );
      this.#drop(id);
      step({ kind: "replicaGone", id });
    }
  }

  closeAll(): void {
    for (const { id } of this.#outlets.peers) this.#drop(id);
  }

  #drop(id: number): void {
    this.#outlets.remove(id)?.close();
  }

  #beginSnapshot(ids: readonly number[], sized: boolean): void {
    try {
      this.#outlets.beginSnapshot(ids, sized, this.#parts.snapshot());
    } catch (error) {
      const failed = `BGSAVE failed, replication can't continue: ${error instanceof Error ? error.message : error}`;
      this.#parts.step({ kind: "snapshotEnded", failed });
    }
  }
}
