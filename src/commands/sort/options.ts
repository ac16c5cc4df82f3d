/** The options of SORT: any number of them in any order, the last of a kind counts, GETs add up. */
import type { Slice } from "../../base/bytes.ts";
import { errors, ReplyError } from "../../base/reply-error.ts";
import type { Args } from "../args.ts";

export interface SortOptions {
  descending: boolean;
  /** By bytes, not as numbers. */
  alpha: boolean;
  offset: number;
  /** -1 for all. */
  count: number;
  /** Where the weights are; null to sort the elements themselves. */
  by: Slice | null;
  /** The pattern of BY names no key: nothing is sorted. */
  unsorted: boolean;
  /** What to answer of each element; the element itself if there are none. */
  readonly gets: Slice[];
  store: Slice | null;
}

const STAR = 0x2a;

/** @param whyNotLook  why keys may not be read that the request does not name, as those of BY and GET; null if they may */
export function parseSortOptions(args: Args, mayStore: boolean, whyNotLook: () => string | null): SortOptions {
  const options: SortOptions = {
    descending: false,
    alpha: false,
    offset: 0,
    count: -1,
    by: null,
    unsorted: false,
    gets: [],
    store: null,
  };
  while (args.more) {
    if (args.take("ASC")) options.descending = false;
    else if (args.take("DESC")) options.descending = true;
    else if (args.take("ALPHA")) options.alpha = true;
    else if (args.left > 2 && args.take("LIMIT")) {
      options.offset = args.integer();
      options.count = args.integer();
    } else if (mayStore && args.left > 1 && args.take("STORE")) options.store = args.next();
    else if (args.left > 1 && args.take("BY")) {
      options.by = args.next();
      // Once is enough: a BY that follows does not bring the order back.
      if (starOf(options.by) < 0) options.unsorted = true;
      else refuseIf(whyNotLook(), "BY");
    } else if (args.left > 1 && args.take("GET")) {
      refuseIf(whyNotLook(), "GET");
      options.gets.push(args.next());
    } else throw errors.syntax;
  }
  return options;
}

function refuseIf(why: string | null, option: "BY" | "GET"): void {
  if (why !== null) throw new ReplyError("ERR", `${option} option of SORT denied ${why}.`);
}

/** Where a pattern takes the element, or -1. */
export function starOf({ bytes, start, end }: Slice): number {
  for (let at = start; at < end; at++) if (bytes[at] === STAR) return at;
  return -1;
}
