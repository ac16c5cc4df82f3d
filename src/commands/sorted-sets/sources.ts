/** What unions and the like are made of: sorted sets, and sets, whose members all have the score 1. */
import type { Slice } from "../../base/bytes.ts";
import { errors } from "../../base/reply-error.ts";
import { SetCursor } from "../../engine/set/set-cursor.ts";
import { SetValue } from "../../engine/set/set-value.ts";
import type { SortedSetValue } from "../../engine/sorted-set/sorted-set-value.ts";
import type { Call } from "../call.ts";
import { missed } from "../keyspace.ts";

/** Walked through, or asked for members; both at once if it is not the same object. It must not change meanwhile. */
export interface Source {
  weight: number;
  readonly size: number;
  /** NaN if the member is not there. `hash` is that of the member in any table. */
  scoreOf(member: Slice, hash: number): number;
  /** Sets the walk on the first member, or the next; false if there is none. */
  first(): boolean;
  next(): boolean;
  readonly member: Slice;
  readonly score: number;
  /** Of the member, in any table. */
  readonly hash: number;
}

/** The value at a key, or null; a miss is an event. @throws errors.wrongType */
export function readSource(call: Call, key: Slice): Source | null {
  const value = call.db.get(key);
  if (value === null) {
    call.notify(key, missed);
    return null;
  }
  const { store } = call.engine;
  if (value.type === "zset") return new SortedSetSource(store.sortedSets.value().position(value.root));
  if (value.type === "set") return new SetSource(new SetValue(store).position(value.root));
  throw errors.wrongType;
}

class SortedSetSource implements Source {
  weight = 1;
  readonly #value: SortedSetValue;

  constructor(value: SortedSetValue) {
    this.#value = value;
  }

  get size(): number {
    return this.#value.size;
  }

  scoreOf(member: Slice, hash: number): number {
    return this.#value.scoreOf(member, hash);
  }

  first(): boolean {
    return this.#value.at(0);
  }

  next(): boolean {
    return this.#value.next();
  }

  get member(): Slice {
    return this.#value.member;
  }

  get score(): number {
    return this.#value.score;
  }

  get hash(): number {
    return this.#value.hash;
  }
}

class SetSource implements Source {
  weight = 1;
  readonly score = 1;
  readonly #set: SetValue;
  readonly #cursor = new SetCursor();

  constructor(set: SetValue) {
    this.#set = set;
  }

  get size(): number {
    return this.#set.size;
  }

  scoreOf(member: Slice, hash: number): number {
    return this.#set.has(member, hash) ? 1 : Number.NaN;
  }

  first(): boolean {
    this.#cursor.start(this.#set);
    return this.#cursor.next();
  }

  next(): boolean {
    return this.#cursor.next();
  }

  get member(): Slice {
    return this.#cursor.member;
  }

  get hash(): number {
    return this.#cursor.hash;
  }
}
