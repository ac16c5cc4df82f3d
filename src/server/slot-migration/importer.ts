/**
 * The target's side of a migration as it acts: `ImportMachine` decides. It carries out one request of the source after the other, and
 * answers each when it has; what comes meanwhile waits in the connection.
 */
import type { Slice } from "../../base/bytes.ts";
import { take } from "../../cluster/ownership.ts";
import type { ClusterShell } from "../../cluster/shell.ts";
import { type ImportEffect, type ImportInput, ImportMachine } from "../../cluster/slot-migration/import.ts";
import { formatSlots } from "../../cluster/slot-migration/slot-ranges.ts";
import type { MigrationTimes } from "../../cluster/slot-migration/times.ts";
import type { Database } from "../../engine/database.ts";
import type { Keyspace } from "../../engine/keyspace.ts";
import type { Timer } from "../../io/io.ts";
import type { ReplyWriter } from "../../resp/reply-writer.ts";
import type { Connection } from "../connection.ts";
import type { Server } from "../server.ts";
import type { HiddenKeys } from "./hidden-keys.ts";
import { ImportSession } from "./import-session.ts";
import type { Job } from "./job.ts";
import { errorsOfMigration } from "./protocol.ts";

const TICK_MS = 50;
/** For so long its own replicas are waited for, before it says that it has everything. */
const REPLICAS_MS = 500;
const LOOK_MS = 5;

export interface ImporterParts {
  readonly server: Server;
  readonly shell: ClusterShell;
  readonly hidden: HiddenKeys;
  readonly job: Job;
  readonly connection: Connection;
  readonly times: MigrationTimes;
}

export class Importer {
  readonly job: Job;
  readonly #parts: ImporterParts;
  readonly #machine: ImportMachine;
  readonly #session: ImportSession;
  readonly #db: Database;
  readonly #keyspace: Keyspace;
  readonly #timer: Timer;

  constructor(parts: ImporterParts) {
    const { server, shell, hidden, job } = parts;
    this.#parts = parts;
    this.job = job;
    this.#db = server.engine.databases[0]!;
    this.#keyspace = this.#db.keyspace;
    this.#session = new ImportSession(server, new Set(job.slots));
    const facts = { standing: () => this.#standing(), highestEpoch: () => shell.state.maxEpoch() };
    this.#machine = new ImportMachine(facts, parts.times, this.#now());
    job.state = "snapshotting";
    hidden.expect(job.slots);
    this.#timer = server.clock.every(TICK_MS, () => this.#tick());
  }

  get isOver(): boolean {
    return this.#machine.isOver;
  }

  isOf(connection: Connection): boolean {
    return this.#parts.connection === connection;
  }

  cancel(): boolean {
    if (this.#machine.isOver) return false;
    this.#step({ kind: "cancel" });
    return this.#machine.state === "cancelled";
  }

  slotsChanged(): void {
    this.#step({ kind: "slotsChanged" });
  }

  lost(): void {
    this.#step({ kind: "lost" });
  }

  abandon(why: string): void {
    this.#step({ kind: "broken", why });
  }

  // ---- Requests

  copy(bytes: Slice): void {
    const copied = bytes.copy();
    this.#carryOut(copied.length, () => {
      this.#session.copy(copied);
      this.job.keysSent = this.#session.keys;
    });
  }

  change(bytes: Slice): void {
    const copied = bytes.copy();
    if (copied.length > 0) this.job.state = "streaming";
    this.#carryOut(copied.length, () => this.#session.change(copied));
  }

  /** Says that everything is here: when the replicas have it too, or after a moment. */
  ready(): void {
    const { server, shell } = this.#parts;
    this.#step({ kind: "heard" });
    this.#park();
    server.settle();
    const offset = server.streamOffset();
    const until = this.#now() + REPLICAS_MS;
    const look = () => {
      if (!this.#goesOn()) return;
      if (this.#lagging(offset) && this.#now() < until) {
        server.clock.after(LOOK_MS, look);
        return;
      }
      if (!this.#session.isWhole) {
        this.#step({ kind: "broken", why: "a copy came in part only" });
        this.#goesOn();
        return;
      }
      this.job.state = "switching";
      this.#step({ kind: "ready" });
      this.#answer((reply) => reply.integer(shell.state.maxEpoch()));
    };
    server.replication?.askAcknowledgements();
    server.tick.schedule();
    look();
  }

  /** The slots are given to us: takes them now, or never. */
  give(epoch: number, reply: ReplyWriter): void {
    this.#lookAtData();
    this.#step({ kind: "given", epoch });
    if (this.#machine.state === "success") reply.ok();
    else reply.error(errorsOfMigration.failed(this.#machine.message));
  }

  #lagging(offset: number): boolean {
    const { replication } = this.#parts.server;
    if (replication === null) return false;
    return replication.ackedBy(offset) < replication.onlineReplicas;
  }

  /** Behind this tick, in slices, and then the answer. */
  #carryOut(bytes: number, work: () => void): void {
    const { server } = this.#parts;
    this.#step({ kind: bytes > 0 ? "received" : "heard" });
    this.job.bytesSent += bytes;
    this.#park();
    server.clock.endOfTick(() => {
      if (!this.#goesOn()) return;
      this.#checkMemory();
      if (this.#machine.isOver) {
        this.#goesOn();
        return;
      }
      try {
        work();
      } catch (error) {
        this.#step({ kind: "broken", why: error instanceof Error ? error.message : String(error) });
        this.#goesOn();
        return;
      }
      this.#tellReplicas();
    });
  }

  /** The source waits until the replicas have been told of large values: what follows may change them. */
  #tellReplicas(): void {
    if (!this.#goesOn()) return;
    const { server } = this.#parts;
    if (this.#session.tellMore()) {
      server.tick.schedule();
      this.#step({ kind: "heard" });
      server.clock.after(0, () => this.#tellReplicas());
    } else this.#answer((reply) => reply.ok());
  }

  #checkMemory(): void {
    const { engine, config } = this.#parts.server;
    const limit = config.values.maxmemory;
    if (limit > 0 && engine.evict(limit) === "fail") {
      this.#step({ kind: "broken", why: errorsOfMigration.full.message });
    }
  }

  #park(): void {
    this.#parts.connection.blocked = { kind: "slot-import", unblockable: false, timedOut() {}, cancel() {} };
  }

  /** False if it is over, by whatever: then the source has been told. */
  #goesOn(): boolean {
    this.#lookAtData();
    if (!this.#machine.isOver) return true;
    this.#answer((reply) => reply.error(errorsOfMigration.failed(this.#machine.message)));
    return false;
  }

  /** Whether they are still those that came, and ours to change. */
  #lookAtData(): void {
    if (this.#parts.server.isReplica) this.#step({ kind: "broken", why: "the target is no primary any more" });
    if (this.#db.keyspace !== this.#keyspace) this.#step({ kind: "broken", why: "the target's data were flushed" });
  }

  #answer(write: (reply: ReplyWriter) => void): void {
    const { connection, server } = this.#parts;
    if (connection.blocked?.kind !== "slot-import" || connection.closed) return;
    connection.blocked = null;
    write(connection.answers);
    server.resumeLater(connection);
  }

  // ---- Decisions

  #now(): number {
    return Math.floor(this.#parts.server.clock.monotonicMicros() / 1000);
  }

  #tick(): void {
    this.#lookAtData();
    // While we are busy it cannot be the source's silence.
    if (this.#parts.connection.blocked !== null) return;
    this.#step({ kind: "tick" });
    this.#step({ kind: "slotsChanged" });
  }

  #standing(): boolean {
    const s = this.#parts.shell.state;
    return (
      s.myself.isPrimary &&
      this.job.slots.every((slot) => s.owners[slot]?.id === this.job.source && !s.importing.has(slot))
    );
  }

  #step(input: ImportInput): void {
    if (this.#machine.isOver) return;
    const effects = this.#machine.step(input, this.#now());
    const { job } = this;
    const { clock } = this.#parts.server;
    if (input.kind === "heard" || input.kind === "received") job.ackedAt = clock.now();
    job.updatedAt = clock.now();
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: ImportEffect): void {
    const { shell, hidden, server } = this.#parts;
    const { job } = this;
    switch (effect.kind) {
      case "take":
        shell.change((s) => take(s, job.slots, effect.epoch));
        return;
      case "reveal":
        hidden.reveal(job.slots);
        return;
      case "discard":
        // As a replica we have other data soon; what our primary hides is hidden here.
        if (!server.isReplica) hidden.drop(job.slots);
        return;
      case "end": {
        this.#timer.cancel();
        this.#session.close();
        job.state = effect.state;
        job.message = effect.message;
        const what = `Migration ${job.name} of slots ${formatSlots(job.slots)} from ${job.source}`;
        if (effect.state === "success") server.log.notice(`${what}: they are ours`);
        else
          server.log.warning(`${what} ${effect.state === "cancelled" ? "was cancelled" : "failed"}: ${effect.message}`);
      }
    }
  }
}
