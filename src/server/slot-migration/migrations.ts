/** The migrations of a node of a cluster, those that it began and those that come to it: CLUSTER MIGRATE and its kin end here. */

import type { Slice } from "../../base/bytes.ts";
import { SLOTS } from "../../base/hash-slot.ts";
import type { ReplyError } from "../../base/reply-error.ts";
import { onWire } from "../../client/request-writer.ts";
import type { MigrationCommands } from "../../cluster/commands-of-migration.ts";
import { isEpoch, NodeFlag } from "../../cluster/messages.ts";
import type { ClusterShell } from "../../cluster/shell.ts";
import { parseSlots } from "../../cluster/slot-migration/slot-ranges.ts";
import { type MigrationTimes, TIMES } from "../../cluster/slot-migration/times.ts";
import type { Args } from "../../commands/args.ts";
import type { Call } from "../../commands/call.ts";
import { type Io, randomId } from "../../io/io.ts";
import type { ReplyWriter } from "../../resp/reply-writer.ts";
import type { Connection } from "../connection.ts";
import type { Server } from "../server.ts";
import { Exporter } from "./exporter.ts";
import type { HiddenKeys } from "./hidden-keys.ts";
import { Importer } from "./importer.ts";
import { Job, Jobs } from "./job.ts";
import { errorsOfMigration, type Peer, PROTOCOL } from "./protocol.ts";

export class SlotMigrations implements MigrationCommands {
  /** Tests make them shorter. */
  times: MigrationTimes = TIMES;
  readonly #server: Server;
  readonly #shell: ClusterShell;
  readonly #hidden: HiddenKeys;
  /** For connections to other nodes. */
  readonly #io: Io;
  readonly #jobs = new Jobs();
  #exporter: Exporter | null = null;
  /** Orders of one command that wait for their turn. */
  #waiting: { job: Job; peer: Peer }[] = [];
  readonly #importers = new Map<string, Importer>();

  constructor(server: Server, shell: ClusterShell, hidden: HiddenKeys, io: Io) {
    this.#server = server;
    this.#shell = shell;
    this.#hidden = hidden;
    this.#io = io;
  }

  get #now(): number {
    return this.#server.clock.now();
  }

  // ---- Orders

  /** @throws ReplyError  if one of the orders cannot be begun; then none is */
  begin(call: Call, orders: readonly { slots: readonly number[]; target: string }[], answer: "name" | "ok"): void {
    if (this.#exporter !== null) throw errorsOfMigration.underWay;
    const named = new Set<number>();
    for (const { slots, target } of orders) this.#check(slots, target, named);
    const s = this.#shell.state;
    const jobs = orders.map(({ slots, target }) => {
      const name = randomId(this.#server.io.random);
      return { job: new Job(name, "EXPORT", slots, s.myself.id, target, this.#now), peer: this.#peerOf(target) };
    });
    const [first, ...others] = jobs as [(typeof jobs)[0], ...typeof jobs];
    this.#waiting = others;
    for (const { job } of jobs) this.#jobs.add(job);
    const say = (reply: ReplyWriter, refused: ReplyError | null) => {
      if (refused !== null) reply.error(refused);
      else if (answer === "name") reply.bulkText(first.job.name);
      else reply.ok();
    };
    // Where nobody may wait the answer is that it was begun; how it goes is told by its state.
    if (call.session.denyBlocking) {
      this.#export(first.job, first.peer, () => {});
      say(call.reply, null);
      return;
    }
    const connection = call.session as Connection;
    connection.blocked = { kind: "migrate-slots", unblockable: false, timedOut() {}, cancel() {} };
    this.#export(first.job, first.peer, (refused) => {
      if (connection.closed) return;
      connection.blocked = null;
      say(connection.answers, refused);
      if (refused !== null) this.#server.failed(refused);
      this.#server.resumeLater(connection);
    });
  }

  #check(slots: readonly number[], target: string, named: Set<number>): void {
    const s = this.#shell.state;
    const node = s.node(target);
    if (node === null) throw errorsOfMigration.unknownNode(target);
    if (node.isMyself) throw errorsOfMigration.toMyself;
    if (!s.myself.isPrimary || !node.isPrimary) throw errorsOfMigration.notPrimary;
    if (!s.ok) throw errorsOfMigration.clusterDown;
    if (node.is(NodeFlag.noAddress | NodeFlag.handshake | NodeFlag.fail | NodeFlag.pfail))
      throw errorsOfMigration.noAddress;
    for (const slot of slots) {
      if (named.has(slot)) throw errorsOfMigration.badSlots;
      named.add(slot);
      if (s.owners[slot] !== s.myself) throw errorsOfMigration.notOwner(slot);
      if (s.migrating.has(slot) || s.importing.has(slot)) throw errorsOfMigration.moving(slot);
    }
  }

  #peerOf(target: string): Peer {
    const { values } = this.#server.config;
    const { ip: host, port, plainPort } = this.#shell.state.node(target)!.address;
    const isPlain = plainPort !== 0 && !values["tls-cluster"];
    return {
      io: this.#io,
      endpoint: { host, port: isPlain ? plainPort : port },
      username: values.masteruser === "" ? undefined : onWire(values.masteruser),
      password: values.masterauth === "" ? undefined : onWire(values.masterauth),
    };
  }

  #export(job: Job, target: Peer, begun: (refused: ReplyError | null) => void): void {
    const limit = this.#server.config.values["client-output-buffer-limit"].find((one) => one.class === "replica");
    this.#exporter = new Exporter({
      server: this.#server,
      shell: this.#shell,
      job,
      target,
      times: this.times,
      limitBytes: limit?.hardBytes ?? 0,
      begun,
      ended: () => this.#exported(),
    });
    this.#exporter.start();
  }

  /** The next of what one command ordered. One that failed does not keep the others from being tried. */
  #exported(): void {
    this.#exporter = null;
    const next = this.#waiting.shift();
    if (next !== undefined) this.#export(next.job, next.peer, () => {});
  }

  cancel(name: string | null): number {
    let cancelled = 0;
    for (const { job } of this.#waiting) {
      if (name !== null && job.name !== name) continue;
      job.state = "cancelled";
      job.message = "cancelled before it began";
      cancelled++;
    }
    this.#waiting = this.#waiting.filter(({ job }) => !job.isOver);
    const exporter = this.#exporter;
    if (exporter !== null && (name === null || exporter.job.name === name) && exporter.cancel()) cancelled++;
    for (const importer of this.#importers.values()) {
      if ((name === null || importer.job.name === name) && importer.cancel()) cancelled++;
    }
    return cancelled;
  }

  show(reply: ReplyWriter, name: string | null): void {
    const jobs = this.#jobs.all.filter((job) => name === null || job.name === name);
    reply.array(jobs.length);
    for (const job of jobs) job.write(reply);
  }

  // ---- What a source says

  serve(call: Call, args: Args): void {
    const what = args.next();
    if (what.is("BEGIN")) this.#beginImport(call, args);
    else if (what.is("OUTCOME")) this.#outcome(call, args);
    else this.#continueImport(call, what, args);
  }

  #beginImport({ session, reply }: Call, args: Args): void {
    const version = args.integer();
    const name = args.next().latin1();
    const source = args.next().latin1();
    const slots = slotsOf(args.next());
    if (version !== PROTOCOL) throw errorsOfMigration.version;
    // It is shown, and logged.
    if (!/^\w{1,64}$/.test(name)) throw errorsOfMigration.badName;
    for (const [other, { isOver }] of this.#importers) if (isOver) this.#importers.delete(other);
    if (this.#importers.has(name)) throw errorsOfMigration.nameTaken;
    if (session.denyBlocking) throw errorsOfMigration.notPrimary;
    const s = this.#shell.state;
    if (!s.myself.isPrimary || this.#server.isReplica) throw errorsOfMigration.notPrimary;
    if (!s.ok) throw errorsOfMigration.clusterDown;
    let mustWait = false;
    for (const slot of slots) {
      if (s.owners[slot]?.id !== source) throw errorsOfMigration.notTheirs(slot);
      if (s.importing.has(slot) || this.#hidden.arriving.has(slot)) throw errorsOfMigration.moving(slot);
      if (this.#hidden.isLeaving(slot)) mustWait = true;
      else if (this.#server.engine.databases[0]!.countInSlot(slot) > 0) throw errorsOfMigration.hasKeys(slot);
    }
    if (mustWait) {
      reply.simple("WAIT");
      return;
    }
    const job = new Job(name, "IMPORT", slots, source, s.myself.id, this.#now);
    this.#jobs.add(job);
    const parts = { server: this.#server, shell: this.#shell, hidden: this.#hidden };
    this.#importers.set(name, new Importer({ ...parts, job, connection: session as Connection, times: this.times }));
    reply.ok();
  }

  #continueImport({ session, reply }: Call, what: Slice, args: Args): void {
    const importer = this.#importers.get(args.next().latin1());
    if (importer === undefined || !importer.isOf(session as Connection)) throw errorsOfMigration.unknownJob;
    if (importer.isOver) throw errorsOfMigration.failed(importer.job.message);
    if (what.is("COPY")) importer.copy(args.next());
    else if (what.is("CHANGES")) importer.change(args.next());
    else if (what.is("READY")) importer.ready();
    else if (what.is("TAKE")) importer.give(epochIn(args), reply);
    else throw errorsOfMigration.unknownJob;
  }

  /** The source lost its connection to us and wants to know: from now on the answer does not change. */
  #outcome({ reply }: Call, args: Args): void {
    const importer = this.#importers.get(args.next().latin1());
    const slots = slotsOf(args.next());
    importer?.lost();
    const s = this.#shell.state;
    const taken = importer?.job.state === "success" || slots.every((slot) => s.owners[slot] === s.myself);
    reply.simple(taken ? "TAKEN" : "NO");
  }

  // ---- What happens around

  slotsChanged(): void {
    this.#exporter?.slotsChanged();
    for (const importer of this.#importers.values()) importer.slotsChanged();
  }

  connectionClosed(connection: Connection): void {
    for (const importer of this.#importers.values()) if (importer.isOf(connection)) importer.lost();
  }

  stop(): void {
    this.#waiting = [];
    this.#exporter?.stop();
    for (const importer of this.#importers.values()) importer.abandon("the target is shut down");
  }
}

function epochIn(args: Args): number {
  const epoch = args.integer();
  if (!isEpoch(epoch)) throw errorsOfMigration.noEpoch;
  return epoch;
}

function slotsOf(text: Slice): number[] {
  const slots = parseSlots(text.latin1().split(" "));
  if (slots === null || slots.length > SLOTS) throw errorsOfMigration.badSlots;
  return slots;
}
