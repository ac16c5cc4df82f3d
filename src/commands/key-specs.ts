/**
 * Which words of a request are keys, found with the specs of its command's row: for COMMAND GETKEYS, and for whoever has to
 * know the keys before the command runs (ACL rules, the slot of a cluster).
 * @see https://redis.io/docs/latest/develop/reference/key-specs/
 */
import type { Slice } from "../base/bytes.ts";
import { parseInteger } from "../base/numbers.ts";
import type { CommandRow, KeyFlag, KeySpec } from "./call.ts";

/** The words of a request, its name first. */
export interface RequestWords {
  readonly count: number;
  at(index: number): Slice;
}

export interface FoundKey {
  /** Which word it is. */
  readonly index: number;
  readonly flags: readonly KeyFlag[];
}

/** In the order in which COMMAND INFO and GETKEYSANDFLAGS list them. */
export const KEY_FLAGS: readonly KeyFlag[] = [
  "RO",
  "RW",
  "OW",
  "RM",
  "access",
  "update",
  "insert",
  "delete",
  "not_key",
  "incomplete",
  "variable_flags",
];

/** Whether the command can have keys at all. */
export function hasKeys(row: CommandRow): boolean {
  return row.keys.some((spec) => !spec.flags.includes("not_key"));
}

/**
 * The keys of a request.
 * @returns  null if they cannot be told: the words are not what the command wants, or a spec does not say it all
 */
export function findKeys(row: CommandRow, words: RequestWords): FoundKey[] | null {
  const special = SPECIAL[row.name];
  if (special !== undefined) return special(words);
  const found: FoundKey[] = [];
  for (const spec of row.keys) {
    if (spec.flags.includes("not_key")) continue;
    if (!findOfSpec(spec, flagsFor(row, spec, words), words, found)) return null;
  }
  return found;
}

function findOfSpec(spec: KeySpec, flags: readonly KeyFlag[], words: RequestWords, found: FoundKey[]): boolean {
  const run = new SpecKeys();
  switch (run.find(spec, words)) {
    case "unclear":
      return false;
    case "none":
      return true;
    case "some":
      for (let index = run.first; index <= run.last; index += run.step) found.push({ index, flags });
      return !spec.flags.includes("incomplete");
  }
}

/** The keys that one spec speaks of: words `first` to `last`, `step` apart. Used again for every request where nothing may be allocated. */
export class SpecKeys {
  first = 0;
  last = 0;
  step = 1;

  /** "none": an option that is not there has no keys; "unclear": the spec cannot tell, or the request is not what it wants. */
  find(spec: KeySpec, words: RequestWords): "some" | "none" | "unclear" {
    const { begin, find } = spec;
    if (begin === "unknown" || find === "unknown") return "unclear";
    let first = "index" in begin ? begin.index : afterKeyword(begin.keyword, begin.startFrom, words);
    if (first === 0) return "none";
    let last: number;
    if ("keyNumIndex" in find) {
      if (first + find.keyNumIndex >= words.count) return "unclear";
      const keys = parseInteger(words.at(first + find.keyNumIndex));
      if (Number.isNaN(keys) || keys < 0) return "unclear";
      first += find.firstKey;
      last = first + (keys - 1) * find.step;
    } else last = lastOfRange(find, first, words.count);
    if (last >= words.count || last < first || first >= words.count) return "unclear";
    this.first = first;
    this.last = last;
    this.step = find.step;
    return "some";
  }
}

function lastOfRange(find: { lastKey: number; limit: number }, first: number, count: number): number {
  if (find.lastKey >= 0) return first + find.lastKey;
  if (find.limit === 0) return count + find.lastKey;
  return first + Math.trunc((count - first) / find.limit) + find.lastKey;
}

/** The word behind the keyword, searched from `startFrom` on, or backwards from the end if that is negative; 0 for none. */
function afterKeyword(keyword: string, startFrom: number, words: RequestWords): number {
  const forwards = startFrom > 0;
  const end = forwards ? words.count - 1 : 1;
  for (let i = forwards ? startFrom : words.count + startFrom; i > 0 && i < words.count; i += forwards ? 1 : -1) {
    if (i === end) return 0;
    if (words.at(i).is(keyword.toUpperCase())) return i + 1;
  }
  return 0;
}

/** Where specs do not say it all, though the words do. */
const SPECIAL: Readonly<Record<string, (words: RequestWords) => FoundKey[]>> = {
  sort(words) {
    const found: FoundKey[] = [{ index: 1, flags: ["RO", "access"] }];
    for (let i = 2; i < words.count; i++) {
      if (words.at(i).is("LIMIT")) i += 2;
      else if (words.at(i).is("GET") || words.at(i).is("BY")) i++;
      else if (words.at(i).is("STORE") && i + 1 < words.count) found[1] = { index: ++i, flags: ["OW", "update"] };
    }
    return found;
  },
  migrate(words) {
    const flags: readonly KeyFlag[] = ["RW", "access", "delete"];
    if (words.at(3).length > 0) return [{ index: 3, flags }];
    const found: FoundKey[] = [];
    for (let i = 6; i < words.count; i++) {
      if (words.at(i).is("AUTH")) i++;
      else if (words.at(i).is("AUTH2")) i += 2;
      else if (words.at(i).is("KEYS")) while (++i < words.count) found.push({ index: i, flags });
    }
    return found;
  },
  sort_ro: () => [{ index: 1, flags: ["RO", "access"] }],
};

/** What is done with the key: said by the spec, unless that depends on the options given. */
function flagsFor(row: CommandRow, spec: KeySpec, words: RequestWords): readonly KeyFlag[] {
  if (!spec.flags.includes("variable_flags")) return spec.flags;
  return VARIABLE[row.name]?.(words) ?? spec.flags;
}

const VARIABLE: Readonly<Record<string, (words: RequestWords) => readonly KeyFlag[]>> = {
  set(words) {
    for (let i = 3; i < words.count; i++) if (words.at(i).is("GET")) return ["RW", "access", "update"];
    return ["OW", "update"];
  },
  bitfield(words) {
    // What is cut short may be anything.
    for (let i = 2; i < words.count; i++) {
      if (words.at(i).is("GET") && i + 2 < words.count) i += 2;
      else if (words.at(i).is("OVERFLOW") && i + 1 < words.count) i++;
      else return ["RW", "access", "update"];
    }
    return ["RO", "access"];
  },
};

/** COMMAND INFO's first key, last key and step, and whether they do not tell it all ("movablekeys"). */
export interface LegacyRange {
  readonly first: number;
  readonly last: number;
  readonly step: number;
  readonly movable: boolean;
}

/** The old way of saying where keys are, as well as the specs can be put so. */
export function legacyRange(row: CommandRow): LegacyRange {
  const only = row.keys[0];
  if (row.keys.length === 1 && only !== undefined) {
    const range = rangeOf(only);
    if (range === null) return { first: 0, last: 0, step: 0, movable: true };
    return { ...range, movable: only.flags.includes("incomplete") };
  }
  let first = Number.POSITIVE_INFINITY;
  let last = 0;
  let movable = false;
  for (const spec of row.keys) {
    const range = rangeOf(spec);
    if (spec.flags.includes("incomplete")) movable = true;
    if (range === null || range.step !== 1 || (last !== 0 && last !== range.first - 1)) {
      movable = true;
      continue;
    }
    first = Math.min(first, range.first);
    last = further(last, range.last);
  }
  if (first === Number.POSITIVE_INFINITY) return { first: 0, last: 0, step: 0, movable };
  return { first, last, step: 1, movable };
}

/** Which of two positions lies further on; a negative one counts from the end. */
function further(a: number, b: number): number {
  return a < 0 === b < 0 ? Math.max(a, b) : Math.min(a, b);
}

function rangeOf({ begin, find }: KeySpec): { first: number; last: number; step: number } | null {
  if (begin === "unknown" || find === "unknown" || !("index" in begin) || !("lastKey" in find)) return null;
  const first = begin.index;
  return { first, last: find.lastKey >= 0 ? first + find.lastKey : find.lastKey, step: find.step };
}
