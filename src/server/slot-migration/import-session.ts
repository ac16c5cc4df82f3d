/**
 * What comes from the source of a migration, and is put into our data: keys from RDBs, and then commands. Nobody is told of it but
 * our replicas, who get it as commands that every server knows.
 */
import type { Slice } from "../../base/bytes.ts";
import { hashSlot } from "../../base/hash-slot.ts";
import type { Engine } from "../../engine/engine.ts";
import { dump } from "../../rdb/payload.ts";
import { RdbReader, type RdbSink } from "../../rdb/reader.ts";
import { ValueReaders } from "../../rdb/types.ts";
import type { KeyHeader, ValueReader } from "../../rdb/value.ts";
import { PrimarySession } from "../primary-session.ts";
import type { Server } from "../server.ts";
import { ChangeCheck } from "./change-check.ts";
import { LargeOutcome } from "./large-outcome.ts";

export class ImportSession {
  keys = 0;
  readonly #server: Server;
  readonly #slots: ReadonlySet<number>;
  readonly #session: PrimarySession;
  readonly #check: ChangeCheck;
  #reader: RdbReader | null = null;
  /** Large values that came and were not told to the replicas in full. */
  readonly #telling: LargeOutcome[] = [];

  constructor(server: Server, slots: ReadonlySet<number>) {
    this.#server = server;
    this.#slots = slots;
    this.#session = new PrimarySession(server);
    this.#check = new ChangeCheck(server.table, slots);
  }

  /** More of an RDB. @throws RdbError, and for a key that does not belong here */
  copy(bytes: Uint8Array): void {
    const { engine, config } = this.#server;
    this.#quietly(() => {
      for (let at = 0; at < bytes.length; ) {
        this.#reader ??= new RdbReader(new KeySink(engine, (header, value) => this.#store(header, value)), {
          maxStringBytes: config.values["proto-max-bulk-len"],
        });
        at += this.#reader.feed(bytes, at, bytes.length);
        if (this.#reader.finished) this.#reader = null;
      }
    });
  }

  /** Whole commands. @throws  when one of them is not the source's to say, or could not be carried out as it was there */
  change(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#reader !== null) throw new Error("changes came in the midst of a copy");
    this.#check.check(bytes);
    const { stats } = this.#server;
    const errors = stats.unexpectedErrors;
    let applied = 0;
    this.#quietly(() => {
      applied = this.#session.apply(bytes, bytes.length);
    });
    if (applied !== bytes.length || this.#session.connection.inMulti) throw new Error("a command came in part only");
    if (stats.unexpectedErrors !== errors) throw new Error("a command of the source failed here");
  }

  /** Whether everything came whole. */
  get isWhole(): boolean {
    return this.#reader === null && this.#telling.length === 0;
  }

  /** Tells the replicas more of a large value; false when they have been told everything. */
  tellMore(): boolean {
    const [first] = this.#telling;
    if (first === undefined) return false;
    if (!first.step()) this.#telling.shift();
    return this.#telling.length > 0;
  }

  close(): void {
    this.#reader = null;
    this.#telling.length = 0;
    if (this.#session.connection.inMulti) this.#session.connection.discard();
  }

  #quietly(work: () => void): void {
    const { engine, events } = this.#server;
    const mode = engine.expiryMode;
    this.#server.awake();
    engine.expiryMode = "keep";
    events.muted = true;
    try {
      work();
    } finally {
      events.muted = false;
      engine.expiryMode = mode;
      this.#server.tick.schedule();
    }
  }

  #store(header: KeyHeader, value: ValueReader): void {
    const { engine, call } = this.#server;
    const [db] = engine.databases;
    const { key } = header;
    if (header.db !== 0 || !this.#slots.has(hashSlot(key)) || db!.has(key)) {
      value.discard();
      throw new Error("a key came that does not belong into these slots, or came twice");
    }
    value.store(db!, key, header.expireAt);
    if (engine.policy.lfu && header.frequency >= 0) db!.setFrequency(key, header.frequency);
    else if (header.idleSeconds >= 0) db!.setIdle(key, header.idleSeconds);
    this.keys++;
    call.totalDirty++;
    if (this.#server.outcomes.active) this.#tell(key, header.expireAt);
  }

  /** In one command, unless it would be long to make and to run. */
  #tell(key: Slice, expireAt: number): void {
    const { engine, outcomes } = this.#server;
    const [db] = engine.databases;
    const stored = db!.get(key)!;
    if (stored.type === "string") {
      outcomes.words(0, ["SET", key, stored.string, ...(expireAt < 0 ? [] : ["PXAT", expireAt])]);
      return;
    }
    const large = LargeOutcome.of(this.#server, key, stored, expireAt);
    if (large !== null) this.#telling.push(large);
    else outcomes.words(0, ["RESTORE", key, Math.max(0, expireAt), dump(engine, db!, key)!, "REPLACE", "ABSTTL"]);
  }
}

class KeySink implements RdbSink {
  readonly #readers: ValueReaders;
  readonly #store: (header: KeyHeader, value: ValueReader) => void;

  constructor(engine: Engine, store: (header: KeyHeader, value: ValueReader) => void) {
    this.#readers = new ValueReaders(engine.store, { deep: engine.policy.sanitizeDumpPayload === "yes" });
    this.#store = store;
  }

  aux(): void {}
  selectDb(): void {}
  resizeDb(): void {}
  functionLibrary(): void {}
  moduleAux(): void {}

  value(header: KeyHeader): ValueReader | undefined {
    return this.#readers.of(header.type);
  }

  key(header: KeyHeader, value: ValueReader): void {
    if (value.empty) value.discard();
    else this.#store(header, value);
  }
}
