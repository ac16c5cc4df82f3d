/** GEOSEARCH, GEOSEARCHSTORE and the older GEORADIUS family: the members of a sorted set that lie within a shape. */

import { Slice } from "../../base/bytes.ts";
import { formatDouble } from "../../base/doubles.ts";
import type { SortedSetValue } from "../../engine/sorted-set/sorted-set-value.ts";
import type { Args } from "../args.ts";
import { type Call, event, type Handler, type KeyEvent } from "../call.ts";
import { created, deleted } from "../keyspace.ts";
import { cellsOf, distanceFrom, roughlyInside } from "./area.ts";
import { firstScore, type Place, placeOf, scoresOf } from "./cells.ts";
import { roughness } from "./distance.ts";
import { locate, readPlaces, writeDistance, writePlace } from "./places.ts";
import { parseSearch, type Search, type SearchForm } from "./search-options.ts";

const searchStored = event("z", "geosearchstore");
const radiusStored = event("z", "georadiusstore");
const DEL = Buffer.from("DEL");
const ZADD = Buffer.from("ZADD");

export const geosearch = searching({ source: 1, center: "option", store: "never" });
export const geosearchstore = searching({ source: 2, center: "option", store: "always" });
export const georadius = searching({ source: 1, center: "place", store: "option" });
export const georadiusRo = searching({ source: 1, center: "place", store: "never" });
export const georadiusByMember = searching({ source: 1, center: "member", store: "option" });
export const georadiusByMemberRo = searching({ source: 1, center: "member", store: "never" });

interface Found extends Place {
  readonly member: Uint8Array;
  readonly score: number;
  /** From the centre, in meters: roughly, or exactly if somebody is to see it or to be put in order by it. */
  distance: number;
}

function searching(form: SearchForm): Handler {
  const stored = form.store === "always" ? searchStored : radiusStored;
  return (call, args) => search(call, args, form, stored);
}

function search(call: Call, args: Args, form: SearchForm, stored: KeyEvent): void {
  const set = readPlaces(call, args.at(form.source));
  const what = parseSearch(args, form, set && ((member, into) => locate(set, member, into)));
  const found = set === null ? [] : chosen(find(set, what), what);
  if (what.storeKey === null) answer(call, found, what);
  else storeFound(call, what, found, stored);
}

/** All in the shape, in the order of the cells that cover it; `COUNT n ANY` ends with the nth. */
function find(set: SortedSetValue, { shape, count, any }: Search): Found[] {
  const found: Found[] = [];
  const limit = any ? count : Number.POSITIVE_INFINITY;
  const place: Place = { longitude: 0, latitude: 0 };
  for (const cell of cellsOf(shape)) {
    const from = firstScore(cell);
    const end = from + scoresOf(cell);
    for (let there = set.at(set.countBelow(from, false)); there; there = set.next()) {
      const { score } = set;
      if (score >= end || found.length >= limit) break;
      const { longitude, latitude } = placeOf(score, place);
      const distance = roughlyInside(shape, place);
      if (distance >= 0) found.push({ longitude, latitude, member: set.member.copy(), score, distance });
    }
  }
  return found;
}

/** In the order that was asked for; the nearest, if only so many are wanted and no order is given. */
function chosen(found: Found[], { shape, order, count, any, withDist, storeDist }: Search): Found[] {
  const isLimited = count > 0 && found.length > count;
  if (order === "none" && (count === 0 || any)) {
    const first = isLimited ? found.slice(0, count) : found;
    if (withDist || storeDist) for (const one of first) one.distance = distanceFrom(shape, one);
    return first;
  }
  const sign = order === "desc" ? -1 : 1;
  const candidates = isLimited ? nearEnough(found, count, sign) : found;
  for (const one of candidates) one.distance = distanceFrom(shape, one);
  candidates.sort((a, b) => sign * (a.distance - b.distance));
  return isLimited ? candidates.slice(0, count) : candidates;
}

/** Those that may be among the first `count`, as far as rough distances tell, in the order in which they were found. */
function nearEnough(found: readonly Found[], count: number, sign: 1 | -1): Found[] {
  const distances = Float64Array.from(found, (one) => sign * one.distance).sort();
  const last = distances[count - 1]!;
  const doubt = 2 * roughness(Math.abs(last));
  return found.filter((one) => sign * one.distance <= last + doubt);
}

function answer({ reply }: Call, found: readonly Found[], search: Search): void {
  const { withDist, withHash, withCoord } = search;
  const details = Number(withDist) + Number(withHash) + Number(withCoord);
  reply.array(found.length);
  for (const one of found) {
    if (details > 0) reply.array(1 + details);
    reply.bulkBytes(one.member);
    if (withDist) writeDistance(reply, one.distance / search.shape.unitMeters);
    if (withHash) reply.integer(wholeScore(one.score));
    if (withCoord) writePlace(reply, one);
  }
}

function wholeScore(score: number): number | bigint {
  if (Number.isSafeInteger(score)) return score;
  return Number.isFinite(score) ? BigInt.asIntN(64, BigInt(Math.trunc(score))) : -(2n ** 63n);
}

function storeFound(call: Call, what: Search, found: readonly Found[], stored: KeyEvent): void {
  const key = what.storeKey!;
  const { storeDist } = what;
  const scoreOf = (one: Found) => (storeDist ? one.distance / what.shape.unitMeters : one.score);
  const { db, engine, reply } = call;
  reply.integer(found.length);
  if (found.length === 0) {
    if (db.delete(key)) {
      call.changed(key, deleted);
      if (storeDist) call.outcome([DEL, key]);
    }
    return;
  }
  const existed = db.has(key);
  const builder = engine.sortedSets.builder();
  const member = new Slice();
  for (const one of found) {
    builder.add(member.set(one.member, 0, one.member.length), scoreOf(one));
  }
  db.setRoot(key, "zset", builder.finish());
  if (!existed) call.notify(key, created);
  call.changed(key, stored, found.length);
  // Distances may come out otherwise in the last bit where the C library is another: they travel as they came out here.
  if (!storeDist) return;
  if (existed) call.outcome([DEL, key]);
  call.outcome([ZADD, key, ...found.flatMap((one) => [formatDouble(scoreOf(one)), one.member])]);
}
