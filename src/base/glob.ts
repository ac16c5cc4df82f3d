/**
 * Glob patterns as KEYS, SCAN, PSUBSCRIBE and ACL rules know them: `*`, `?`, `[a-z]`, `[^a]` and `\` before any of these.
 * Redis' habits are kept: an unclosed class ends with the pattern, a range may stand the wrong way round and compares
 * bytes as signed, and nothing but the empty pattern matches the empty text.
 */
import type { Slice } from "./bytes.ts";

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const CARET = 0x5e;
const DASH = 0x2d;
const BACKSLASH = 0x5c;

/** Where the token that was matched last ends: a second result that costs no object. */
let next = 0;

/**
 * Whether the whole of `text` matches. Takes at most pattern length times text length: what a `*` took is given back only by
 * the last one, since a later start for an earlier `*` leaves the rest less to match with.
 */
export function matchGlob(pattern: Slice, text: Slice, ignoreCase = false): boolean {
  const glob = pattern.bytes;
  const globEnd = pattern.end;
  const { bytes, end } = text;
  let at = pattern.start;
  let i = text.start;
  let afterStar = -1;
  let retryAt = 0;
  if (i === end) return at === globEnd;
  while (i < end) {
    if (at < globEnd) {
      if (glob[at] === STAR) {
        while (at < globEnd && glob[at] === STAR) at++;
        if (at === globEnd) return true;
        afterStar = at;
        retryAt = i;
        continue;
      }
      if (matchToken(glob, at, globEnd, bytes[i]!, ignoreCase)) {
        at = next;
        i++;
        continue;
      }
    }
    if (afterStar < 0) return false;
    at = afterStar;
    i = ++retryAt;
  }
  while (at < globEnd && glob[at] === STAR) at++;
  return at === globEnd;
}

/** Whether the pattern matches every key; KEYS and SCAN need not look at the names then. */
export function matchesAll(pattern: Slice): boolean {
  return pattern.length === 1 && pattern.bytes[pattern.start] === STAR;
}

/** Matches `byte` with the one token at `at`, which is not a star. */
function matchToken(glob: Uint8Array, at: number, globEnd: number, byte: number, ignoreCase: boolean): boolean {
  const token = glob[at]!;
  if (token === QUESTION) {
    next = at + 1;
    return true;
  }
  if (token === OPEN) return matchClass(glob, at + 1, globEnd, byte, ignoreCase);
  if (token === BACKSLASH && at + 1 < globEnd) at++;
  next = at + 1;
  return same(glob[at]!, byte, ignoreCase);
}

function matchClass(glob: Uint8Array, at: number, globEnd: number, byte: number, ignoreCase: boolean): boolean {
  const negated = at < globEnd && glob[at] === CARET;
  if (negated) at++;
  let found = false;
  while (at < globEnd && glob[at] !== CLOSE) {
    if (glob[at] === BACKSLASH && at + 1 < globEnd) {
      if (glob[at + 1] === byte) found = true;
      at += 2;
    } else if (glob[at + 1] === DASH && at + 2 < globEnd) {
      if (inRange(byte, glob[at]!, glob[at + 2]!, ignoreCase)) found = true;
      at += 3;
    } else {
      if (same(glob[at]!, byte, ignoreCase)) found = true;
      at++;
    }
  }
  next = at < globEnd ? at + 1 : globEnd;
  return found !== negated;
}

function inRange(byte: number, from: number, to: number, ignoreCase: boolean): boolean {
  let low = signed(from);
  let high = signed(to);
  if (low > high) [low, high] = [high, low];
  let value = signed(byte);
  if (ignoreCase) {
    low = lower(low);
    high = lower(high);
    value = lower(value);
  }
  return value >= low && value <= high;
}

function same(a: number, b: number, ignoreCase: boolean): boolean {
  return a === b || (ignoreCase && lower(a) === lower(b));
}

function signed(byte: number): number {
  return (byte << 24) >> 24;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte;
}
