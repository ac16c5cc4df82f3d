/**
 * redis.conf: reading its text into a Config. What CONFIG does not know of (users, renamed commands, a Sentinel's lines) is
 * gathered and handed back. The first bad line ends it, with the report that Redis prints.
 */
import { splitWords } from "../base/words.ts";
import type { Config } from "./config.ts";
import { findDirective, retired } from "./directives.ts";
import { Refusal } from "./kinds.ts";
import { badConfig, badLine, ConfigFileError, type Line } from "./line.ts";

export { badConfig, badLine, ConfigFileError, type Line };

/** What a file holds beyond the directives of the table. */
export interface FileExtras {
  /** `sentinel ...`, for the Sentinel. */
  readonly sentinel: Line[];
  /** `rename-command OLD NEW`: the new name "" takes the command away. */
  readonly renames: Line[];
  /** `user ...`. */
  readonly users: Line[];
}

export interface FileOptions {
  readonly sentinel?: boolean;
  /**
   * The files that `include` names, which may be a pattern: none matching is no error then. Relative to the working
   * directory of the process, in alphabetical order. Texts one character a byte.
   * @throws  if a file cannot be read; the message is the system's, such as "No such file or directory"
   */
  readonly include?: (pattern: string) => { readonly path: string; readonly text: string }[];
}

/** Files that include each other would never end. */
const MAX_INCLUDES = 64;

/**
 * @param text  one character a byte (latin1); the command line's options follow the file's text
 * @throws ConfigFileError
 */
export function loadConfig(config: Config, text: string, options: FileOptions = {}): FileExtras {
  const extras: FileExtras = { sentinel: [], renames: [], users: [] };
  loadText(config, text, options, extras, 0);
  return extras;
}

function loadText(config: Config, text: string, options: FileOptions, extras: FileExtras, depth: number): void {
  for (const [i, raw] of text.split("\n").entries()) {
    const shown = raw.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
    if (shown === "" || shown.startsWith("#")) continue;
    const words = splitWords(shown);
    if (words === null) throw badLine({ number: i + 1, text: shown }, "Unbalanced quotes in configuration line");
    if (words.length === 0) continue;
    words[0] = words[0]!.toLowerCase();
    const line: Line = { number: i + 1, text: shown, words };
    try {
      loadLine(config, line, options, extras, depth);
    } catch (error) {
      if (error instanceof Refusal) throw badLine(line, error.message);
      throw error;
    }
  }
}

function loadLine(config: Config, line: Line, options: FileOptions, extras: FileExtras, depth: number): void {
  const { words } = line;
  const name = words[0]!;
  const one = findDirective(name);
  if (one) config.load(one, words.slice(1));
  else if (retired.has(name) && words.length === 2) return;
  else if (name === "include" && words.length === 2) include(config, words[1]!, options, extras, depth);
  else if (name === "rename-command" && words.length === 3) extras.renames.push(line);
  else if (name === "user" && words.length >= 2) extras.users.push(line);
  else if (name === "loadmodule" && words.length >= 2) throw new Refusal("modules are not supported");
  else if (name === "sentinel") sentinelLine(line, options, extras);
  else throw new Refusal("Bad directive or wrong number of arguments");
}

function sentinelLine(line: Line, options: FileOptions, extras: FileExtras): void {
  // A bare "sentinel" is the command line's --sentinel.
  if (line.words.length === 1) return;
  if (!options.sentinel) throw new Refusal("sentinel directive while not in sentinel mode");
  extras.sentinel.push(line);
}

function include(config: Config, pattern: string, options: FileOptions, extras: FileExtras, depth: number): void {
  if (depth >= MAX_INCLUDES) throw new Refusal("too many levels of include");
  let files: { readonly text: string }[];
  try {
    files = options.include?.(pattern) ?? [];
  } catch (error) {
    throw new ConfigFileError(`Fatal error, can't open config file '${pattern}': ${(error as Error).message}`);
  }
  for (const { text } of files) loadText(config, text, options, extras, depth + 1);
}
