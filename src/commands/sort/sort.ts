/** SORT and SORT_RO: the elements of a list, set or sorted set in another order, or what they stand for. */
import { compareBytes, Slice } from "../../base/bytes.ts";
import { parseDouble } from "../../base/doubles.ts";
import { ReplyError } from "../../base/reply-error.ts";
import type { StoredValue } from "../../engine/snapshot.ts";
import type { Args } from "../args.ts";
import { type Call, type CommandDocs, event, family, type KeySpec, keyAt, type OutcomeWord } from "../call.ts";
import { block, docs, integer, key, multiple, oneOf, optional, pattern, word } from "../docs.ts";
import { created, deleted, missed } from "../keyspace.ts";
import { elementsOf, sizeOf } from "./elements.ts";
import { parseSortOptions, type SortOptions } from "./options.ts";
import { Pattern } from "./patterns.ts";

const complexity =
  "O(N+M*log(M)), N being the number of elements and M that of those answered; O(N) if nothing is sorted";
const options = [
  key(),
  optional({ ...pattern("by-pattern", "BY"), keySpecIndex: 1 }),
  optional(block("limit", "LIMIT", integer("offset"), integer("count"))),
  optional(multiple({ ...pattern("get-pattern", "GET"), keySpecIndex: 1, flags: ["multiple_token"] })),
  optional(oneOf("order", word("ASC"), word("DESC"))),
  optional({ ...word("ALPHA"), name: "sorting" }),
];

const source = keyAt(1, "RO", "access");
const named: KeySpec = {
  flags: ["RO", "access"],
  begin: "unknown",
  find: "unknown",
  notes:
    "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
};
const stored: KeySpec = {
  flags: ["OW", "update"],
  begin: "unknown",
  find: "unknown",
  notes:
    "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
};
/** With the family's, which is not that of the documentation: these commands are none on keys of any kind. */
const acl = ["set", "sortedset", "dangerous"];
const generic = (documented: CommandDocs): CommandDocs => ({ ...documented, group: "generic" });

// biome-ignore format: a table
export const sorting = family("list", {
  SORT: {
    arity: -2, flags: ["write", "denyoom"], keys: [...source, named, stored], acl, run: (call, args) => sort(call, args, true),
    docs: generic(docs("1.0.0", complexity, "Sorts the elements of a list, a set, or a sorted set, and answers or stores them.",
      ...options, optional({ ...key("destination", 2), token: "STORE" }))),
  },
  SORT_RO: {
    arity: -2, flags: ["readonly"], keys: [...source, named], acl, run: (call, args) => sort(call, args, false),
    docs: generic(docs("7.0.0", complexity, "Sorts the elements of a list, a set, or a sorted set.", ...options)),
  },
});

const storedEvent = event("l", "sortstore");
const notNumbers = new ReplyError("ERR", "One or more scores can't be converted into double");
const DEL = Buffer.from("DEL");
const RPUSH = Buffer.from("RPUSH");

interface Item {
  readonly element: Uint8Array;
  /** What it is sorted by: a number, or bytes; null for a weight that is not there. */
  readonly score: number;
  readonly text: Uint8Array | null;
}

function whyNotLook(call: Call, args: Args): string | null {
  if (call.engine.policy.clusterEnabled) return "in Cluster mode";
  return call.mayReadAnyKey(args) ? null : "due to insufficient ACL permissions";
}

function sort(call: Call, args: Args, mayStore: boolean): void {
  const name = args.next();
  const chosen = parseSortOptions(args, mayStore, () => whyNotLook(call, args));
  const value = call.db.get(name);
  if (value === null) call.notify(name, missed);
  else if (value.type === "zset") toTable(call, name);
  // Elements that weigh the same stand as they came, which in a set is elsewhere another order.
  const isChance = chosen.by !== null && chosen.alpha && !chosen.unsorted && value !== null && value.type !== "list";
  const elements = value === null ? [] : sortedElements(call, value, chosen);
  const patterns = chosen.gets.map((get) => new Pattern(get));
  const results =
    patterns.length === 0 ? elements : elements.flatMap((element) => patterns.map((get) => get.of(call, element)));
  if (chosen.store === null) answer(call, results);
  else store(call, chosen.store, results, isChance);
}

/** As in Redis, to whom a packed sorted set is not good enough to be sorted: OBJECT ENCODING shows it. */
function toTable({ db, engine }: Call, name: Slice): void {
  const set = engine.sortedSets.open(db, name)!;
  if (set.encoding === "listpack") set.toTable();
}

function sortedElements(call: Call, value: StoredValue, options: SortOptions) {
  const { store } = call.engine;
  const size = sizeOf(value, store);
  const [start, count] = range(options, size);
  let { unsorted, by } = options;
  if (unsorted && value.type === "set" && options.store !== null) {
    // A set has no order of its own, and all who store it are to store the same.
    unsorted = false;
    by = null;
    options = { ...options, alpha: true };
  }
  if (unsorted) return elementsOf(value, store, { skip: start, count, backwards: options.descending });
  const all = elementsOf(value, store, { skip: 0, count: size, backwards: false });
  const items = weigh(call, all, by, options.alpha);
  items.sort(comparison(options.descending, options.alpha, by !== null));
  return items.slice(start, start + count).map((item) => item.element);
}

/** The first element wanted, and how many. */
function range({ offset, count }: SortOptions, size: number): [start: number, count: number] {
  const start = Math.min(Math.max(offset, 0), size);
  return [start, count < 0 ? size - start : Math.min(count, size - start)];
}

function weigh(call: Call, elements: readonly Uint8Array[], by: Slice | null, alpha: boolean): Item[] {
  const weights = by === null ? null : new Pattern(by);
  let areNumbers = true;
  const items = elements.map((element) => {
    const text = weights === null ? element : weights.of(call, element);
    const score = alpha || text === null ? 0 : numberOf(text);
    if (Number.isNaN(score)) areNumbers = false;
    return { element, score, text };
  });
  // Only now, as in Redis, which has looked up the others as well: they count, and those that are missing are events.
  if (!areNumbers) throw notNumbers;
  return items;
}

/** As strtod reads it: blanks may stand before it, a zero byte ends it, nothing at all is 0. NaN for anything else. */
function numberOf(text: Uint8Array): number {
  const zero = text.indexOf(0);
  let start = 0;
  const end = zero < 0 ? text.length : zero;
  if (end === 0) return 0;
  while (start < end && isBlank(text[start]!)) start++;
  return parseDouble(new Slice(text, start, end));
}

function isBlank(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}

function comparison(descending: boolean, alpha: boolean, byWeight: boolean): (a: Item, b: Item) => number {
  const sign = descending ? -1 : 1;
  if (!alpha) return (a, b) => sign * (a.score < b.score ? -1 : a.score > b.score ? 1 : compare(a.element, b.element));
  if (!byWeight) return (a, b) => sign * compare(a.element, b.element);
  return (a, b) => {
    if (a.text !== null && b.text !== null) return sign * compare(a.text, b.text);
    // What has no weight comes first.
    return sign * (Number(a.text !== null) - Number(b.text !== null));
  };
}

function compare(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length, b, 0, b.length);
}

function answer({ reply }: Call, results: readonly (Uint8Array | null)[]): void {
  reply.array(results.length);
  for (const result of results) {
    if (result === null) reply.nil();
    else reply.bulkBytes(result);
  }
}

const NOTHING = new Uint8Array(0);

function store(call: Call, target: Slice, results: readonly (Uint8Array | null)[], isChance: boolean): void {
  const { db, engine, reply } = call;
  reply.integer(results.length);
  if (results.length === 0) {
    if (db.delete(target)) call.changed(target, deleted);
    return;
  }
  const existed = db.has(target);
  const list = engine.lists.create(db, target);
  const element = new Slice();
  const words: OutcomeWord[] = [RPUSH, target];
  for (const result of results) {
    const bytes = result ?? NOTHING;
    element.set(bytes, 0, bytes.length);
    list.grow(bytes.length, 1);
    list.push(element, false);
    if (isChance) words.push(bytes);
  }
  if (!existed) call.notify(target, created);
  call.changed(target, storedEvent, results.length);
  if (!isChance) return;
  if (existed) call.outcome([DEL, target]);
  call.outcome(words);
}
