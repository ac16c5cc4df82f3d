/** What the geo commands read from their arguments: units, lengths, coordinates. In Redis' order of errors. */

import type { Slice } from "../../base/bytes.ts";
import { parseDouble } from "../../base/doubles.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { Args } from "../args.ts";
import { inRange, type Place } from "./cells.ts";

const err = (text: string) => new ReplyError("ERR", text);

const badUnit = err("unsupported unit provided. please use M, KM, FT, MI");
const badRadius = err("need numeric radius");
const negativeRadius = err("radius cannot be negative");
const badWidth = err("need numeric width");
const badHeight = err("need numeric height");
const negativeBox = err("height or width cannot be negative");

/** Meters in one of the unit. */
export function parseUnit(word: Slice): number {
  if (word.is("M")) return 1;
  if (word.is("KM")) return 1000;
  if (word.is("FT")) return 0.3048;
  if (word.is("MI")) return 1609.34;
  throw badUnit;
}

/** The place at the next two words. */
export function takePlace(args: Args, into: Place): Place {
  into.longitude = number(args.next(), errors.notFloat);
  into.latitude = number(args.next(), errors.notFloat);
  if (inRange(into)) return into;
  throw err(`invalid longitude,latitude pair ${sixPlaces(into.longitude)},${sixPlaces(into.latitude)}`);
}

/** A radius and its unit. */
export function takeCircle(args: Args): { radius: number; unitMeters: number } {
  const radius = number(args.next(), badRadius);
  if (radius < 0) throw negativeRadius;
  return { radius, unitMeters: parseUnit(args.next()) };
}

/** Width, height and their unit. */
export function takeBox(args: Args): { width: number; height: number; unitMeters: number } {
  const width = number(args.next(), badWidth);
  const height = number(args.next(), badHeight);
  if (width < 0 || height < 0) throw negativeBox;
  return { width, height, unitMeters: parseUnit(args.next()) };
}

function number(word: Slice, error: ReplyError): number {
  const value = parseDouble(word);
  if (Number.isNaN(value)) throw error;
  return value;
}

/** As C's %f. */
function sixPlaces(value: number): string {
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  // Beyond this `toFixed` turns to exponents; a double is whole there.
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`;
}
