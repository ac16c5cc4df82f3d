/** Keys that change though no command asked for it: what expired, what was evicted, what another node has now. */
import type { Slice } from "../base/bytes.ts";
import { event, type KeyEvent } from "../commands/call.ts";
import type { Server } from "./server.ts";

const EXPIRED = event("x", "expired");
const EVICTED = event("e", "evicted");
const FIELDS_EXPIRED = event("h", "hexpired");
const DELETED = event("g", "del");

/** Tells of such changes whom a command's changes are told: replicas, watchers, those who wait, subscribers of events. */
export class SilentChanges {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    const { values } = server.config;
    const { hooks } = server.engine;
    hooks.onExpired = (db, key) => this.#removed(db.index, key, EXPIRED, values["lazyfree-lazy-expire"]);
    hooks.onFieldsExpired = (db, key, fields, emptied) => this.#fieldsExpired(db.index, key, fields, emptied);
    hooks.onEvicted = (db, key) => this.#removed(db.index, key, EVICTED, values["lazyfree-lazy-eviction"]);
  }

  /** The key was deleted: it is of a slot that is another node's now, or was sent there. */
  deleted(dbIndex: number, key: Slice): void {
    this.#removed(dbIndex, key, DELETED, false);
  }

  #removed(dbIndex: number, key: Slice, why: KeyEvent, lazy: boolean): void {
    const { outcomes, watches, blocking, events, tick } = this.#server;
    outcomes.words(dbIndex, [lazy ? "UNLINK" : "DEL", key]);
    if (!watches.none) watches.touch(dbIndex, key);
    if (blocking.any) blocking.changed(dbIndex, key, "g");
    if (!events.silent) events.notify(why, key, dbIndex);
    tick.schedule();
  }

  #fieldsExpired(dbIndex: number, key: Slice, fields: readonly Slice[], emptied: boolean): void {
    const { outcomes, watches, blocking, events, tick } = this.#server;
    for (const field of fields) outcomes.words(dbIndex, ["HDEL", key, field]);
    if (!watches.none) watches.touch(dbIndex, key);
    if (blocking.any && emptied) blocking.changed(dbIndex, key, "g");
    if (!events.silent) {
      events.notify(FIELDS_EXPIRED, key, dbIndex);
      if (emptied) events.notify(DELETED, key, dbIndex);
    }
    tick.schedule();
  }
}
