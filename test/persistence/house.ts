/** A Persistence with all that it needs, for tests. */
import type { Disk } from "../../src/io/disk.ts";
import { VirtualClock } from "../../src/io/virtual-clock.ts";
import type { PersistenceHost, PersistenceSettings } from "../../src/persistence/host.ts";
import { Persistence } from "../../src/persistence/persistence.ts";
import { NOW, newEngine } from "../rdb/engines.ts";
import { MemoryDisk } from "./memory-disk.ts";

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

export interface House<D extends Disk = MemoryDisk> {
  readonly persistence: Persistence;
  readonly host: Writable<Omit<PersistenceHost, "settings">> & { settings: Writable<PersistenceSettings> };
  readonly disk: D;
  readonly clock: VirtualClock;
  /** Lines, warnings with "# " ahead. */
  readonly log: string[];
}

export function newHouse(settings: Partial<PersistenceSettings> = {}): House {
  return houseOn(new MemoryDisk(), settings);
}

export function houseOn<D extends Disk>(disk: D, settings: Partial<PersistenceSettings> = {}): House<D> {
  const clock = new VirtualClock(NOW, (action) => setImmediate(action));
  const log: string[] = [];
  const note = (text: string) => log.push(text);
  const host = {
    engine: newEngine(),
    clock,
    disk,
    log: { debug: note, verbose: note, notice: note, warning: (text: string) => log.push(`# ${text}`) },
    settings: {
      dir: "/data",
      dbfilename: "dump.rdb",
      save: [{ seconds: 60, changes: 10 }],
      rdbcompression: true,
      rdbchecksum: true,
      "stop-writes-on-bgsave-error": true,
      "rdb-save-incremental-fsync": true,
      "rdb-del-sync-files": true,
      "proto-max-bulk-len": 512 * 1024 * 1024,
      "rdb-key-save-delay": 0,
      "key-load-delay": 0,
      ...settings,
    },
    pid: 4711,
    redisVersion: "7.2.4",
    dirty: 0,
    isPrimary: true,
    replicationPosition: () => undefined,
  };
  return { persistence: new Persistence(host), host, disk, clock, log };
}
