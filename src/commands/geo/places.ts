/** GEODIST, GEOHASH and GEOPOS: where members are. */

import type { Slice } from "../../base/bytes.ts";
import { formatLongDouble } from "../../base/long-double.ts";
import { errors } from "../../base/reply-error.ts";
import type { SortedSetValue } from "../../engine/sorted-set/sorted-set-value.ts";
import type { ReplyWriter } from "../../resp/reply-writer.ts";
import type { Args } from "../args.ts";
import type { Call } from "../call.ts";
import { missed } from "../keyspace.ts";
import { geohashText, type Place, placeOf } from "./cells.ts";
import { distance } from "./distance.ts";
import { parseUnit } from "./words.ts";

const here: Place = { longitude: 0, latitude: 0 };
const there: Place = { longitude: 0, latitude: 0 };

/** The sorted set under the key; a miss is an event. @throws errors.wrongType */
export function readPlaces(call: Call, key: Slice): SortedSetValue | null {
  const set = call.engine.sortedSets.read(call.db, key);
  if (set === null) call.notify(key, missed);
  return set;
}

/** False if there is no such member. */
export function locate(set: SortedSetValue, member: Slice, into: Place): boolean {
  const score = set.scoreOf(member);
  if (Number.isNaN(score)) return false;
  placeOf(score, into);
  return true;
}

export function geodist(call: Call, args: Args): void {
  const { reply } = call;
  const name = args.next();
  const first = args.next();
  const second = args.next();
  if (args.left > 1) throw errors.syntax;
  const meters = args.more ? parseUnit(args.next()) : 1;
  const set = readPlaces(call, name);
  if (set === null || !locate(set, first, here) || !locate(set, second, there)) reply.nil();
  else writeDistance(reply, distance(here.longitude, here.latitude, there.longitude, there.latitude) / meters);
}

export function geohash(call: Call, args: Args): void {
  const { reply } = call;
  const set = readPlaces(call, args.next());
  reply.array(args.left);
  while (args.more) {
    const member = args.next();
    if (set !== null && locate(set, member, here)) reply.bulkText(geohashText(here));
    else reply.nil();
  }
}

export function geopos(call: Call, args: Args): void {
  const { reply } = call;
  const set = readPlaces(call, args.next());
  reply.array(args.left);
  while (args.more) {
    const member = args.next();
    if (set !== null && locate(set, member, here)) writePlace(reply, here);
    else reply.nilArray();
  }
}

/** Four places are enough to be exact to the decimeter in kilometers. */
export function writeDistance(reply: ReplyWriter, value: number): void {
  reply.bulkText(value.toFixed(4));
}

export function writePlace(reply: ReplyWriter, { longitude, latitude }: Place): void {
  reply.array(2);
  writeCoordinate(reply, longitude);
  writeCoordinate(reply, latitude);
}

/** A double to people, as Redis has it through a long double: 17 places, without the zeros at the end. */
function writeCoordinate(reply: ReplyWriter, value: number): void {
  const text = coordinateText(value);
  if (reply.version === 3) reply.raw(Buffer.from(`,${text}\r\n`, "latin1"));
  else reply.bulkText(text);
}

const TIE_SCALE = 2 ** 18;

export function coordinateText(value: number): string {
  // `toFixed` is exact, but rounds up what lies just between two decimals: that are the odd multiples of 2^-18.
  const scaled = value * TIE_SCALE;
  if (Number.isInteger(scaled)) return formatLongDouble({ significand: BigInt(scaled), exponent: -18 });
  return value.toFixed(17).replace(/\.?0+$/, "");
}
