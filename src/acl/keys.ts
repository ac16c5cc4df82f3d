/**
 * The keys of a request and what is done with each, for the check of rights before it runs: found anew for every command of a user
 * with key patterns, so nothing is allocated. As in Redis the specs of the row are asked first. Where they do not say it all, or the
 * request is not what they want, a closer look by name decides; a request in which no keys can be made out has none, and is the
 * handler's to refuse.
 */
import type { Slice } from "../base/bytes.ts";
import type { CommandRow, KeyFlag, KeySpec } from "../commands/call.ts";
import { type RequestWords, SpecKeys } from "../commands/key-specs.ts";
import { READ, WRITE } from "./selector.ts";

const ACCESS: Partial<Record<KeyFlag, number>> = { access: READ, insert: WRITE, update: WRITE, delete: WRITE };

export class RequestKeys {
  count = 0;
  /** Which words they are. */
  places = new Int32Array(16);
  /** READ and WRITE bits; 0 for a key that is merely named. */
  access = new Uint8Array(16);

  /** By the id of the row: those of one server only. */
  readonly #plans: KeyPlan[] = [];
  readonly #run = new SpecKeys();

  /** Looks for the keys of this request; `count` says how many there are. */
  find(row: CommandRow, words: RequestWords): void {
    this.count = 0;
    const plan = (this.#plans[row.id] ??= makePlan(row));
    if (!plan.hasKeys) return;
    if (plan.only > 0) {
      if (plan.only < words.count) this.add(plan.only, plan.specs[0]!.access);
      return;
    }
    if (!plan.isVariable && this.#bySpecs(plan.specs, words)) return;
    this.count = 0;
    plan.closer?.(this, words);
  }

  add(place: number, access: number): void {
    if (this.count === this.places.length) this.#grow();
    this.places[this.count] = place;
    this.access[this.count++] = access;
  }

  /** False if the specs cannot tell. */
  #bySpecs(specs: readonly SpecPlan[], words: RequestWords): boolean {
    const run = this.#run;
    for (const { spec, access, isIncomplete } of specs) {
      const found = run.find(spec, words);
      if (found === "none") continue;
      if (found === "unclear") return false;
      for (let place = run.first; place <= run.last; place += run.step) this.add(place, access);
      if (isIncomplete) return false;
    }
    return true;
  }

  #grow(): void {
    const places = new Int32Array(this.places.length * 2);
    const access = new Uint8Array(places.length);
    places.set(this.places);
    access.set(this.access);
    this.places = places;
    this.access = access;
  }
}

/**
 * Whether there is a way to the keys of each request: where the specs do not say it all a closer look must be there, or keys would be
 * used that nobody asked for.
 */
export function canTellKeys(row: CommandRow): boolean {
  const { specs, isVariable, closer } = makePlan(row);
  const isBlind = ({ spec, isIncomplete }: SpecPlan) =>
    isIncomplete || spec.begin === "unknown" || spec.find === "unknown";
  return closer !== undefined || !(isVariable || specs.some(isBlind));
}

/** What is known of a row's keys before any request. */
interface KeyPlan {
  readonly hasKeys: boolean;
  /** There is one key, always here; 0 for what is not so simple. */
  readonly only: number;
  /** What is done with the keys depends on the options. */
  readonly isVariable: boolean;
  readonly specs: readonly SpecPlan[];
  readonly closer: CloserLook | undefined;
}

interface SpecPlan {
  readonly spec: KeySpec;
  readonly access: number;
  readonly isIncomplete: boolean;
}

type CloserLook = (keys: RequestKeys, words: RequestWords) => void;

function makePlan(row: CommandRow): KeyPlan {
  const isVariable = row.keys.some((spec) => spec.flags.includes("variable_flags"));
  const real = row.keys.filter((spec) => !spec.flags.includes("not_key"));
  return {
    hasKeys: real.length > 0,
    only: real.length === 1 && !isVariable ? placeOfOne(real[0]!) : 0,
    isVariable,
    specs: real.map((spec) => ({
      spec,
      access: accessOf(spec.flags),
      isIncomplete: spec.flags.includes("incomplete"),
    })),
    closer: CLOSER[row.name],
  };
}

/** Where the one key stands that the spec speaks of; 0 if it is not as simple as that. */
function placeOfOne({ begin, find, flags }: KeySpec): number {
  if (begin === "unknown" || find === "unknown" || flags.includes("incomplete")) return 0;
  return "index" in begin && "lastKey" in find && find.lastKey === 0 ? begin.index : 0;
}

function accessOf(flags: readonly KeyFlag[]): number {
  let access = 0;
  for (const flag of flags) access |= ACCESS[flag] ?? 0;
  return access;
}

/** `numkeys` at one place and as many keys from another on. Where the number is none there are no keys, nor is a target one then. */
function counted(countAt: number, firstAt: number, targetAt = 0): CloserLook {
  return (keys, words) => {
    const count = leadingNumber(words.at(countAt));
    if (!(count >= 1 && count <= words.count - firstAt)) return;
    for (let i = 0; i < count; i++) keys.add(firstAt + i, 0);
    if (targetAt > 0) keys.add(targetAt, 0);
  };
}

/** As C's atoi reads it. */
function leadingNumber(word: Slice): number {
  return Number(/^[\t-\r ]*([+-]?\d+)/.exec(word.latin1())?.[1] ?? 0);
}

function streams(keys: RequestKeys, words: RequestWords): void {
  for (let i = 1; i < words.count; i++) {
    const word = words.at(i);
    if (word.is("STREAMS")) {
      const rest = words.count - i - 1;
      if (rest % 2 !== 0) return;
      for (let k = 1; k <= rest / 2; k++) keys.add(i + k, 0);
      return;
    }
    if (word.is("BLOCK") || word.is("COUNT")) i++;
    else if (word.is("GROUP")) i += 2;
    else if (!word.is("NOACK")) return;
  }
}

function radius(keys: RequestKeys, words: RequestWords): void {
  let target = 0;
  for (let i = 5; i < words.count - 1; i++) if (words.at(i).is("STORE") || words.at(i).is("STOREDIST")) target = ++i;
  keys.add(1, 0);
  if (target > 0) keys.add(target, 0);
}

function sorted(keys: RequestKeys, words: RequestWords): void {
  let target = 0;
  for (let i = 2; i < words.count; i++) {
    const word = words.at(i);
    if (word.is("LIMIT")) i += 2;
    else if (word.is("GET") || word.is("BY")) i++;
    // The last one counts.
    else if (word.is("STORE") && i + 1 < words.count) target = i + 1;
  }
  keys.add(1, READ);
  if (target > 0) keys.add(target, WRITE);
}

function migrated(keys: RequestKeys, words: RequestWords): void {
  for (let i = 6; i < words.count; i++) {
    const word = words.at(i);
    if (word.is("AUTH")) i++;
    else if (word.is("AUTH2")) i += 2;
    else if (word.is("KEYS")) {
      // Keys here and there: the handler refuses it.
      if (words.at(3).length > 0) return;
      while (++i < words.count) keys.add(i, READ | WRITE);
      return;
    }
  }
  keys.add(3, READ | WRITE);
}

function set(keys: RequestKeys, words: RequestWords): void {
  let access = WRITE;
  for (let i = 3; i < words.count; i++) if (words.at(i).is("GET")) access |= READ;
  keys.add(1, access);
}

function bitfield(keys: RequestKeys, words: RequestWords): void {
  for (let i = 2; i < words.count; i++) {
    if (words.at(i).is("GET") && i + 2 < words.count) i += 2;
    else if (words.at(i).is("OVERFLOW") && i + 1 < words.count) i++;
    // Also what is cut short: it may be anything.
    else {
      keys.add(1, READ | WRITE);
      return;
    }
  }
  keys.add(1, READ);
}

const unionAndKin = counted(1, 2);
const storing = counted(2, 3, 1);

/** By name, where the specs fail. */
const CLOSER: Readonly<Record<string, CloserLook>> = {
  set,
  bitfield,
  sort: sorted,
  sort_ro: (keys) => keys.add(1, READ),
  migrate: migrated,
  georadius: radius,
  georadiusbymember: radius,
  xread: streams,
  xreadgroup: streams,
  zunion: unionAndKin,
  zinter: unionAndKin,
  zdiff: unionAndKin,
  zintercard: unionAndKin,
  sintercard: unionAndKin,
  lmpop: unionAndKin,
  zmpop: unionAndKin,
  blmpop: counted(2, 3),
  bzmpop: counted(2, 3),
  zunionstore: storing,
  zinterstore: storing,
  zdiffstore: storing,
};
