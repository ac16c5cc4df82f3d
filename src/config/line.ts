/** A line of redis.conf, and how a bad one is reported. */

/** A line that is not a comment: words as written, the first in lower case. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly text: string;
  readonly words: readonly string[];
}

/** The configuration cannot be used. `message` is all that Redis prints to stderr before it exits with 1. */
export class ConfigFileError extends Error {}

/** The level that the report names, as INFO does. */
const VERSION = "7.2.4";

export function badLine(line: Pick<Line, "number" | "text">, reason: string): ConfigFileError {
  return badConfig(`Reading the configuration file, at line ${line.number}\n>>> '${line.text}'\n${reason}`);
}

/** For what no single line is to blame for. */
export function badConfig(reason: string): ConfigFileError {
  return new ConfigFileError(`\n*** FATAL CONFIG FILE ERROR (Redis ${VERSION}) ***\n${reason}\n`);
}
