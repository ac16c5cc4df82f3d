/**
 * A large value, told to the replicas as commands of some elements each: one command with all of it would hold everybody up, here
 * and there. Nothing changes the value meanwhile: it came from the source of a migration, who waits.
 */
import type { Slice } from "../../base/bytes.ts";
import { formatDouble17 } from "../../base/doubles.ts";
import type { OutcomeWord } from "../../commands/call.ts";
import { HashValue } from "../../engine/hash/hash-value.ts";
import { SetCursor } from "../../engine/set/set-cursor.ts";
import { SetValue } from "../../engine/set/set-value.ts";
import type { StoredValue } from "../../engine/snapshot.ts";
import { SortedSetValue } from "../../engine/sorted-set/sorted-set-value.ts";
import type { Server } from "../server.ts";

/** Smaller values are told in one piece. */
const LARGE = 512;
/** One command has at most so many elements, and about so many bytes. */
const ELEMENTS = 256;
const BYTES = 64 * 1024;

/** The elements of a value one after the other; each may be several words of the command. */
interface Elements {
  readonly command: string;
  /** Adds the words of the next element to `words`; false at the end. The words are lent until the next call. */
  next(words: OutcomeWord[]): boolean;
}

export class LargeOutcome {
  readonly #server: Server;
  readonly #key: Uint8Array;
  readonly #expireAt: number;
  readonly #begin: () => Elements;
  #elements: Elements;
  #snapshots: number;

  private constructor(server: Server, key: Uint8Array, expireAt: number, begin: () => Elements) {
    this.#server = server;
    this.#key = key;
    this.#expireAt = expireAt;
    this.#begin = begin;
    this.#elements = begin();
    this.#snapshots = server.stats.syncSnapshots;
  }

  /** Null for a value that is not large, or of which there are no such commands (streams, fields that expire). */
  static of(server: Server, key: Slice, { type, root }: StoredValue, expireAt: number): LargeOutcome | null {
    const { store, lists } = server.engine;
    let begin: () => Elements;
    if (type === "list") {
      if (lists.at(root).length < LARGE) return null;
      begin = () => listElements(server, root);
    } else if (type === "set") {
      if (new SetValue(store).position(root).size < LARGE) return null;
      begin = () => setElements(new SetValue(store).position(root));
    } else if (type === "hash") {
      const hash = new HashValue(store).position(root);
      if (hash.size < LARGE || hash.isExpiring) return null;
      begin = () => hashElements(new HashValue(store).position(root));
    } else if (type === "zset") {
      if (new SortedSetValue(store).position(root).size < LARGE) return null;
      begin = () => sortedSetElements(new SortedSetValue(store).position(root));
    } else return null;
    return new LargeOutcome(server, key.copy(), expireAt, begin);
  }

  /** Tells some more; false when that was all. */
  step(): boolean {
    const { outcomes, stats } = this.#server;
    if (stats.syncSnapshots !== this.#snapshots) {
      // A replica was given a copy of all our data meanwhile, this value included: from the beginning again, for all.
      this.#snapshots = stats.syncSnapshots;
      this.#elements = this.#begin();
      outcomes.words(0, ["DEL", this.#key]);
    }
    const words: OutcomeWord[] = [this.#elements.command, this.#key];
    let bytes = 0;
    let more = true;
    for (let count = 0; count < ELEMENTS && bytes < BYTES; count++) {
      const before = words.length;
      more = this.#elements.next(words);
      if (!more) break;
      for (let i = before; i < words.length; i++) {
        const word = words[i]!;
        if (typeof word !== "object") continue;
        // Lent until the next element.
        words[i] = "copy" in word ? word.copy() : word;
        bytes += word.length;
      }
    }
    if (words.length > 2) outcomes.words(0, words);
    if (!more && this.#expireAt >= 0) outcomes.words(0, ["PEXPIREAT", this.#key, this.#expireAt]);
    return more;
  }
}

function listElements(server: Server, root: number): Elements {
  let index = 0;
  return {
    command: "RPUSH",
    next(words) {
      const list = server.engine.lists.at(root);
      if (index === list.length) return false;
      list.seek(index++);
      words.push(list.text());
      return true;
    },
  };
}

function setElements(set: SetValue): Elements {
  const cursor = new SetCursor();
  cursor.start(set);
  return {
    command: "SADD",
    next(words) {
      if (!cursor.next()) return false;
      words.push(cursor.member);
      return true;
    },
  };
}

function hashElements(hash: HashValue): Elements {
  let there = hash.first();
  let begun = false;
  return {
    command: "HSET",
    next(words) {
      if (begun) there = hash.next();
      begun = true;
      if (!there) return false;
      words.push(hash.field().copy(), hash.value());
      return true;
    },
  };
}

function sortedSetElements(zset: SortedSetValue): Elements {
  let rank = 0;
  return {
    command: "ZADD",
    next(words) {
      if (rank === zset.size || !zset.at(rank++)) return false;
      words.push(formatDouble17(zset.score), zset.member);
      return true;
    },
  };
}
