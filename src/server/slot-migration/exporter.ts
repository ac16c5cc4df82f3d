/**
 * The source's side of a migration as it acts: `ExportMachine` decides. The slots are copied portion by portion, each as an RDB of one
 * moment; what changes in a portion while it is being copied is held back until it has been, what changes in those before it goes at
 * once, and what changes in those behind it will be copied as it is then. All of it goes over one connection, in this order.
 */
import { ReplyError } from "../../base/reply-error.ts";
import { RedisConnection } from "../../client/connection.ts";
import type { ConnectionError } from "../../client/connection-error.ts";
import { isEpoch } from "../../cluster/messages.ts";
import { handedOver, lookAround, reclaim } from "../../cluster/ownership.ts";
import type { ClusterShell } from "../../cluster/shell.ts";
import {
  type ExportEffect,
  type ExportInput,
  ExportMachine,
  type ExportState,
  type Standing,
} from "../../cluster/slot-migration/export.ts";
import { formatSlots } from "../../cluster/slot-migration/slot-ranges.ts";
import type { MigrationTimes } from "../../cluster/slot-migration/times.ts";
import type { Database } from "../../engine/database.ts";
import type { Keyspace } from "../../engine/keyspace.ts";
import type { Timer } from "../../io/io.ts";
import { RdbStream } from "../../rdb/stream.ts";
import type { Reply } from "../../resp/reply-reader.ts";
import type { Server } from "../server.ts";
import { ByteQueue } from "./byte-queue.ts";
import { ChangeFilter, type Destination } from "./change-filter.ts";
import type { Job } from "./job.ts";
import { errorsOfMigration, type Peer, PROTOCOL } from "./protocol.ts";

const TICK_MS = 20;
/** What is on its way and was not answered: no more is copied meanwhile. */
const WINDOW_BYTES = 1024 * 1024;
const SLICE_MICROS = 500;
/** A portion has at least one slot, and about so many keys. */
const PORTION_KEYS = 16_384;
/** One request carries at most that much of an RDB. */
const PART_BYTES = 1024 * 1024;
/** So that the target knows that we are there. */
const GREET_MS = 1000;
const PAUSED = "slot-migration";
const CONNECT_TIMEOUT_MS = 5000;

export interface ExporterParts {
  readonly server: Server;
  readonly shell: ClusterShell;
  readonly job: Job;
  readonly target: Peer;
  readonly times: MigrationTimes;
  /** More changes than that may not wait for the target; 0 for no limit. */
  readonly limitBytes: number;
  /** Called once: it is under way (null), or why it is not. */
  readonly begun: (refused: ReplyError | null) => void;
  readonly ended: () => void;
}

export class Exporter {
  readonly job: Job;
  readonly #parts: ExporterParts;
  readonly #machine: ExportMachine;
  readonly #db: Database;
  readonly #keyspace: Keyspace;
  readonly #filter: ChangeFilter;
  readonly #tap = (bytes: Uint8Array, length: number) => this.#changed(bytes, length);
  #connection: RedisConnection | null = null;
  /** Those on which the target is asked whether it took the slots. */
  readonly #asking = new Set<RedisConnection>();
  #timer: Timer | null = null;
  #answer: ((refused: ReplyError | null) => void) | null;

  /** Where the changes of each of our slots go. */
  readonly #destinations = new Map<number, Destination>();
  readonly #held = new ByteQueue();
  readonly #direct = new ByteQueue();
  #nextSlot = 0;
  #portion: number[] = [];
  #stream: RdbStream | null = null;
  #copying = false;
  #pumping = false;
  #flushing = false;
  /** Of requests that were not answered: bytes of all, and of those with changes. */
  #unansweredBytes = 0;
  #unansweredChanges = 0;
  #greetedAt = 0;
  #stopped = false;

  constructor(parts: ExporterParts) {
    const { server, job } = parts;
    this.#parts = parts;
    this.job = job;
    this.#answer = parts.begun;
    this.#db = server.engine.databases[0]!;
    this.#keyspace = this.#db.keyspace;
    const facts = {
      standing: () => this.#standing(),
      lagBytes: () => this.#lag,
      highestEpoch: () => parts.shell.state.maxEpoch(),
      clusterOk: () => parts.shell.state.ok,
      majoritySince: (time: number) => this.#majoritySince(time),
    };
    this.#machine = new ExportMachine(facts, parts.times, this.#now());
    for (const slot of job.slots) this.#destinations.set(slot, "none");
    job.keysTotal = job.slots.reduce((sum, slot) => sum + this.#db.countInSlot(slot), 0);
    this.#filter = new ChangeFilter(server.table, {
      destinationOf: (slot) => this.#destinations.get(slot) ?? "none",
      add: (to, bytes, start, end) => (to === "held" ? this.#held : this.#direct).add(bytes, start, end),
      mayCut: (to) => (to === "held" ? this.#held : this.#direct).mayCut(),
      flushed: () => this.#broken("the data were flushed meanwhile"),
    });
  }

  start(): void {
    const { server } = this.#parts;
    server.outcomes.taps.add(this.#tap);
    server.outcomes.active = true;
    this.#timer = server.clock.every(TICK_MS, () => this.#tick());
    this.#perform(this.#machine.start());
  }

  /** Whether it could be cancelled. */
  cancel(): boolean {
    if (this.#machine.isOver) return false;
    this.#step({ kind: "cancel" });
    return this.#machine.state === "cancelled";
  }

  slotsChanged(): void {
    this.#step({ kind: "slotsChanged" });
  }

  /** The server ends. Behind the point from which the target decides, whose the slots are stands in nodes.conf and on the bus. */
  stop(): void {
    if (this.#machine.state !== "switching") this.#broken("the source is shut down");
    this.#stopped = true;
    this.#letGo();
  }

  // ---- Inputs

  /** Time for the machine, in ms. */
  #now(): number {
    return Math.floor(this.#parts.server.clock.monotonicMicros() / 1000);
  }

  #step(input: ExportInput): void {
    const machine = this.#machine;
    if (machine.isOver || this.#stopped) return;
    this.#perform(machine.step(input, this.#now()));
    this.#show();
  }

  #broken(why: string): void {
    this.#step({ kind: "broken", why });
  }

  #show(): void {
    const { job, server } = { job: this.job, server: this.#parts.server };
    const machine = this.#machine;
    job.state = machine.state;
    job.message = machine.message;
    job.lagBytes = this.#lag;
    job.pauseMs = machine.pausedMs;
    job.updatedAt = server.clock.now();
  }

  #tick(): void {
    const { server, limitBytes } = this.#parts;
    if (this.#db.keyspace !== this.#keyspace) this.#broken("the data were replaced meanwhile");
    else if (server.isReplica) this.#broken("the source is no primary any more");
    else if (limitBytes > 0 && this.#lag > limitBytes) {
      this.#broken(`more than ${limitBytes} bytes of changes wait for the target`);
    }
    this.#step({ kind: "tick" });
    this.#step({ kind: "slotsChanged" });
    this.#greet();
  }

  /** All that was changed and that the target has not. */
  get #lag(): number {
    return this.#unansweredChanges + this.#direct.length + this.#held.length;
  }

  #standing(): Standing {
    const s = this.#parts.shell.state;
    let ours = 0;
    let theirs = 0;
    for (const slot of this.job.slots) {
      const owner = s.owners[slot]!;
      if (owner !== null && owner.id === this.job.target) theirs++;
      else if (owner === s.myself && s.myself.isPrimary && !s.migrating.has(slot)) ours++;
    }
    if (theirs === this.job.slots.length) return "theirs";
    return ours === this.job.slots.length ? "ours" : "mixed";
  }

  #majoritySince(time: number): boolean {
    const s = this.#parts.shell.state;
    const since = this.#parts.shell.now - (this.#now() - time);
    let heard = 0;
    for (const node of s.nodes.values()) if (node.votes && (node.isMyself || node.heardAt > since)) heard++;
    return heard >= s.quorum;
  }

  // ---- Effects

  #perform(effects: readonly ExportEffect[]): void {
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: ExportEffect): void {
    const { server, shell } = this.#parts;
    switch (effect.kind) {
      case "begin":
        this.#begin();
        return;
      case "begun":
        this.#tellBegun(null);
        return;
      case "copy":
        this.#copying = true;
        this.#schedule();
        return;
      case "hold":
        server.pause.begin(PAUSED, effect.what, Number.POSITIVE_INFINITY);
        return;
      case "release":
        server.pause.end(PAUSED);
        return;
      case "askReady":
        this.#askReady(effect.attempt);
        return;
      case "give":
        this.#give(effect.epoch);
        return;
      case "askTaken":
        this.#askTaken();
        return;
      case "lookAround":
        shell.change(lookAround);
        return;
      case "handOver":
        shell.change((s) => handedOver(s, this.job.target, this.job.slots, effect.epoch));
        return;
      case "fence":
        shell.change(reclaim);
        return;
      case "end":
        this.#end(effect.state, effect.message);
    }
  }

  #begin(): void {
    this.#connection ??= this.#connect((error) => this.#lost(error));
    const { name, slots, source } = this.job;
    this.#request(["BEGIN", PROTOCOL, name, source, formatSlots(slots)], 0, 0, (error, reply) => {
      if (error instanceof ReplyError) this.#refused(error);
      else if (error === null) this.#step({ kind: String(reply) === "WAIT" ? "mustWait" : "agreed" });
    });
  }

  #refused(error: ReplyError): void {
    const stranger = /unknown (sub)?command/i.test(error.message);
    this.#tellBegun(stranger ? errorsOfMigration.stranger(this.job.target) : errorsOfMigration.refused(error));
    this.#broken(stranger ? "the target does not know atomic slot migration" : `the target refused: ${error.message}`);
  }

  #tellBegun(refused: ReplyError | null): void {
    this.#answer?.(refused);
    this.#answer = null;
  }

  #connect(onClose: (error: ConnectionError) => void): RedisConnection {
    const { server, target } = this.#parts;
    return new RedisConnection(target.io, target.endpoint, {
      username: target.username,
      password: target.password,
      name: `slot-migration-${this.job.name.slice(0, 8)}`,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      maxUnsentBytes: Number.POSITIVE_INFINITY,
      strings: "latin1",
      sourceHost: server.config.values["bind-source-addr"] || undefined,
      onClose,
    });
  }

  #lost(error: ConnectionError): void {
    if (error.cause instanceof ReplyError) this.#tellBegun(errorsOfMigration.refused(error.cause));
    this.#step({ kind: "lost", why: error.message, refused: error.kind === "refused" });
  }

  /** @param changes  how many of the bytes are changes, and not copies */
  #request(
    words: (string | number | Uint8Array)[],
    bytes: number,
    changes: number,
    done: (error: Error | null, reply: Reply) => void,
  ): void {
    this.#unansweredBytes += bytes;
    this.#unansweredChanges += changes;
    this.job.bytesSent += bytes;
    this.#greetedAt = this.#now();
    this.#connection!.request(["CLUSTER", "IMPORT", ...words], (error, reply) => {
      this.#unansweredBytes -= bytes;
      this.#unansweredChanges -= changes;
      if (error === null) this.job.ackedAt = this.#parts.server.clock.now();
      done(error, reply);
      if (this.#copying) this.#schedule();
    });
  }

  readonly #heard = (error: Error | null): void => {
    if (error === null) this.#step({ kind: "heard" });
    else if (error instanceof ReplyError) this.#broken(`the target: ${error.message}`);
  };

  #greet(): void {
    const { state } = this.#machine;
    if ((state !== "snapshotting" && state !== "streaming") || this.#connection?.isReady !== true) return;
    if (this.#now() - this.#greetedAt < GREET_MS) return;
    this.#request(["CHANGES", this.job.name, ""], 0, 0, this.#heard);
  }

  // ---- Copying

  #schedule(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    this.#parts.server.clock.endOfTick(() => {
      this.#pumping = false;
      if (this.#copying && !this.#machine.isOver) this.#pump();
    });
  }

  #pump(): void {
    const { clock } = this.#parts.server;
    if (this.#db.keyspace !== this.#keyspace) return;
    const until = clock.monotonicMicros() + SLICE_MICROS;
    while (this.#unansweredBytes < WINDOW_BYTES) {
      if (this.#stream === null && !this.#beginPortion()) {
        this.#copying = false;
        this.#step({ kind: "copied" });
        return;
      }
      const keys = this.#stream!.keys;
      const chunk = this.#stream!.next();
      this.job.keysSent += this.#stream!.keys - keys;
      if (chunk === null) this.#endPortion();
      else this.#sendCopy(chunk);
      if (clock.monotonicMicros() >= until) {
        this.#schedule();
        return;
      }
    }
    // An answer goes on with it.
  }

  #beginPortion(): boolean {
    const { slots } = this.job;
    if (this.#nextSlot === slots.length) return false;
    const { server } = this.#parts;
    // What was done before this moment is in the copy.
    server.settle();
    this.#portion = [];
    for (let keys = 0; this.#nextSlot < slots.length && keys < PORTION_KEYS; ) {
      const slot = slots[this.#nextSlot++]!;
      this.#portion.push(slot);
      this.#destinations.set(slot, "held");
      keys += this.#db.countInSlot(slot);
    }
    const { engine, version, clock } = server;
    this.#stream = new RdbStream(
      engine,
      { redisVersion: version.redis, createdAt: Math.floor(clock.now() / 1000), usedMemory: 0 },
      { compress: false, checksum: true, snapshot: engine.slotSnapshot(this.#portion) },
    );
    return true;
  }

  #sendCopy(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at += PART_BYTES) {
      const part = chunk.subarray(at, at + PART_BYTES);
      this.#request(["COPY", this.job.name, part], part.length, 0, this.#heard);
    }
  }

  #endPortion(): void {
    this.#stream = null;
    for (const slot of this.#portion) this.#destinations.set(slot, "direct");
    this.#portion = [];
    this.#sendChanges(this.#held);
  }

  // ---- Changes

  #changed(bytes: Uint8Array, length: number): void {
    if (this.#machine.isOver) return;
    this.#filter.feed(bytes, length);
    // The pump sends them in its turn while it copies; else here, behind what the tick changed.
    if (this.#direct.length === 0 || this.#flushing) return;
    this.#flushing = true;
    this.#parts.server.clock.endOfTick(() => {
      this.#flushing = false;
      this.#sendChanges(this.#direct);
    });
  }

  #sendChanges(queue: ByteQueue): void {
    if (queue.length === 0 || this.#machine.isOver) return;
    for (const part of queue.take()) {
      this.#request(["CHANGES", this.job.name, part], part.length, part.length, this.#heard);
    }
  }

  // ---- The switch

  #askReady(attempt: number): void {
    this.#parts.server.settle();
    this.#sendChanges(this.#direct);
    this.#request(["READY", this.job.name], 0, 0, (error, reply) => {
      if (error !== null) this.#heard(error);
      else if (isEpoch(reply)) this.#step({ kind: "ready", attempt, epoch: reply });
      else this.#broken("the target told no epoch");
    });
  }

  #give(epoch: number): void {
    const { shell } = this.#parts;
    // Nobody else is to be given it, by a node that begins anew meanwhile.
    shell.change((s) => {
      s.currentEpoch = Math.max(s.currentEpoch, epoch);
      // Not synced, since clients wait: whoever restarts here has to hear first what others know.
      s.save();
    });
    this.#request(["TAKE", this.job.name, epoch], 0, 0, (error) => {
      if (error === null) this.#step({ kind: "taken" });
      else if (error instanceof ReplyError) this.#step({ kind: "notTaken", why: `the target: ${error.message}` });
    });
  }

  /** It may have taken the slots, and the connection broke before it could say so. */
  #askTaken(): void {
    const connection = this.#connect((error) => this.#lost(error));
    this.#asking.add(connection);
    const { name, slots } = this.job;
    connection.request(
      ["CLUSTER", "IMPORT", "OUTCOME", name, formatSlots(slots)],
      (error, reply) => {
        this.#asking.delete(connection);
        connection.close();
        if (error === null && String(reply) === "TAKEN") this.#step({ kind: "taken" });
        else if (error === null || error instanceof ReplyError) {
          this.#step({
            kind: "notTaken",
            why: "the connection broke at the switch, and the target did not take the slots",
          });
        }
      },
      this.#parts.times.lease,
    );
  }

  #end(state: ExportState, message: string): void {
    const { server, ended } = this.#parts;
    this.#letGo();
    this.#tellBegun(state === "success" ? null : errorsOfMigration.failed(message));
    this.#show();
    const what = `Migration ${this.job.name} of slots ${formatSlots(this.job.slots)} to ${this.job.target}`;
    if (state === "success")
      server.log.notice(`${what}: they are there, writes were held for ${Math.round(this.job.pauseMs)} ms`);
    else server.log.warning(`${what} ${state === "cancelled" ? "was cancelled" : "failed"}: ${message}`);
    ended();
  }

  #letGo(): void {
    this.#timer?.cancel();
    this.#parts.server.outcomes.taps.delete(this.#tap);
    this.#stream?.close();
    this.#stream = null;
    this.#copying = false;
    this.#connection?.close();
    for (const connection of this.#asking) connection.close();
  }
}
