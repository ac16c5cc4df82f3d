/** Directives that are numbers: whole numbers, amounts of memory with units, octal permissions. */
import { Slice } from "../base/bytes.ts";
import { parseInt64 } from "../base/numbers.ts";
import { type Directive, directive, Refusal, type Traits } from "./kinds.ts";

/** The bounds that Redis' error texts name, exact where a double is not. */
export const INT_MAX = 2147483647;
export const INT_MIN = -2147483648;
export const UINT_MAX = 4294967295;
export const LONG_MAX = 9223372036854775807n;
export const ULONG_MAX = 18446744073709551615n;

type Bound = number | bigint;

function checkBounds(value: bigint, from: Bound, to: Bound, radix = 10): void {
  if (value < from || value > to) {
    throw new Refusal(`argument must be between ${from.toString(radix)} and ${to.toString(radix)} inclusive`);
  }
}

/** A whole number. `cap` pulls what lies outside of it to the nearest end instead of refusing it. */
export function integer(
  fallback: number,
  from: Bound,
  to: Bound,
  traits: Traits<number> & { cap?: readonly [number, number] } = {},
): Directive<number> {
  const { cap, ...rest } = traits;
  return directive<number>(fallback, rest, {
    kind: "integer",
    values: `${from} to ${to}${cap ? `, taken as ${cap[0]} to ${cap[1]}` : ""}`,
    parse([word]) {
      const value = parseInt64(Slice.of(word!));
      if (value === null) throw new Refusal("argument couldn't be parsed into an integer");
      checkBounds(value, from, to);
      return cap ? Math.min(Math.max(Number(value), cap[0]), cap[1]) : Number(value);
    },
    text: whole,
  });
}

const UNITS: Record<string, bigint> = {
  "": 1n,
  b: 1n,
  k: 1000n,
  kb: 1024n,
  m: 1000n ** 2n,
  mb: 1024n ** 2n,
  g: 1000n ** 3n,
  gb: 1024n ** 3n,
};

/** "64mb" and the like in bytes; null for anything else. No digits at all count as 0, as in Redis. */
export function parseMemory(word: string): bigint | null {
  const parts = /^(\d{0,128})([a-z]*)$/i.exec(word);
  if (!parts) return null;
  const unit = UNITS[parts[2]!.toLowerCase()];
  if (unit === undefined) return null;
  const number = BigInt(parts[1]!);
  return BigInt.asUintN(64, (number > ULONG_MAX ? ULONG_MAX : number) * unit);
}

/** An amount of memory: shown in bytes, written to the file in the largest unit that divides it. */
export function memory(fallback: number, from: Bound, to: Bound, traits: Traits<number> = {}): Directive<number> {
  return directive<number>(fallback, traits, {
    kind: "memory",
    values: `bytes, or with a unit: \`100mb\`; ${from} to ${to}`,
    parse([word]) {
      const value = parseMemory(word!);
      if (value === null) throw new Refusal("argument must be a memory value");
      checkBounds(value, from, to);
      return Number(value);
    },
    text: (value) => exact(value, to) ?? wholeBytes(value),
    lines: (value) => [exact(value, to) ?? memoryWithUnit(value)],
  });
}

/** The largest value there is, which a double rounds up beyond itself. */
function exact(value: number, to: Bound): string | undefined {
  return value >= Number(to) ? to.toString() : undefined;
}

/** As `memory`, or "10%", which is kept as -10. */
export function memoryOrPercent(fallback: number, traits: Traits<number> = {}): Directive<number> {
  return directive<number>(fallback, traits, {
    kind: "memory or percent",
    values: "bytes, or with a unit: `1gb`, or a percentage: `5%`",
    parse([word]) {
      const value = parseMemory(word!);
      if (value !== null) {
        checkBounds(value, -100, LONG_MAX);
        return Number(value);
      }
      const percent = word!.endsWith("%") ? parseInt64(Slice.of(word!.slice(0, -1))) : null;
      if (percent === null || percent < 0n) throw new Refusal("argument must be a memory or percent value");
      if (percent > 100n) throw new Refusal("percentage argument must be less or equal to 100");
      return -Number(percent) || 0;
    },
    text: (value) => (value < 0 ? `${-value}%` : (exact(value, LONG_MAX) ?? wholeBytes(value))),
    lines: (value) => [value < 0 ? `${-value}%` : (exact(value, LONG_MAX) ?? memoryWithUnit(value))],
  });
}

/** Permissions of a file. */
export function octal(fallback: number, to: number, traits: Traits<number> = {}): Directive<number> {
  return directive<number>(fallback, traits, {
    kind: "octal",
    values: `octal, 0 to ${to.toString(8)}`,
    parse([word]) {
      const digits = /^\s*\+?([0-7]*)$/.exec(word!);
      if (!digits) throw new Refusal("argument couldn't be parsed as an octal number");
      const value = digits[1] === "" ? 0n : BigInt(`0o${digits[1]}`);
      checkBounds(value, 0, to, 8);
      return Number(value);
    },
    text: (value) => value.toString(8),
  });
}

/** In digits whatever its size, where String() turns to an exponent. Above 2^53 a double may be off by a little. */
function whole(value: number): string {
  return Math.abs(value) < 1e15 ? String(value) : clampInt64(BigInt(value)).toString();
}

function clampInt64(value: bigint): bigint {
  return value > LONG_MAX ? LONG_MAX : value;
}

function wholeBytes(value: number): string {
  if (value < 1e15) return String(value);
  const exact = BigInt(value);
  return (exact > ULONG_MAX ? ULONG_MAX : exact).toString();
}

/** In the largest of gb, mb and kb that leaves a whole number. */
export function memoryWithUnit(bytes: number): string {
  for (const [unit, size] of [["gb", 2 ** 30] as const, ["mb", 2 ** 20] as const, ["kb", 2 ** 10] as const]) {
    if (bytes !== 0 && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return wholeBytes(bytes);
}
