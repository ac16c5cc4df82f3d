/** Who watches which key (WATCH), so that a change can mark their transactions. */
import type { Slice } from "../base/bytes.ts";
import { ReplyError } from "../base/reply-error.ts";
import type { Database } from "../engine/database.ts";
import type { Engine } from "../engine/engine.ts";
import { keyName, LONGEST_TEXT } from "./key-name.ts";
import type { Transaction } from "./transaction.ts";

/** Whether the key is there, past its expiry. It is not deleted for that, as it would be if it were looked up. */
export function hasExpired(engine: Engine, db: Database, key: Slice): boolean {
  const mode = engine.expiryMode;
  engine.expiryMode = "keep";
  const at = db.expireAt(key);
  engine.expiryMode = mode;
  return at >= 0 && at < engine.now;
}

export class Watches {
  readonly #byKey = new Map<string, Set<Transaction>>();
  /** Clients that watch at least one key. */
  #watchers = 0;

  /** Whether nobody watches anything: the usual case, asked at every write. */
  get none(): boolean {
    return this.#byKey.size === 0;
  }

  get watchers(): number {
    return this.#watchers;
  }

  get keys(): number {
    return this.#byKey.size;
  }

  add(transaction: Transaction, dbIndex: number, key: Slice, expired: boolean): void {
    if (key.length > LONGEST_TEXT)
      throw new ReplyError("ERR", `a key of more than ${LONGEST_TEXT} bytes cannot be watched`);
    const text = key.latin1();
    const name = keyName(dbIndex, key);
    if (transaction.watched.has(name)) return;
    if (transaction.watched.size === 0) this.#watchers++;
    transaction.watched.set(name, { dbIndex, key: text, expired });
    const watchers = this.#byKey.get(name);
    if (watchers) watchers.add(transaction);
    else this.#byKey.set(name, new Set([transaction]));
  }

  /** UNWATCH, and the end of EXEC and DISCARD. */
  forget(transaction: Transaction): void {
    if (transaction.watched.size === 0) return;
    this.#watchers--;
    for (const name of transaction.watched.keys()) {
      const watchers = this.#byKey.get(name)!;
      watchers.delete(transaction);
      if (watchers.size === 0) this.#byKey.delete(name);
    }
    transaction.watched.clear();
  }

  touch(dbIndex: number, key: Slice): void {
    const watchers = this.#byKey.get(keyName(dbIndex, key));
    if (watchers) for (const transaction of watchers) transaction.dirty = true;
  }

  /**
   * All keys of these databases changed at once (FLUSHDB, SWAPDB, a full sync). As in Redis, a key that was missing and
   * stays missing has not changed.
   * @param existedOrExists  whether the key was there before, or is there now
   */
  touchDatabases(
    databases: "all" | readonly number[],
    existedOrExists: (dbIndex: number, key: string) => boolean,
  ): void {
    const marked = new Set<Transaction>();
    for (const watchers of this.#byKey.values()) for (const transaction of watchers) marked.add(transaction);
    for (const transaction of marked)
      for (const { dbIndex, key } of transaction.watched.values())
        if ((databases === "all" || databases.includes(dbIndex)) && existedOrExists(dbIndex, key)) {
          transaction.dirty = true;
          break;
        }
  }

  /** Whether a watched key has passed its expiry since it was watched: EXEC then answers nil. */
  anyExpired(transaction: Transaction, engine: Engine, key: Slice): boolean {
    for (const entry of transaction.watched.values()) {
      if (entry.expired) continue;
      const bytes = Buffer.from(entry.key, "latin1");
      if (hasExpired(engine, engine.databases[entry.dbIndex]!, key.set(bytes, 0, bytes.length))) return true;
    }
    return false;
  }
}
