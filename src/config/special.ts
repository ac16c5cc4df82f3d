/** Directives of several words, each with a form of its own. */
import { Slice } from "../base/bytes.ts";
import { parseDouble } from "../base/numbers.ts";
import { type Directive, directive, notOneOf, Refusal, type Traits } from "./kinds.ts";
import { INT_MAX, memoryWithUnit, parseMemory } from "./numeric.ts";

/** A snapshot is due after `seconds` if there were at least `changes`. */
export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

export function savePoints(fallback: readonly SavePoint[], traits: Traits<readonly SavePoint[]> = {}) {
  return directive<readonly SavePoint[]>(fallback, traits, {
    kind: "save",
    values: 'pairs of seconds and changes, or `""` for none; further lines add to the first',
    manyWords: true,
    parse(words, current, repeated) {
      if (words.length === 0 || (words.length === 1 && words[0] === "")) return [];
      const numbers = words.map(decimal);
      const valid = numbers.every((number, i) => number >= (i % 2 === 0 ? 1 : 0) && number <= INT_MAX);
      if (words.length % 2 === 1 || !valid) throw new Refusal("Invalid save parameters");
      const points: SavePoint[] = repeated ? [...current] : [];
      for (let i = 0; i < numbers.length; i += 2) points.push({ seconds: numbers[i]!, changes: numbers[i + 1]! });
      return points;
    },
    text: (points) => points.map(({ seconds, changes }) => `${seconds} ${changes}`).join(" "),
    lines: (points) => (points.length === 0 ? ['""'] : points.map(({ seconds, changes }) => `${seconds} ${changes}`)),
    writes: () => true,
  });
}

export type OutputClass = "normal" | "replica" | "pubsub";

/** A client with more output than `hardBytes`, or more than `softBytes` for `softSeconds`, is cut off; 0 is no limit. */
export interface OutputLimit {
  readonly class: OutputClass;
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly softSeconds: number;
}

/** Beyond it lies what no process has, nor a double tells apart. */
const MOST_BYTES = 1n << 62n;

const OUTPUT_CLASSES: readonly OutputClass[] = ["normal", "replica", "pubsub"];

/** One limit a class, always all of them, in the order of `fallback`. */
export function outputLimits(fallback: readonly OutputLimit[], traits: Traits<readonly OutputLimit[]> = {}) {
  const numbers = (limit: OutputLimit) => `${limit.hardBytes} ${limit.softBytes} ${limit.softSeconds}`;
  return directive<readonly OutputLimit[]>(fallback, traits, {
    kind: "client-output-buffer-limit",
    values: "one or more of: `normal`, `replica` or `pubsub`, hard limit, soft limit, seconds",
    manyWords: true,
    parse(words, current) {
      if (words.length % 4 !== 0) throw new Refusal("Wrong number of arguments in buffer limit configuration.");
      const given: OutputLimit[] = [];
      for (let i = 0; i < words.length; i += 4) given.push(outputLimit(words.slice(i, i + 4)));
      return current.map((limit) => given.findLast((candidate) => candidate.class === limit.class) ?? limit);
    },
    // CONFIG GET says "slave" to this day.
    text: (limits) =>
      limits.map((limit) => `${limit.class === "replica" ? "slave" : limit.class} ${numbers(limit)}`).join(" "),
    lines: (limits) =>
      limits.map(
        (limit) =>
          `${limit.class} ${memoryWithUnit(limit.hardBytes)} ${memoryWithUnit(limit.softBytes)} ${limit.softSeconds}`,
      ),
    writes: (limits, line) => numbers(limits[line]!) !== numbers(fallback[line]!),
  });
}

function outputClass(word: string): OutputClass {
  const name = word.toLowerCase();
  if (name === "slave") return "replica";
  const known = OUTPUT_CLASSES.find((candidate) => candidate === name);
  if (!known) throw new Refusal("Invalid client class specified in buffer limit configuration.");
  return known;
}

function outputLimit([className, hardWord, softWord, secondsWord]: readonly string[]): OutputLimit {
  const known = outputClass(className!);
  const hard = parseMemory(hardWord!);
  const soft = parseMemory(softWord!);
  const softSeconds = decimal(secondsWord!);
  const isRight = hard !== null && hard < MOST_BYTES && soft !== null && soft < MOST_BYTES;
  if (!isRight || !(softSeconds >= 0 && softSeconds <= INT_MAX)) {
    throw new Refusal("Error in hard, soft or soft_seconds setting in buffer limit configuration.");
  }
  return { class: known, hardBytes: Number(hard), softBytes: Number(soft), softSeconds };
}

/** What "A" stands for, in the order in which Redis writes the letters. */
const ALL_CLASSES = "g$lshzxetd";

/** The value is letters without "A": "K", "E" and one for each class of events. */
export function keyspaceEvents(traits: Traits<string> = {}): Directive<string> {
  const among = (letters: string, value: string) => [...letters].filter((letter) => value.includes(letter)).join("");
  const show = (value: string) => {
    // Where "A" stands Redis leaves "n" out, though it keeps it in mind.
    const classes = among(ALL_CLASSES, value) === ALL_CLASSES ? "A" : among(`${ALL_CLASSES}n`, value);
    return classes + among("KEm", value);
  };
  return directive<string>("", traits, {
    kind: "notify-keyspace-events",
    values: 'letters of `A g $ l s h z x e t d m n`, with `K`, `E` or both; `""` for none',
    parse([word]) {
      if (!/^[Ag$lshzxeKEtmdn]*$/.test(word!)) {
        throw new Refusal("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
      }
      // A function, since "$" means something in a replacement text.
      return among(
        `${ALL_CLASSES}nKEm`,
        word!.replace("A", () => ALL_CLASSES),
      );
    },
    text: show,
    lines: (value) => [`"${show(value)}"`],
  });
}

export function addresses(fallback: readonly string[], traits: Traits<readonly string[]> = {}) {
  return directive<readonly string[]>(fallback, traits, {
    kind: "addresses",
    values: "up to 16 addresses; `-` in front: skipped if there is no such address here",
    manyWords: true,
    parse(words) {
      if (words.length > 16) throw new Refusal("Too many bind addresses specified.");
      if (words.length === 1 && words[0] === "") return [];
      if (!words.every(isPlain)) throw new Refusal("Invalid bind address");
      return [...words];
    },
    text: (list) => list.join(" "),
    // Redis drops the line when the value is the default.
    lines: (list) => (list.join(" ") === fallback.join(" ") ? [] : [list.join(" ") || '""']),
  });
}

/** A word that a file can hold without quotes, as hosts and addresses are. */
function isPlain(word: string): boolean {
  return /^[^\s"'\\\0]+$/.test(word);
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `host port`, or `no one`. */
export function hostAndPort(traits: Traits<HostPort | null> = {}): Directive<HostPort | null> {
  const show = (value: HostPort | null) => (value === null ? "" : `${value.host} ${value.port}`);
  return directive<HostPort | null>(null, traits, {
    kind: "host and port",
    values: "a host and a port, or `no one`",
    manyWords: true,
    parse(words) {
      if (words.length !== 2) throw new Refusal("wrong number of arguments");
      const [host, port] = words as [string, string];
      if (host.toLowerCase() === "no" && port.toLowerCase() === "one") return null;
      if (!isPlain(host)) throw new Refusal("Invalid master host");
      const number = decimal(port);
      if (!(number >= 0 && number <= 65535)) throw new Refusal("Invalid master port");
      return { host, port: number };
    },
    text: show,
    lines: (value) => (value === null ? [] : [show(value)]),
    writes: () => true,
  });
}

/** `host:port ...`; an IPv6 address in brackets. */
export function hostPorts(traits: Traits<readonly HostPort[]> = {}) {
  const show = (list: readonly HostPort[]) =>
    list.map(({ host, port }) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`)).join(" ");
  return directive<readonly HostPort[]>([], traits, {
    kind: "host:port list",
    values: 'host:port, any number of them, or `""` for none; further lines add to the first',
    manyWords: true,
    parse(words, current, repeated) {
      const given = words.filter((word) => word !== "").map(hostPort);
      const list = repeated ? [...current, ...given] : given;
      return list.filter((a, i) => list.findIndex((b) => b.host === a.host && b.port === a.port) === i);
    },
    text: show,
    lines: (list) => (list.length === 0 ? [] : [show(list)]),
  });
}

function hostPort(word: string): HostPort {
  const parts = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(isPlain(word) ? word : "");
  const port = Number(parts?.[3]);
  if (!parts || port < 1 || port > 65535) throw new Refusal(`'${word}' is not host:port`);
  return { host: (parts[1] ?? parts[2])!, port };
}

/** The scores the kernel's memory killer is given for a primary, a replica and a child process. */
export function oomScores(fallback: readonly number[], traits: Traits<readonly number[]> = {}) {
  return directive<readonly number[]>(fallback, traits, {
    kind: "oom-score-adj-values",
    values: "three numbers of -2000 to 2000",
    manyWords: true,
    parse(words) {
      if (words.length !== 3) throw new Refusal("wrong number of arguments");
      return words.map((word) => {
        const value = decimal(word);
        if (value >= -2000 && value <= 2000) return value;
        throw new Refusal("Invalid oom-score-adj-values, elements must be between -2000 and 2000.");
      });
    },
    text: (list) => list.join(" "),
  });
}

export function percentiles(fallback: readonly number[], traits: Traits<readonly number[]> = {}) {
  const name = "latency-tracking-info-percentiles";
  const show = (list: readonly number[]) => list.map((value) => String(Number(value.toFixed(6)))).join(" ");
  return directive<readonly number[]>(fallback, traits, {
    kind: "percentiles",
    values: 'numbers of 0 to 100, or `""` for none',
    manyWords: true,
    parse(words) {
      if (words.length === 1 && words[0] === "") return [];
      return words.map((word) => {
        const value = parseDouble(Slice.of(word));
        if (Number.isNaN(value)) throw new Refusal(`Invalid ${name} parameters`);
        if (value > 100 || value < 0) throw new Refusal(`${name} parameters should sit between [0.0,100.0]`);
        return value;
      });
    },
    text: show,
    lines: (list) => [show(list) || '""'],
    writes: () => true,
  });
}

export type ShutdownOption = "save" | "nosave" | "now" | "force";

/** What SHUTDOWN options a signal stands for; none for "default". */
export function shutdownOptions(traits: Traits<readonly ShutdownOption[]> = {}) {
  const names = ["save", "nosave", "now", "force"] as const;
  return directive<readonly ShutdownOption[]>([], traits, {
    kind: "shutdown options",
    values: "`default`, or any of `save`, `nosave`, `now`, `force`",
    manyWords: true,
    parse(words) {
      const chosen = words.map((word) => word.toLowerCase());
      const known = (word: string) => word === "default" || names.some((name) => name === word);
      if (chosen.length === 0 || !chosen.every(known)) throw notOneOf(["default", ...names]);
      const options = names.filter((name) => chosen.includes(name));
      if (options.includes("save") && options.includes("nosave")) {
        throw new Refusal("shutdown options SAVE and NOSAVE can't be used simultaneously");
      }
      return options;
    },
    text: (options) => options.join(" ") || "default",
  });
}

/** As strtoll reads a whole word; NaN for anything else. */
function decimal(word: string): number {
  return /^\s*[+-]?\d+$/.test(word) ? Number(word) : Number.NaN;
}
