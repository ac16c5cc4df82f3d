/** Spoils a command: a word too few or too many, another word, words that changed places. */
import type { Dice } from "./dice.ts";
import { allKeys } from "./kinds.ts";

const ANYTHING = [
  "",
  "abc",
  "-1",
  "-5",
  "1.5",
  "nan",
  "inf",
  "99999999999999999999",
  "\x00",
  "*",
  "LIMIT",
  "WITHSCORES",
  "#",
  "é",
];
const NUMBERS = ["0", "1", "2", "3", "10"];

/** Where a number in the wrong place would be a time that a run is long enough to see the end of. */
const TIMED = new Set(
  [
    ["SET", "SETEX", "PSETEX", "GETEX", "RESTORE", "EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"],
    ["HEXPIRE", "HPEXPIRE", "HEXPIREAT", "HPEXPIREAT"],
    ["BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH", "BLMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP"],
    ["XREAD", "XREADGROUP", "XCLAIM", "XAUTOCLAIM", "XPENDING"],
  ].flat(),
);
/** Guarded keys hold what a wrong command would make incomparable. */
const KEYS = allKeys.filter((key) => !/^(lex|text|geo):/.test(key));

/** Their numbers would make values large, or mix scores where ranges by lex need one. */
const DELICATE = new Set(["SETRANGE", "SETBIT", "BITFIELD", "ZADD", "ZINCRBY", "ZUNIONSTORE", "ZINTERSTORE"]);

export function spoil(words: string[], dice: Dice): string[] {
  const spoiled = spoilAny(words, dice);
  // To redis-server a cursor ends at its first zero byte.
  return words[0]!.endsWith("SCAN") && spoiled.some((word) => word.includes("\0")) ? words : spoiled;
}

function spoilAny(words: string[], dice: Dice): string[] {
  const spoiled = [...words];
  const at = dice.int(1, Math.max(1, words.length - 1));
  const timed = TIMED.has(words[0]!);
  // They know one word more here than there, and would spoil a transaction only there.
  if (/^Z(REV)?RANK$/.test(words[0]!)) return words.slice(0, at);
  if (words[0] === "ZADD" && words[1]!.startsWith("lex:")) return words.slice(0, at);
  const moves = timed || DELICATE.has(words[0]!) ? 5 : 6;
  switch (dice.int(0, moves - 1)) {
    case 0:
      spoiled.splice(at, 1);
      return spoiled;
    case 1:
      return spoiled.slice(0, at);
    case 2:
      spoiled.push(word(dice, timed));
      return spoiled;
    case 3:
      spoiled[at] = word(dice, timed);
      return spoiled;
    case 4:
      spoiled.splice(at, 0, words.length > 1 && dice.chance(0.5) ? words[at]! : word(dice, timed));
      return spoiled;
    default: {
      if (words.length < 3) return spoiled;
      const other = dice.int(1, words.length - 1);
      [spoiled[at], spoiled[other]] = [spoiled[other]!, spoiled[at]!];
      return spoiled;
    }
  }
}

function word(dice: Dice, timed: boolean): string {
  if (dice.chance(0.2)) return dice.pick(KEYS);
  return dice.pick(!timed && dice.chance(0.4) ? NUMBERS : ANYTHING);
}
