/**
 * The command line of redis-server: `[file | -] [--directive value ...] [-] [--sentinel]`. Options become lines of
 * configuration that are read after the file.
 */
import { quoteWord, splitWords } from "../base/words.ts";

export type ServerArguments =
  | {
      readonly action: "run";
      /** As given, relative to the working directory; undefined for none. */
      readonly configFile?: string;
      /** More configuration is to be read from stdin, after the file and before `configText`. */
      readonly readStdin: boolean;
      /** The options as lines of redis.conf, one character a byte. */
      readonly configText: string;
      readonly sentinel: boolean;
    }
  | { readonly action: "version" }
  | { readonly action: "help" }
  /** To be said on stderr, with exit code 1. */
  | { readonly action: "refuse"; readonly message: string };

/** @param given  what follows the command's name */
export function parseServerArguments(given: readonly string[]): ServerArguments {
  const first = given[0];
  if (first === "-v" || first === "--version") return { action: "version" };
  if (first === "-h" || first === "--help") return { action: "help" };
  if (first === "--test-memory" || first === "--check-system") {
    return { action: "refuse", message: `${first} is not supported: use memtester or the checks of your distribution` };
  }
  const hasFile = first !== undefined && !first.startsWith("-");
  const { lines, readStdin } = readOptions(given, hasFile ? 1 : 0);
  return {
    action: "run",
    configFile: hasFile ? first : undefined,
    readStdin,
    configText: lines.map((line) => `${line}\n`).join(""),
    sentinel: given.includes("--sentinel"),
  };
}

/** What comes after the file. A word after an option's name is its value, even one that begins with `--`. */
function readOptions(given: readonly string[], from: number): { lines: string[]; readStdin: boolean } {
  const lines: string[] = [];
  let readStdin = false;
  let mayBeOption = true;
  for (let i = from; i < given.length; i++) {
    const word = Buffer.from(given[i]!, "utf8").toString("latin1");
    if (word === "-" && (i === 0 || i === given.length - 1)) {
      readStdin = true;
    } else if (mayBeOption && word.startsWith("--")) {
      const next = given[i + 1];
      lines.push(word.slice(2) + impliedValue(word, next));
      // "--port 7000" in one word has its value already; "--save --port 7000" and "--sentinel --port 7000" need none.
      mayBeOption = splitWords(word)?.length !== 1 || (standsAlone(word) && (next ?? "").startsWith("--"));
    } else {
      // Words before any option end up on a line of their own, which the configuration then refuses.
      if (lines.length === 0) lines.push("");
      lines[lines.length - 1] += ` ${quoteWord(word)}`;
      mayBeOption = true;
    }
  }
  return { lines, readStdin };
}

function standsAlone(word: string): boolean {
  return ["--save", "--sentinel"].includes(word.toLowerCase());
}

/** `--save` without a value says that nothing is to be saved. */
function impliedValue(word: string, next: string | undefined): string {
  return word.toLowerCase() === "--save" && (next === undefined || next.startsWith("--")) ? ' ""' : "";
}

/** What `--help` prints, after the name of the command. */
export function serverHelp(command: string): string {
  return [
    `Usage: ${command} [/path/to/redis.conf] [options] [-]`,
    `       ${command} -                  (the configuration comes from stdin)`,
    `       ${command} -v | --version`,
    `       ${command} -h | --help`,
    "",
    "Every directive of redis.conf is an option too:",
    `       ${command} --port 7777 --maxmemory 100mb`,
    `       ${command} /etc/redis/redis.conf --loglevel verbose`,
    `       ${command} --port 7778 --replicaof 127.0.0.1 7777`,
    "",
    "As a Sentinel:",
    `       ${command} /etc/redis/sentinel.conf --sentinel`,
    "",
  ].join("\n");
}
