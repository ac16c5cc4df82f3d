/** Loading an RDB file at the start, a chunk at a time, so that the server can say LOADING meanwhile. */
import type { DiskReader } from "../io/disk.ts";
import type { Clock } from "../io/io.ts";
import type { RdbError } from "../rdb/format.ts";
import { EngineLoader } from "../rdb/load.ts";
import { RdbReader } from "../rdb/reader.ts";
import type { PersistenceHost } from "./host.ts";

/** How far a load has come: what INFO says of it. A replica that loads from its primary keeps one too. */
export class LoadingProgress {
  active = false;
  /** The old data are served meanwhile. */
  async = false;
  /** Unix time in seconds. */
  startedAt = 0;
  totalBytes = 0;
  loadedBytes = 0;
  /** What the file says that its data took. */
  rdbUsedMemory = 0;
  /** Of this load or the last. */
  keysLoaded = 0;
  keysExpired = 0;

  start(startedAt: number, totalBytes: number): void {
    this.active = true;
    this.startedAt = startedAt;
    this.totalBytes = totalBytes;
    this.loadedBytes = 0;
    this.rdbUsedMemory = 0;
    this.keysLoaded = 0;
    this.keysExpired = 0;
  }

  end(): void {
    this.active = false;
    this.async = false;
  }

  /** At the pace so far; 1 before there is one. */
  secondsLeft(now: number): number {
    if (this.loadedBytes === 0) return 1;
    const elapsed = Math.floor(now / 1000) - this.startedAt;
    return Math.floor((elapsed * Math.max(0, this.totalBytes - this.loadedBytes)) / this.loadedBytes);
  }
}

/** Some milliseconds of work. */
const READ_BYTES = 128 * 1024;

/**
 * Fills the host's engine from a file.
 * @throws  RdbError, or the disk's error; the engine then holds a part of the data
 */
export async function loadFile(
  file: DiskReader,
  host: PersistenceHost,
  progress: LoadingProgress,
): Promise<EngineLoader> {
  const { clock, engine, log, settings } = host;
  const loader = new EngineLoader(engine, {
    now: clock.now(),
    dropExpired: host.isPrimary,
    deep: engine.policy.sanitizeDumpPayload === "yes",
  });
  const reader = new RdbReader(loader, {
    maxStringBytes: settings["proto-max-bulk-len"],
    verifyChecksum: settings.rdbchecksum && !engine.policy.skipChecksumValidation,
  });
  const buffer = new Uint8Array(READ_BYTES);
  let told = false;
  while (!reader.finished) {
    const length = await file.read(buffer);
    if (length === 0) reader.end();
    const keysBefore = progress.keysLoaded;
    reader.feed(buffer, 0, length);
    progress.loadedBytes = reader.offset;
    progress.keysLoaded = loader.keysLoaded;
    progress.keysExpired = loader.keysExpired;
    if (!told && loader.keysLoaded > 0) {
      told = true;
      tellOrigin(loader, host, progress);
    }
    await delay(clock, (progress.keysLoaded - keysBefore) * microsAKey(settings["key-load-delay"]));
  }
  if (!told) tellOrigin(loader, host, progress);
  for (const name of loader.skippedModules) {
    log.warning(`The RDB file contains AUX module data, which was skipped: there is no module '${name}'`);
  }
  if (!reader.checksummed && settings.rdbchecksum && reader.version >= 5) {
    log.notice("RDB file was saved with checksum disabled: no check performed.");
  }
  return loader;
}

/** The line that a broken file is refused with. */
export function refusal(error: RdbError): string {
  if (error.kind === "truncated") {
    return `Short read or OOM loading DB. Unrecoverable error, aborting now. (${error.message})`;
  }
  return error.message;
}

function tellOrigin({ fields }: EngineLoader, { clock, log }: PersistenceHost, progress: LoadingProgress): void {
  const version = fields.get("redis-ver") ?? fields.get("valkey-ver");
  if (version !== undefined) log.notice(`Loading RDB produced by version ${version}`);
  const createdAt = Number(fields.get("ctime"));
  if (createdAt > 0) log.notice(`RDB age ${Math.max(0, Math.floor(clock.now() / 1000) - createdAt)} seconds`);
  const usedMemory = Number(fields.get("used-mem"));
  if (usedMemory > 0) {
    progress.rdbUsedMemory = usedMemory;
    log.notice(`RDB memory usage when created ${(usedMemory / 1024 / 1024).toFixed(2)} Mb`);
  }
  for (const [name, value] of fields) if (name.startsWith("%")) log.notice(`RDB '${name}': ${value}`);
}

/** `rdb-key-save-delay` and `key-load-delay` as microseconds. */
export function microsAKey(directive: number): number {
  return directive < 0 ? 1 / -directive : directive;
}

function delay(clock: Clock, micros: number): Promise<void> | undefined {
  if (micros < 1000) return undefined;
  return new Promise((resolve) => clock.after(Math.ceil(micros / 1000), resolve));
}
