/**
 * When two replies count as alike though their bytes differ. This is the whole list: what is not in it must be equal to the byte.
 * An error is never alike to anything but the same error.
 */
import { comparable } from "./clocks.ts";
import { known } from "./known.ts";
import { isError, parseReply, shape, show, type Tree } from "./reply.ts";

type Rule = (ours: Tree, theirs: Tree, words: readonly string[]) => boolean;

/** The order of a hash table is nobody's promise. */
const unordered: Rule = (ours, theirs) => ours.type === theirs.type && sorted(ours.items) === sorted(theirs.items);

const pairs: Rule = (ours, theirs) =>
  ours.type === theirs.type && sorted(inPairs(ours.items)) === sorted(inPairs(theirs.items));

/** Drawn by chance: as many of the same types. */
const drawn: Rule = (ours, theirs) => shape(ours) === shape(theirs);

/** A cursor and what was found: all of it if the walk was whole; else each walks as it likes. */
function walked(grouped: boolean): Rule {
  return (ours, theirs, words) => {
    const [ourCursor, ourFound] = ours.items;
    const [theirCursor, theirFound] = theirs.items;
    if (ourFound?.type !== "*" || theirFound?.type !== "*" || ours.items.length !== theirs.items.length) return false;
    const from = words[0]!.toUpperCase() === "SCAN" ? words[1] : words[2];
    if (from !== "0" || ourCursor!.text !== "0" || theirCursor!.text !== "0") return true;
    const set = ({ items }: Tree) => [...new Set((grouped ? inPairs(items) : items).map(show))].sort().join();
    return set(ourFound) === set(theirFound);
  };
}

/** Counted by a clock that is not the same one. */
function within(tolerance: number): Rule {
  return (ours, theirs) =>
    ours.type === ":" && theirs.type === ":" && Math.abs(Number(ours.text) - Number(theirs.text)) <= tolerance;
}

/**
 * Not sorted at all, or equal by what it is sorted by; then a limit takes any of them. To C's strcoll a string ends at its
 * first zero byte.
 */
const sortedLoosely: Rule = (ours, theirs, words) => {
  const has = (word: RegExp) => words.some((other) => word.test(other));
  // With GET what was compared is not to be seen.
  const mayHaveZeros = has(/^get$/i) || [...ours.items, ...theirs.items].some(({ text }) => text.includes("\0"));
  if (!has(/^by$/i) && !(has(/^alpha$/i) && mayHaveZeros)) return false;
  return has(/^limit$/i) ? drawn(ours, theirs, words) : unordered(ours, theirs, words);
};

const butForClocks: Rule = (ours, theirs) => comparable(ours) === comparable(theirs);

const rules: Readonly<Record<string, Rule>> = {
  KEYS: unordered,
  SMEMBERS: unordered,
  SINTER: unordered,
  SUNION: unordered,
  SDIFF: unordered,
  HKEYS: unordered,
  HVALS: unordered,
  HGETALL: pairs,
  RANDOMKEY: drawn,
  SRANDMEMBER: drawn,
  HRANDFIELD: drawn,
  ZRANDMEMBER: drawn,
  SPOP: drawn,
  SCAN: walked(false),
  SSCAN: walked(false),
  HSCAN: walked(true),
  ZSCAN: walked(true),
  SORT: sortedLoosely,
  SORT_RO: sortedLoosely,
  // Compressed by another compressor; that the other side can restore it is seen at the end of a script.
  DUMP: drawn,
  TTL: within(3),
  EXPIRETIME: within(3),
  PTTL: within(3000),
  PEXPIRETIME: within(3000),
  // A small number is shared there, and as old as its last use anywhere.
  "OBJECT IDLETIME": drawn,
  "OBJECT FREQ": drawn,
  // Small numbers are shared there; here no value is.
  "OBJECT REFCOUNT": drawn,
  // How much memory a value takes is our own affair.
  "MEMORY USAGE": drawn,
  XADD: (ours, theirs, words) => words.includes("*") && drawn(ours, theirs, words),
  XPENDING: butForClocks,
  "XINFO CONSUMERS": butForClocks,
  "XINFO STREAM": butForClocks,
};

function sorted(items: readonly Tree[]): string {
  return items.map(show).sort().join();
}

function inPairs(items: readonly Tree[]): Tree[] {
  const grouped: Tree[] = [];
  for (let i = 0; i + 1 < items.length; i += 2) {
    grouped.push({ type: "*", text: "2", items: [items[i]!, items[i + 1]!] });
  }
  return grouped;
}

/** @returns  "" if they are not alike, "same" if by the rules, or why it is known that they differ */
export function compare(
  words: readonly string[],
  queued: readonly (readonly string[])[],
  ours: Buffer,
  theirs: Buffer,
): string {
  if (ours.equals(theirs)) return "same";
  return compareTrees(words, queued, parseReply(ours), parseReply(theirs));
}

function compareTrees(
  words: readonly string[],
  queued: readonly (readonly string[])[],
  ours: Tree,
  theirs: Tree,
): string {
  if (show(ours) === show(theirs) && ours.text === theirs.text) return "same";
  const name = words[0]!.toUpperCase();
  if (name === "EXEC" && ours.type === "*" && theirs.type === "*" && ours.items.length === theirs.items.length) {
    const verdicts = ours.items.map((item, i) => compareTrees(queued[i] ?? [""], [], item, theirs.items[i]!));
    return verdicts.includes("") ? "" : (verdicts.find((verdict) => verdict !== "same") ?? "same");
  }
  const rule = rules[name] ?? rules[`${name} ${words[1]?.toUpperCase()}`];
  if (rule && !isError(ours) && !isError(theirs) && rule(ours, theirs, words)) return "same";
  return known.find((difference) => difference.is(name, words, ours, theirs))?.why ?? "";
}
