/** The data set as replication sees it: copied out as an RDB, replaced by one, and changed by a stream of commands. */
import type { Engine } from "../engine/engine.ts";
import { EngineLoader } from "../rdb/load.ts";
import { RdbReader } from "../rdb/reader.ts";
import { RdbStream } from "../rdb/stream.ts";
import type { Dataset, LoadedRdb, Loader, ReplicationPoint, SnapshotStream } from "../replication/dataset.ts";
import { PrimarySession } from "./primary-session.ts";
import type { Server } from "./server.ts";

export class ServerDataset implements Dataset {
  readonly #server: Server;
  readonly #primary: PrimarySession;

  constructor(server: Server) {
    this.#server = server;
    this.#primary = new PrimarySession(server);
  }

  isEmpty(): boolean {
    return this.keyCount() === 0;
  }

  keyCount(): number {
    return keyCount(this.#server.engine);
  }

  settle(): void {
    this.#server.settle();
  }

  selectAgain(): void {
    this.#server.outcomes.selectAgain();
  }

  beginSnapshot(point: ReplicationPoint): SnapshotStream {
    const { engine, config, version, clock, stats } = this.#server;
    stats.syncSnapshots++;
    const stream = new RdbStream(
      engine,
      {
        redisVersion: version.redis,
        createdAt: Math.floor(clock.now() / 1000),
        usedMemory: engine.usedMemory(),
        replication: point,
      },
      { compress: config.values.rdbcompression, checksum: config.values.rdbchecksum },
    );
    return {
      next: () => stream.next(),
      close: () => stream.close(),
    };
  }

  load(): Loader {
    return new EngineSwap(this.#server, (db) => {
      this.appliedDb = db;
    });
  }

  apply(bytes: Uint8Array, length: number): number {
    return this.#primary.apply(bytes, length);
  }

  get applyingTransaction(): boolean {
    return this.#primary.connection.transaction.active;
  }

  get appliedDb(): number {
    return this.#primary.connection.dbIndex;
  }

  set appliedDb(index: number) {
    this.#primary.connection.dbIndex = index;
  }

  abandonTransaction(): void {
    if (this.applyingTransaction) this.#primary.connection.discard();
  }
}

/** Receives an RDB into an engine of its own, whose contents then take the place of the server's, all at once. */
class EngineSwap implements Loader {
  readonly #server: Server;
  readonly #fresh: Engine;
  readonly #loader: EngineLoader;
  readonly #reader: RdbReader;
  readonly #selectDb: (index: number) => void;

  constructor(server: Server, selectDb: (index: number) => void) {
    this.#server = server;
    this.#selectDb = selectDb;
    const { config, clock, engine } = server;
    this.#fresh = engine.fresh();
    this.#loader = new EngineLoader(this.#fresh, {
      now: clock.now(),
      dropExpired: false,
      deep: engine.policy.sanitizeDumpPayload === "yes",
    });
    this.#reader = new RdbReader(this.#loader, {
      maxStringBytes: config.values["proto-max-bulk-len"],
      verifyChecksum: config.values.rdbchecksum,
    });
  }

  feed(bytes: Uint8Array, start: number, end: number): void {
    const used = this.#reader.feed(bytes, start, end);
    if (used !== end - start) throw new Error("there are bytes behind the end of the RDB");
  }

  finish(): LoadedRdb {
    this.#reader.end();
    return { keys: keyCount(this.#fresh), aux: this.#loader.fields };
  }

  commit(): void {
    const { engine } = this.#server;
    this.#server.touchDatabases("all", [this.#fresh]);
    this.#server.beforeReplacement();
    engine.adopt(this.#fresh);
    this.#server.cluster?.hidden.adopt(this.#fresh.hidden.label);
    const streamDb = this.#loader.replication?.streamDb ?? 0;
    this.#selectDb(Math.max(0, streamDb));
  }

  abort(): void {}
}

function keyCount(engine: Engine): number {
  let keys = 0;
  for (const db of engine.databases) keys += db.size;
  return keys;
}
