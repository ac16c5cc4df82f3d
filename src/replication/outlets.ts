/**
 * Bytes on their way to the replicas: the stream to those who follow it, snapshots to those who need one, and what of the
 * stream came meanwhile. Who gets what was decided elsewhere (`primary.ts`).
 */
import { Slice, utf8 } from "../base/bytes.ts";
import { type Clock, type Random, randomId } from "../io/io.ts";
import type { Backlog } from "./backlog.ts";
import { encodePreamble } from "./codec.ts";
import type { ReplicaPeer, ReplicationSettings, SnapshotStream } from "./dataset.ts";

/** More than this on its way to a replica is not added to: the network decides the pace of a snapshot. */
const HIGH_WATER_BYTES = 512 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** How soon a replica that had too much before it is looked at again, should it not say itself that it has drained. */
const RETRY_MS = 2;
/** A snapshot is produced in slices this long, so that commands do not wait for it. */
const SLICE_MICROS = 500;

interface Outlet {
  readonly peer: ReplicaPeer;
  /** It gets the stream as it comes. */
  live: boolean;
  batch: Batch | null;
  /** How many chunks of a sized RDB were handed to it. */
  chunksSent: number;
  rdbBegun: boolean;
  rdbSent: boolean;
  /** Since when it is above the soft limit; 0 if it is not. */
  softSince: number;
}

/** One snapshot and those who share it. */
interface Batch {
  readonly sized: boolean;
  readonly members: Set<Outlet>;
  readonly snapshot: SnapshotStream;
  readonly mark: string;
  opened: boolean;
  /** No more comes out of the snapshot. */
  produced: boolean;
  ended: boolean;
  /** Of a sized RDB, which is made whole before the first byte leaves, since its size comes first. */
  chunks: Uint8Array[];
  bytes: number;
  /** The stream since the moment of the snapshot, for all members that do not follow it yet. */
  behind: Uint8Array[];
  behindBytes: number;
}

export interface OutletEvents {
  rdbProgress(id: number): void;
  rdbSent(id: number, sized: boolean): void;
  snapshotEnded(failed?: string): void;
}

export class Outlets {
  readonly #outlets = new Map<number, Outlet>();
  readonly #batches = new Set<Batch>();
  /** The batch whose snapshot is being produced or sent. */
  #current: Batch | null = null;
  #pumping = false;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #events: OutletEvents;
  /** Bytes of RDB and stream handed to replicas: INFO's `total_net_repl_output_bytes`. */
  sentBytes = 0;

  constructor(clock: Clock, random: Random, events: OutletEvents) {
    this.#clock = clock;
    this.#random = random;
    this.#events = events;
  }

  add(peer: ReplicaPeer): void {
    if (this.#outlets.has(peer.id)) return;
    this.#outlets.set(peer.id, {
      peer,
      live: false,
      batch: null,
      chunksSent: 0,
      rdbBegun: false,
      rdbSent: false,
      softSince: 0,
    });
  }

  remove(id: number): ReplicaPeer | undefined {
    const outlet = this.#outlets.get(id);
    if (outlet === undefined) return undefined;
    this.#outlets.delete(id);
    this.#leave(outlet);
    return outlet.peer;
  }

  get peers(): ReplicaPeer[] {
    return [...this.#outlets.values()].map((outlet) => outlet.peer);
  }

  sendTo(id: number, bytes: Uint8Array): void {
    const outlet = this.#outlets.get(id);
    if (outlet !== undefined && bytes.length > 0) this.#send(outlet, bytes, 0, bytes.length);
  }

  streamFrom(id: number, backlog: Backlog, offset: number): void {
    const outlet = this.#outlets.get(id);
    if (outlet === undefined) return;
    backlog.read(offset, (bytes, start, end) => this.#send(outlet, bytes, start, end));
    outlet.live = true;
  }

  /** More of the stream has come. */
  feed(bytes: Uint8Array, start: number, end: number): void {
    for (const outlet of this.#outlets.values()) if (outlet.live) this.#send(outlet, bytes, start, end);
    for (const batch of this.#batches) {
      batch.behind.push(new Slice(bytes, start, end).copy());
      batch.behindBytes += end - start;
    }
  }

  beginSnapshot(ids: readonly number[], sized: boolean, snapshot: SnapshotStream): void {
    const batch: Batch = {
      sized,
      members: new Set(),
      snapshot,
      mark: randomId(this.#random),
      opened: false,
      produced: false,
      ended: false,
      chunks: [],
      bytes: 0,
      behind: [],
      behindBytes: 0,
    };
    this.#batches.add(batch);
    this.#current = batch;
    for (const id of ids) this.#join(id, batch);
    this.#schedule();
  }

  joinSnapshot(id: number): void {
    if (this.#current !== null) this.#join(id, this.#current);
  }

  /** What came since its snapshot, and then the stream as it comes. */
  streamBehindRdb(id: number): void {
    const outlet = this.#outlets.get(id);
    if (outlet === undefined) return;
    for (const bytes of outlet.batch?.behind ?? []) this.#send(outlet, bytes, 0, bytes.length);
    outlet.live = true;
    this.#leave(outlet);
  }

  leaveSnapshot(id: number): void {
    const outlet = this.#outlets.get(id);
    if (outlet !== undefined) this.#leave(outlet);
  }

  /** Those who have more before them than `client-output-buffer-limit replica` allows. */
  overLimit(settings: ReplicationSettings, now: number): number[] {
    const { hardBytes, softBytes, softSeconds } = settings.replicaOutputLimit;
    // A limit below the backlog would drop a replica that the backlog could serve.
    const floor = (limit: number) => (limit > 0 ? Math.max(limit, settings.replBacklogSize) : Number.POSITIVE_INFINITY);
    const over: number[] = [];
    for (const [id, outlet] of this.#outlets) {
      const pending = outlet.peer.pendingBytes + (outlet.batch?.behindBytes ?? 0);
      if (pending <= floor(softBytes)) outlet.softSince = 0;
      else if (outlet.softSince === 0) outlet.softSince = now;
      const softFor = outlet.softSince === 0 ? 0 : now - outlet.softSince;
      if (pending > floor(hardBytes) || (softSeconds > 0 && softFor > softSeconds * 1000)) over.push(id);
    }
    return over;
  }

  /** Bytes held for replicas beyond the backlog: INFO's `mem_total_replication_buffers` and the like. */
  get bufferedBytes(): number {
    let bytes = 0;
    for (const batch of this.#batches) bytes += batch.behindBytes + batch.bytes;
    return bytes;
  }

  #send(outlet: Outlet, bytes: Uint8Array, start: number, end: number): void {
    this.sentBytes += end - start;
    outlet.peer.send(bytes, start, end);
  }

  #join(id: number, batch: Batch): void {
    const outlet = this.#outlets.get(id);
    if (outlet === undefined) return;
    outlet.batch = batch;
    outlet.live = false;
    batch.members.add(outlet);
    outlet.peer.onDrain = () => this.#schedule();
  }

  #leave(outlet: Outlet): void {
    const { batch } = outlet;
    if (batch === null) return;
    outlet.batch = null;
    batch.members.delete(outlet);
    if (batch.members.size > 0) return;
    this.#batches.delete(batch);
    // Nobody wants the rest.
    if (!batch.ended) this.#end(batch);
  }

  #end(batch: Batch, failed?: string): void {
    batch.ended = true;
    batch.chunks = [];
    batch.bytes = 0;
    batch.snapshot.close();
    if (this.#current !== batch) return;
    this.#current = null;
    this.#events.snapshotEnded(failed);
  }

  #schedule(): void {
    if (this.#pumping || this.#current === null) return;
    this.#pumping = true;
    this.#clock.endOfTick(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    const batch = this.#current;
    if (batch === null) return;
    let goOn = false;
    try {
      goOn = batch.sized ? this.#pumpSized(batch) : this.#pumpMarked(batch);
    } catch (error) {
      this.#end(batch, String(error instanceof Error ? error.message : error));
      return;
    }
    if (goOn) this.#schedule();
    else if (this.#current === batch) this.#clock.after(RETRY_MS, () => this.#schedule());
  }

  /** Straight from the snapshot to all members, as fast as the slowest takes it. False: wait for a drain, or all is done. */
  #pumpMarked(batch: Batch): boolean {
    const until = this.#clock.monotonicMicros() + SLICE_MICROS;
    if (!batch.opened) {
      batch.opened = true;
      this.#toMembers(batch, encodePreamble({ kind: "marked", mark: batch.mark }));
    }
    do {
      for (const member of batch.members) if (member.peer.pendingBytes > HIGH_WATER_BYTES) return false;
      const chunk = batch.snapshot.next(CHUNK_BYTES);
      if (chunk === null) {
        this.#toMembers(batch, utf8(batch.mark));
        for (const member of [...batch.members]) this.#sent(member, false);
        if (!batch.ended) this.#end(batch);
        return false;
      }
      if (chunk.length === 0) continue;
      this.#toMembers(batch, chunk);
      for (const member of batch.members) this.#events.rdbProgress(member.peer.id);
    } while (this.#clock.monotonicMicros() < until);
    return true;
  }

  #toMembers(batch: Batch, bytes: Uint8Array): void {
    for (const member of batch.members) this.#send(member, bytes, 0, bytes.length);
  }

  #pumpSized(batch: Batch): boolean {
    const until = this.#clock.monotonicMicros() + SLICE_MICROS;
    while (!batch.produced) {
      const chunk = batch.snapshot.next(CHUNK_BYTES);
      if (chunk === null) batch.produced = true;
      else if (chunk.length > 0) {
        batch.chunks.push(new Slice(chunk).copy());
        batch.bytes += chunk.length;
      }
      if (this.#clock.monotonicMicros() >= until) return true;
    }
    for (const member of [...batch.members]) this.#sendSized(batch, member);
    if ([...batch.members].every((member) => member.rdbSent) && !batch.ended) this.#end(batch);
    // Whoever is not through yet calls again when it has drained.
    return false;
  }

  #sendSized(batch: Batch, member: Outlet): void {
    if (member.rdbSent) return;
    if (!member.rdbBegun) {
      member.rdbBegun = true;
      // Before its first byte: from here on an empty line, as a sign of life, would be taken for a part of the RDB.
      this.#events.rdbProgress(member.peer.id);
      this.sendTo(member.peer.id, encodePreamble({ kind: "sized", bytes: batch.bytes }));
    }
    while (member.chunksSent < batch.chunks.length) {
      if (member.peer.pendingBytes > HIGH_WATER_BYTES) return;
      const chunk = batch.chunks[member.chunksSent++]!;
      this.#send(member, chunk, 0, chunk.length);
      this.#events.rdbProgress(member.peer.id);
    }
    this.#sent(member, true);
  }

  #sent(member: Outlet, sized: boolean): void {
    member.rdbSent = true;
    this.#events.rdbSent(member.peer.id, sized);
  }
}
