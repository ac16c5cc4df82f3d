/** DEBUG RELOAD: the data through a file and back, at once, for tests of both ways. */
import { RdbError } from "../rdb/format.ts";
import { EngineLoader } from "../rdb/load.ts";
import { RdbReader, type RdbSink } from "../rdb/reader.ts";
import { type Persistence, persistenceErrors } from "./persistence.ts";

export interface ReloadOptions {
  /** Save first; false loads the file that is there. */
  readonly save: boolean;
  /** Begin with an empty data set; false adds to what is there. */
  readonly flush: boolean;
  /** Keys of the file replace those that are there; otherwise a key that is there already is an error. */
  readonly merge: boolean;
}

/**
 * The file is read twice, first into an engine that nobody sees: one that is broken costs no data.
 * @throws  persistenceErrors.saveFailed, .reloadFailed
 */
export function reload(persistence: Persistence, { save, flush, merge }: ReloadOptions): void {
  const { host } = persistence;
  const { engine } = host;
  if (save && !persistence.saveNow()) throw persistenceErrors.saveFailed;
  const mode = engine.expiryMode;
  try {
    const file = host.disk.readSync(persistence.path);
    if (file === undefined) throw new RdbError("truncated", `${persistence.path}: no such file`);
    read(file, new EngineLoader(engine.fresh(), { now: engine.now, dropExpired: host.isPrimary }), persistence);
    if (flush) engine.flushAll();
    read(
      file,
      new EngineLoader(engine, { now: engine.now, dropExpired: host.isPrimary, replaceKeys: merge }),
      persistence,
    );
    host.log.warning("DB reloaded by DEBUG RELOAD");
  } catch (error) {
    host.log.warning((error as Error).message);
    if (error instanceof RdbError) throw persistenceErrors.reloadFailed;
    throw error;
  } finally {
    engine.expiryMode = mode;
  }
}

function read(file: Uint8Array, sink: RdbSink, { host }: Persistence): void {
  const reader = new RdbReader(sink, {
    maxStringBytes: host.settings["proto-max-bulk-len"],
    verifyChecksum: host.settings.rdbchecksum && !host.engine.policy.skipChecksumValidation,
  });
  reader.feed(file);
  reader.end();
}
