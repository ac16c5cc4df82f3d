/**
 * The options of GEOSEARCH, GEORADIUS and their relatives: one grammar, of which each command has its part. They are read
 * with the sorted set at hand, since an option that names a member is an error at its place if there is no such member.
 */

import type { Slice } from "../../base/bytes.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { Args } from "../args.ts";
import type { Shape } from "./area.ts";
import type { Place } from "./cells.ts";
import { takeBox, takeCircle, takePlace } from "./words.ts";

/** What a command of the family takes. */
export interface SearchForm {
  /** Which word is the key that is searched. */
  readonly source: number;
  /** What follows it: a place or a member as the centre, and a radius; or nothing, then centre and shape are options. */
  readonly center: "place" | "member" | "option";
  /** Where the result can be stored: nowhere, under a key that an option names, or under the first key. */
  readonly store: "never" | "option" | "always";
}

export interface Search {
  /** Without a radius, a width or a height if there is nothing to search. */
  shape: Shape;
  order: "none" | "asc" | "desc";
  /** How many at most; 0 for all. */
  count: number;
  /** Any of them, instead of the nearest. */
  any: boolean;
  withCoord: boolean;
  withDist: boolean;
  withHash: boolean;
  /** Where to. */
  storeKey: Slice | null;
  /** The distance becomes the score. */
  storeDist: boolean;
}

const err = (text: string) => new ReplyError("ERR", text);
const noSuchMember = err("could not decode requested zset member");
const countTooLow = err("COUNT must be > 0");
const anyAlone = err("the ANY argument requires COUNT argument");

/** @param locate  the place of a member: false if there is no such member, null in the place of it if there is no key */
export function parseSearch(
  args: Args,
  form: SearchForm,
  locate: ((member: Slice, into: Place) => boolean) | null,
): Search {
  const center: Place = { longitude: 0, latitude: 0 };
  const search: Search = {
    shape: { center, unitMeters: 1 },
    order: "none",
    count: 0,
    any: false,
    withCoord: false,
    withDist: false,
    withHash: false,
    storeKey: form.store === "always" ? args.at(1) : null,
    storeDist: false,
  };
  args.position = form.source + 1;
  const takeMember = () => {
    const member = args.next();
    if (locate !== null && !locate(member, center)) throw noSuchMember;
  };
  if (form.center === "place") takePlace(args, center);
  else if (form.center === "member") takeMember();
  if (form.center === "member" && locate === null) args.position += 2;
  else if (form.center !== "option") search.shape = { center, ...takeCircle(args) };

  let from: "member" | "place" | null = null;
  let by: "circle" | "box" | null = null;
  const open = form.center === "option";
  while (args.more) {
    if (args.take("WITHDIST")) search.withDist = true;
    else if (args.take("WITHHASH")) search.withHash = true;
    else if (args.take("WITHCOORD")) search.withCoord = true;
    else if (args.take("ANY")) search.any = true;
    else if (args.take("ASC")) search.order = "asc";
    else if (args.take("DESC")) search.order = "desc";
    else if (args.left > 1 && args.take("COUNT")) search.count = parseCount(args);
    else if (form.store === "option" && args.left > 1 && args.take("STORE")) {
      search.storeKey = args.next();
      search.storeDist = false;
    } else if (form.store === "option" && args.left > 1 && args.take("STOREDIST")) {
      search.storeKey = args.next();
      search.storeDist = true;
    } else if (form.store === "always" && args.take("STOREDIST")) search.storeDist = true;
    else if (open && args.left > 1 && from !== "place" && args.take("FROMMEMBER")) {
      takeMember();
      from = "member";
    } else if (open && args.left > 2 && from !== "member" && args.take("FROMLONLAT")) {
      takePlace(args, center);
      from = "place";
    } else if (open && args.left > 2 && by !== "box" && args.take("BYRADIUS")) {
      search.shape = { center, ...takeCircle(args) };
      by = "circle";
    } else if (open && args.left > 3 && by !== "circle" && args.take("BYBOX")) {
      search.shape = { center, ...takeBox(args) };
      by = "box";
    } else throw errors.syntax;
  }
  refuseContradictions(search, form);
  if (open && from === null) throw exactlyOne("FROMMEMBER or FROMLONLAT", args);
  if (open && by === null) throw exactlyOne("BYRADIUS and BYBOX", args);
  if (search.any && search.count === 0) throw anyAlone;
  return search;
}

function parseCount(args: Args): number {
  const count = args.integer();
  if (count <= 0) throw countTooLow;
  return count;
}

function refuseContradictions({ storeKey, withCoord, withDist, withHash }: Search, form: SearchForm): void {
  if (storeKey === null || !(withCoord || withDist || withHash)) return;
  const name = form.store === "always" ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS";
  throw err(`${name} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`);
}

/** The command's name as the client wrote it. */
function exactlyOne(options: string, args: Args): ReplyError {
  return err(`exactly one of ${options} can be specified for ${args.at(0).quotable()}`);
}
