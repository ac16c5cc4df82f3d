/** What is compared when a script has been played: the data, how they are held, their dumps, the events and the counts. */
import type { Difference } from "./play.ts";
import { parseReply, show } from "./reply.ts";
import type { Script } from "./script.ts";
import { END_OF_EVENTS, type Side, type Sides } from "./sides.ts";

export type Found = Omit<Difference, "unit"> | null;

const DATABASES = [0, 1, 2];
/** Where dumps of the other side are tried. */
const SPARE_DATABASE = "9";

/** @param excused  whether replies have differed in a known way: then calls and errors were counted in another way too */
export async function checkData(sides: Sides, script: Script, excused: boolean): Promise<Found> {
  // There SCAN looks a key up when it is asked for a type: a hit, or a miss if it has expired.
  const scansTypes = script.units.flat().some(({ words }) => /^scan$/i.test(words[0]!) && words.length > 4);
  const found = (await checkEvents(sides, scansTypes)) ?? (excused ? null : await checkCounts(sides, scansTypes));
  if (found) return found;
  await both(sides, [["RESET"]]);
  for (const db of DATABASES) {
    const difference = await checkDatabase(sides, `${db}`, hasLongAdds(script));
    if (difference) return difference;
  }
  return null;
}

function both(sides: Sides, requests: readonly (readonly string[])[]): Promise<string[][]> {
  return Promise.all(sides.map((side) => texts(side, requests)));
}

async function texts({ main }: Side, requests: readonly (readonly string[])[]): Promise<string[]> {
  return (await main.ask(requests)).map((reply) => show(parseReply(reply)));
}

function differ(kind: string, about: string, ours: string | undefined, theirs: string | undefined): Found {
  return ours === theirs ? null : { kind, about, ours: ours ?? "nothing", theirs: theirs ?? "nothing" };
}

/** The events came in the same order. */
async function checkEvents(sides: Sides, withoutMisses: boolean): Promise<Found> {
  const heard = await Promise.all(sides.map(takeEvents));
  const counted = (message: string) => !withoutMisses || eventName(message) !== "keymiss";
  const [ours, theirs] = heard.map((messages) => inOrder(messages.filter(counted))) as [string[], string[]];
  const at = ours.findIndex((message, i) => message !== theirs[i]);
  if (at < 0 && ours.length === theirs.length) return null;
  const i = at < 0 ? ours.length : at;
  return differ("event", eventName(theirs[i] ?? ours[i]!), ours[i], theirs[i]);
}

/** A command that looks up many keys, as SORT of a set does, does so in the order of a hash table. */
function inOrder(messages: readonly string[]): string[] {
  const ordered: string[] = [];
  let misses: string[] = [];
  for (const message of messages) {
    if (eventName(message) === "keymiss") misses.push(message);
    else {
      ordered.push(...misses.sort(), message);
      misses = [];
    }
  }
  return ordered.concat(misses.sort());
}

/** The events since it was called last. */
export async function takeEvents({ main, events }: Side): Promise<string[]> {
  await main.ask([["RESET"], ["PUBLISH", END_OF_EVENTS, ""]]);
  return (await events.until(END_OF_EVENTS)).map((message) => show(parseReply(message)));
}

function eventName(message: string): string {
  return /__:(\w+)/.exec(message)?.[1] ?? message;
}

/** How many calls failed and how, what was found and missed, how much was changed. */
async function checkCounts(sides: Sides, withoutHits: boolean): Promise<Found> {
  const counts = await Promise.all(sides.map(countsOf));
  const [ours, theirs] = counts as [Map<string, string>, Map<string, string>];
  for (const [name, their] of theirs) {
    if (name.startsWith("keyspace_") && withoutHits) continue;
    const found = differ("count", name, ours.get(name), their);
    if (found) return found;
  }
  return null;
}

async function countsOf(side: Side): Promise<Map<string, string>> {
  const counts = new Map<string, string>();
  const info = (await side.main.ask([["INFO", "everything"]]))[0]!.toString("latin1");
  for (const [, name, value] of info.matchAll(/^(\w[^:\r]*):(.*)\r$/gm)) {
    const calls = /^calls=(\d+).*(rejected_calls=\d+,failed_calls=\d+)/.exec(value!);
    if (calls && !/cmdstat_(psync|replconf|info|config|debug|command)/.test(name!))
      counts.set(name!, `${calls[1]},${calls[2]}`);
    if (/^(errorstat_|keyspace_(hits|misses)$)/.test(name!)) counts.set(name!, value!);
  }
  return counts;
}

/** 7.2 chooses the encoding of a new set or sorted set by the number of words, doubles included. */
function hasLongAdds({ units }: Script): boolean {
  return units.flat().some(({ words }) => /^(zadd|geoadd|sadd)$/i.test(words[0]!) && words.length > LONG_ADD);
}

/** No limit is lower, in members or in scores and members. */
const LONG_ADD = 8;

async function checkDatabase(sides: Sides, db: string, longAdds: boolean): Promise<Found> {
  const [ourKeys, theirKeys] = (await Promise.all(sides.map((side) => keysOf(side, db)))) as [string[], string[]];
  const keysDiffer = differ("keys", `db ${db}`, JSON.stringify(ourKeys), JSON.stringify(theirKeys));
  if (keysDiffer) return keysDiffer;
  const values = await Promise.all(sides.map((side) => valuesOf(side, theirKeys)));
  const [ours, theirs] = values as [Value[], Value[]];
  for (const [i, key] of theirKeys.entries()) {
    const difference = checkValue(key, ours[i]!, theirs[i]!, longAdds);
    if (difference) return difference;
  }
  return (await checkPacked(sides, theirKeys, ours, theirs)) ?? (await checkDumps(sides, db, theirKeys, ours, theirs));
}

async function keysOf({ main }: Side, db: string): Promise<string[]> {
  const [, keys] = await main.ask([
    ["SELECT", db],
    ["KEYS", "*"],
  ]);
  return parseReply(keys!)
    .items.map(({ text }) => text)
    .sort();
}

interface Value {
  readonly type: string;
  readonly encoding: string;
  readonly digest: string;
  readonly pttl: number;
  readonly dump: string;
}

const QUESTIONS = 5;

async function valuesOf({ main }: Side, keys: readonly string[]): Promise<Value[]> {
  const requests = keys.flatMap((key) => [
    ["TYPE", key],
    ["OBJECT", "ENCODING", key],
    ["DEBUG", "DIGEST-VALUE", key],
    ["PTTL", key],
    ["DUMP", key],
  ]);
  const replies = (await main.ask(requests)).map(parseReply);
  return keys.map((_, i) => {
    const [type, encoding, digest, pttl, dump] = replies.slice(i * QUESTIONS, (i + 1) * QUESTIONS);
    return {
      type: type!.text,
      encoding: encoding!.text,
      digest: show(digest!),
      pttl: Number(pttl!.text),
      dump: dump!.text,
    };
  });
}

function checkValue(key: string, ours: Value, theirs: Value, longAdds: boolean): Found {
  const about = `${theirs.type} ${JSON.stringify(key)}`;
  return (
    differ("type", about, ours.type, theirs.type) ??
    differ("digest", about, ours.digest, theirs.digest) ??
    (sameEncoding(ours, theirs, longAdds) ? null : differ("encoding", about, ours.encoding, theirs.encoding)) ??
    (Math.abs(ours.pttl - theirs.pttl) < 3000 ? null : differ("pttl", about, `${ours.pttl}`, `${theirs.pttl}`))
  );
}

/** 7.2 packs small lists and sets where 7.0 does not. */
function sameEncoding(ours: Value, theirs: Value, longAdds: boolean): boolean {
  if (ours.encoding === theirs.encoding) return true;
  if (longAdds && ["skiplist listpack", "hashtable intset"].includes(`${ours.encoding} ${theirs.encoding}`))
    return true;
  return ours.encoding === "listpack" && (theirs.type === "list" || theirs.type === "set");
}

const READERS: Readonly<Record<string, readonly string[]>> = {
  "hash listpack": ["HGETALL"],
  "set intset": ["SMEMBERS"],
};

/** What is packed has an order. */
async function checkPacked(
  sides: Sides,
  keys: readonly string[],
  ours: readonly Value[],
  theirs: readonly Value[],
): Promise<Found> {
  const packed = keys.flatMap((key, i) => {
    const reader = READERS[`${theirs[i]!.type} ${theirs[i]!.encoding}`];
    return reader && ours[i]!.encoding === theirs[i]!.encoding ? [[...reader, key]] : [];
  });
  const [our, their] = await both(sides, packed);
  for (const [i, words] of packed.entries()) {
    const found = differ("order", words.join(" "), our![i], their![i]);
    if (found) return found;
  }
  return null;
}

/** Each side restores what the other has dumped, and has the same value then. */
async function checkDumps(
  sides: Sides,
  db: string,
  keys: readonly string[],
  ours: readonly Value[],
  theirs: readonly Value[],
): Promise<Found> {
  for (const [reader, side, dumped] of [
    ["nines restores redis-server's", sides[0], theirs],
    ["redis-server restores nines'", sides[1], ours],
  ] as const) {
    const requests = keys.flatMap((key, i) => [
      ["RESTORE", key, dumped[i]!.pttl > 0 ? "100000000" : "0", dumped[i]!.dump],
      ["DEBUG", "DIGEST-VALUE", key],
    ]);
    const replies = await texts(side, [["SELECT", SPARE_DATABASE], ...requests, ["FLUSHDB"], ["SELECT", db]]);
    for (const [i, key] of keys.entries()) {
      const [restored, digest] = replies.slice(1 + i * 2);
      const about = `${reader} ${dumped[i]!.type} (${dumped[i]!.encoding}) ${JSON.stringify(key)}`;
      const found = differ("dump", about, restored, "+OK") ?? differ("dump", about, digest, dumped[i]!.digest);
      if (found) return found;
    }
  }
  return null;
}
