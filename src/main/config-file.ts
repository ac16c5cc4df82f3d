/** Reads the configuration of a process: the file, what it includes, the command line's options behind them. */
import { basename, dirname, join, resolve } from "node:path";
import { Slice } from "../base/bytes.ts";
import { matchGlob } from "../base/glob.ts";
import { Config } from "../config/config.ts";
import { ConfigFileError, type FileExtras, loadConfig } from "../config/file.ts";
import type { Disk } from "../io/disk.ts";

export interface ProcessConfig {
  readonly config: Config;
  readonly extras: FileExtras;
  /** Absolute; "" when there is none. */
  readonly file: string;
}

/**
 * @param file  as given on the command line; "" for none
 * @param options  the command line's options, as lines of a file
 * @param enter  goes to the directory that a line names, or says why that cannot be
 * @throws ConfigFileError
 */
export function readConfig(
  disk: Disk,
  file: string,
  options: string,
  sentinel: boolean,
  enter?: (directory: string) => string | undefined,
): ProcessConfig {
  const directory = process.cwd();
  const config = new Config({ directory, sentinel });
  // At once, as in Redis: lines behind it may name files that are there.
  if (enter) config.check("dir", enter);
  let text = "";
  if (file !== "") {
    const cannot = (why: string) =>
      new ConfigFileError(`Fatal error, can't open config file '${resolve(file)}': ${why}\n`);
    let bytes: Uint8Array | undefined;
    try {
      bytes = disk.readSync(file);
    } catch (error) {
      // A folder, or a file that is not for us.
      throw cannot((error as Error).message);
    }
    if (bytes === undefined) throw cannot("No such file or directory");
    text = Buffer.from(bytes).toString("latin1");
  }
  const include = (pattern: string) =>
    expand(disk, pattern).map((path) => ({ path, text: Buffer.from(mustRead(disk, path)).toString("latin1") }));
  const extras = loadConfig(config, `${text}\n${options}`, { sentinel, include });
  return { config, extras, file: file === "" ? "" : resolve(directory, file) };
}

function mustRead(disk: Disk, path: string): Uint8Array {
  const bytes = disk.readSync(path);
  if (bytes === undefined) throw new Error("No such file or directory");
  return bytes;
}

/** A pattern with * ? or [ in its last part; anything else is a plain path. */
function expand(disk: Disk, pattern: string): string[] {
  if (!/[*?[]/.test(pattern)) return [pattern];
  const folder = dirname(pattern);
  const glob = Slice.of(basename(pattern));
  if (!disk.exists(folder)) return [];
  return disk
    .listSync(folder)
    .filter((name) => matchGlob(glob, Slice.of(name)))
    .sort()
    .map((name) => join(folder, name));
}
