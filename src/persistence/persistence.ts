/**
 * RDB on disk: when it is saved, how it is loaded, what INFO and the log say of that. The file's format is in rdb/;
 * `background-save.ts` writes it while commands go on, `loading.ts` reads it at the start, `commands.ts` has SAVE, BGSAVE
 * and LASTSAVE. The server calls `load` before it serves, `cron` every 100 ms, `refuseWrite` before writes.
 */
import { ReplyError } from "../base/reply-error.ts";
import { RdbError } from "../rdb/format.ts";
import type { EngineLoader } from "../rdb/load.ts";
import { RdbStream } from "../rdb/stream.ts";
import type { ReplicationPosition } from "../rdb/writer.ts";
import { BackgroundSave, type SaveResult } from "./background-save.ts";
import type { PersistenceHost } from "./host.ts";
import { persistenceSection } from "./info.ts";
import { LoadingProgress, loadFile, microsAKey, refusal } from "./loading.ts";

export const persistenceErrors = {
  saveInProgress: new ReplyError("ERR", "Background save already in progress"),
  noSaveToCancel: new ReplyError("ERR", "Background saving is currently not in progress or scheduled"),
  saveFailed: new ReplyError("ERR", ""),
  reloadFailed: new ReplyError("ERR", "Error trying to load the RDB dump, check server logs."),
  misconf: new ReplyError(
    "MISCONF",
    "Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
  ),
};

/** The data cannot be loaded: the server must not go on with an empty data set. The log says why already. */
export class FatalLoadError extends Error {
  override readonly name = "FatalLoadError";
}

/** After a save that failed, a save point waits this long. */
const RETRY_AFTER_SECONDS = 5;

export class Persistence {
  readonly host: PersistenceHost;
  readonly loading = new LoadingProgress();
  /** Unix time in seconds of the last successful save: LASTSAVE. */
  lastSaveAt: number;
  lastBgsaveOk = true;
  /** Where in a replication stream the file that was loaded was made, if it said so: a replica can go on from there. */
  loadedPosition: ReplicationPosition | undefined;
  /** How many were begun. */
  saves = 0;
  /** How long the last background save took; -1 before the first. */
  lastBgsaveSeconds = -1;
  /** BGSAVE is to begin as soon as it can. */
  scheduled = false;
  /** Sections of INFO by name: lines `field:value`. */
  readonly info = { persistence: () => persistenceSection(this) };
  #running: BackgroundSave | undefined;
  #bgsaveStartedAt = -1;
  #dirtyAtStart = 0;
  #keysTotal = 0;
  #stream: RdbStream | undefined;
  #lastTryAt = 0;
  /** The file was made to feed replicas, not to keep the data. */
  #fileIsForSync = false;

  constructor(host: PersistenceHost) {
    this.host = host;
    this.lastSaveAt = this.#seconds();
  }

  get path(): string {
    const { dir, dbfilename } = this.host.settings;
    return `${dir}/${dbfilename}`;
  }

  get saving(): boolean {
    return this.#running !== undefined;
  }

  /** Seconds since the background save began; -1 if there is none. */
  get currentBgsaveSeconds(): number {
    return this.saving ? this.#seconds() - this.#bgsaveStartedAt : -1;
  }

  /** Keys written by the background save, and how many there were when it began. */
  get savedKeys(): { processed: number; total: number } {
    return this.saving ? { processed: this.#stream!.keys, total: this.#keysTotal } : { processed: 0, total: 0 };
  }

  // Loading

  /**
   * Loads the file, if there is one. `loading` says how far it is.
   * @throws  FatalLoadError if there is one that cannot be loaded
   */
  async load(): Promise<"loaded" | "missing"> {
    const { clock, disk, engine, log } = this.host;
    const startedMicros = clock.monotonicMicros();
    try {
      const file = await disk.openForReading(this.path);
      if (file === undefined) return "missing";
      const mode = engine.expiryMode;
      this.loading.start(this.#seconds(), file.size);
      try {
        this.#loaded(await loadFile(file, this.host, this.loading));
      } finally {
        engine.expiryMode = mode;
        this.loading.end();
        await file.close();
      }
    } catch (error) {
      const reason = error instanceof RdbError ? refusal(error) : (error as Error).message;
      log.warning(reason);
      log.warning(`Fatal error loading the DB, check server logs. Exiting. The file ${this.path} was left as it is.`);
      throw new FatalLoadError(`${this.path}: ${reason}`);
    }
    log.notice(`DB loaded from disk: ${((clock.monotonicMicros() - startedMicros) / 1e6).toFixed(3)} seconds`);
    return "loaded";
  }

  #loaded({ keysLoaded, keysExpired, keysEmpty, replication }: EngineLoader): void {
    this.loadedPosition = replication;
    const { log } = this.host;
    const counts = `keys loaded: ${keysLoaded}, keys expired: ${keysExpired}`;
    if (keysEmpty > 0) log.warning(`Done loading RDB, ${counts}, empty keys skipped: ${keysEmpty}.`);
    else log.notice(`Done loading RDB, ${counts}.`);
  }

  // Saving

  /** SAVE: writes the file now; nothing else happens meanwhile. Returns whether it could. */
  saveNow(): boolean {
    const { disk, log } = this.host;
    this.saves++;
    const stream = this.#beginStream();
    try {
      disk.replaceSync(this.path, chunksOf(stream));
    } catch (error) {
      stream.close();
      log.warning(`Write error saving DB on disk(${this.path}): ${(error as Error).message}`);
      return false;
    }
    log.notice("DB saved on disk");
    this.host.dirty = 0;
    this.#succeeded();
    return true;
  }

  /** BGSAVE: begins a background save of the data as they are now. There must be none running. */
  startBackgroundSave(): void {
    const { clock, disk, engine, log, pid, settings } = this.host;
    if (this.#running) throw persistenceErrors.saveInProgress;
    this.saves++;
    this.scheduled = false;
    this.#lastTryAt = this.#bgsaveStartedAt = this.#seconds();
    this.#dirtyAtStart = this.host.dirty;
    this.#keysTotal = engine.databases.reduce((sum, db) => sum + db.size, 0);
    this.#stream = this.#beginStream();
    const running = new BackgroundSave({
      disk,
      clock,
      stream: this.#stream,
      path: this.path,
      temporaryPath: `${settings.dir}/temp-${pid}.rdb`,
      incrementalFsync: settings["rdb-save-incremental-fsync"],
      microsAKey: microsAKey(settings["rdb-key-save-delay"]),
    });
    this.#running = running;
    log.notice(`Background saving started by pid ${pid}`);
    running.ended.then((result) => this.#ended(running, result));
  }

  /** As `startBackgroundSave`, once the transaction that asked for it is over. */
  scheduleBackgroundSave(): void {
    this.scheduled = true;
  }

  /** Ends a background save early. That counts as no failure. */
  abortBackgroundSave(): void {
    this.#running?.abort();
  }

  /** Resolves when no background save is running. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running.ended;
  }

  #beginStream(): RdbStream {
    const { engine, redisVersion, settings } = this.host;
    const fields = {
      redisVersion,
      createdAt: this.#seconds(),
      usedMemory: engine.usedMemory(),
      replication: this.host.replicationPosition(),
    };
    return new RdbStream(engine, fields, { compress: settings.rdbcompression, checksum: settings.rdbchecksum });
  }

  #ended(running: BackgroundSave, result: SaveResult): void {
    if (this.#running !== running) return;
    const { log } = this.host;
    this.#running = undefined;
    this.#stream = undefined;
    this.lastBgsaveSeconds = this.#seconds() - this.#bgsaveStartedAt;
    if (result === "saved" && running.aborted) {
      // The file was being renamed when it was aborted, and may have taken the place of a newer one.
      this.saveNow();
    } else if (result === "saved") {
      log.notice("DB saved on disk");
      log.notice("Background saving terminated with success");
      this.host.dirty = Math.max(0, this.host.dirty - this.#dirtyAtStart);
      this.#succeeded();
    } else if (result === "aborted") {
      log.notice("Background saving terminated: it was not wanted any more");
    } else {
      log.warning(`Write error saving DB on disk(${this.path}): ${result.message}`);
      log.warning("Background saving error");
      this.lastBgsaveOk = false;
    }
  }

  #succeeded(): void {
    this.lastSaveAt = this.#seconds();
    this.lastBgsaveOk = true;
    this.#fileIsForSync = false;
  }

  // What the server calls

  /** Begins what is due: a save that was put off, or one that a save point asks for. */
  cron(): void {
    if (this.saving || this.loading.active) return;
    const { log, settings } = this.host;
    const now = this.#seconds();
    const mayTry = this.lastBgsaveOk || now - this.#lastTryAt > RETRY_AFTER_SECONDS;
    if (!mayTry) return;
    for (const { seconds, changes } of settings.save) {
      if (this.host.dirty < changes || now - this.lastSaveAt <= seconds) continue;
      log.notice(`${changes} changes in ${seconds} seconds. Saving...`);
      this.startBackgroundSave();
      return;
    }
    if (this.scheduled) this.startBackgroundSave();
  }

  /** MISCONF, where snapshots are wanted, the last one failed, and writes are to stop then; else null. */
  refuseWrite(): ReplyError | null {
    if (this.lastBgsaveOk) return null;
    const { settings } = this.host;
    const refuse = settings["stop-writes-on-bgsave-error"] && settings.save.length > 0 && this.host.isPrimary;
    return refuse ? persistenceErrors.misconf : null;
  }

  /** After FLUSHALL: a snapshot of the old data must not come to be, and the file must not bring them back. */
  afterFlushAll(): void {
    this.abortBackgroundSave();
    if (this.host.settings.save.length > 0) this.saveNow();
  }

  /**
   * Before the server ends: saves, if the data are to be kept. "default" saves where there are save points. `stop` follows.
   * @returns  false if the data could not be saved: SHUTDOWN is to fail then, unless forced
   */
  saveForShutdown(mode: "save" | "nosave" | "default"): boolean {
    const { log, settings } = this.host;
    if (this.saving) {
      log.warning("There is a child saving an .rdb. Killing it!");
      this.abortBackgroundSave();
    }
    if (mode === "nosave" || (mode === "default" && settings.save.length === 0)) return true;
    // Half a data set must not replace the file it is being read from.
    if (this.loading.active) return true;
    log.notice("Saving the final RDB snapshot before exiting.");
    if (this.saveNow()) return true;
    log.warning("Error trying to save the DB, can't exit.");
    return false;
  }

  /** Ends what is going on in the background; the process may exit then. */
  async stop(): Promise<void> {
    this.abortBackgroundSave();
    await this.idle();
  }

  /** The file at `path` was made, or received, for a full sync only. */
  noteFileForSync(): void {
    this.#fileIsForSync = true;
  }

  /** `rdb-del-sync-files`: such a file is removed where no data are to be kept on disk. */
  async removeFileForSync(): Promise<void> {
    const { disk, log, settings } = this.host;
    if (!this.#fileIsForSync || !settings["rdb-del-sync-files"] || settings.save.length > 0 || this.saving) return;
    this.#fileIsForSync = false;
    log.notice("Removing the RDB file used to feed replicas in a persistence-less instance");
    await disk.remove(this.path);
  }

  #seconds(): number {
    return Math.floor(this.host.clock.now() / 1000);
  }
}

function* chunksOf(stream: RdbStream): Generator<Uint8Array> {
  for (let chunk = stream.next(); chunk !== null; chunk = stream.next()) {
    if (chunk.length === 0) continue;
    yield chunk;
    stream.recycle(chunk);
  }
}
