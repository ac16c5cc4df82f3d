/** The `Call` that handlers are given: one object a server, positioned anew for every command. */
import type { Slice } from "../base/bytes.ts";
import type { Args } from "../commands/args.ts";
import type { Call, CommandRow, KeyEvent, KeyWait, OutcomeWord } from "../commands/call.ts";
import type { Database } from "../engine/database.ts";
import type { Engine } from "../engine/engine.ts";
import type { ReplyWriter } from "../resp/reply-writer.ts";
import type { Access } from "./access.ts";
import type { Blocking } from "./blocking.ts";
import type { Connection } from "./connection.ts";
import type { KeyspaceEvents } from "./keyspace-events.ts";
import type { Outcomes } from "./outcomes.ts";
import type { Watches } from "./watches.ts";

/** What of the server a call reaches. */
export interface CallParts {
  readonly engine: Engine;
  readonly watches: Watches;
  readonly blocking: Blocking;
  readonly events: KeyspaceEvents;
  readonly outcomes: Outcomes;
  readonly access: Access;
  touchDatabases(databases: "all" | readonly number[]): void;
}

export class ServerCall implements Call {
  session!: Connection;
  db!: Database;
  reply!: ReplyWriter;
  row!: CommandRow;
  /** Changes since the last snapshot: INFO's rdb_changes_since_last_save. */
  totalDirty = 0;
  /** Changes of this command. */
  dirty = 0;
  /** Set when the handler spoke for itself: its own words do not travel. */
  spoke = false;
  forced = false;
  /** All databases were emptied. */
  flushed = false;
  /** The client is to wait; dispatch takes it from here. */
  wait: KeyWait | null = null;

  readonly engine: Engine;
  readonly #parts: CallParts;
  readonly #watches: Watches;
  readonly #blocking: Blocking;
  readonly #events: KeyspaceEvents;
  readonly #outcomes: Outcomes;

  constructor(parts: CallParts) {
    this.#parts = parts;
    this.engine = parts.engine;
    this.#watches = parts.watches;
    this.#blocking = parts.blocking;
    this.#events = parts.events;
    this.#outcomes = parts.outcomes;
  }

  get now(): number {
    return this.engine.now;
  }

  begin(session: Connection, row: CommandRow): void {
    // Written only if it is another's turn: the collector follows what old objects are told of young ones.
    if (this.session !== session) this.session = session;
    if (this.reply !== session.answers) this.reply = session.answers;
    this.db = this.engine.databases[session.dbIndex]!;
    // TOUCH means to touch, whatever the client chose.
    this.engine.noTouch = session.noTouch && row.name !== "touch";
    this.row = row;
    this.dirty = 0;
    this.spoke = false;
    this.forced = false;
    this.flushed = false;
  }

  /** What `restore` needs after a command inside of this one (EXEC's). */
  save(): { session: Connection; row: CommandRow; dirty: number; spoke: boolean; forced: boolean } {
    return { session: this.session, row: this.row, dirty: this.dirty, spoke: this.spoke, forced: this.forced };
  }

  restore(outer: ReturnType<ServerCall["save"]>): void {
    this.begin(outer.session, outer.row);
    this.dirty = outer.dirty;
    this.spoke = outer.spoke;
    this.forced = outer.forced;
  }

  changed(key: Slice, event: KeyEvent | null, count = 1, db: Database = this.db): void {
    if (count === 0) return;
    this.dirty += count;
    if (!this.#watches.none) this.#watches.touch(db.index, key);
    if (event === null) return;
    if (this.#blocking.any) this.#blocking.changed(db.index, key, event.class);
    if (!this.#events.silent) this.#events.notify(event, key, db.index);
  }

  notify(key: Slice, event: KeyEvent, db: Database = this.db): void {
    if (!this.#events.silent) this.#events.notify(event, key, db.index);
  }

  changedMany(count: number, watched: "all" | readonly number[]): void {
    this.dirty += count;
    this.#parts.touchDatabases(watched);
    this.flushed = watched === "all";
  }

  outcome(words: readonly OutcomeWord[], db: Database = this.db): void {
    this.spoke = true;
    if (!this.#outcomes.active) return;
    this.#outcomes.words(db.index, words);
  }

  noOutcome(): void {
    this.spoke = true;
  }

  forceOutcome(): void {
    this.forced = true;
  }

  mayReadAnyKey(args: Args): boolean {
    return this.#parts.access.mayReadAnyKey(this.session, this.row, args);
  }

  wake(key: Slice, event: KeyEvent): void {
    if (this.#blocking.any) this.#blocking.changed(this.db.index, key, event.class);
  }

  block(wait: KeyWait): void {
    if (this.session.denyBlocking) throw new Error("nobody may wait here");
    this.wait = wait;
  }
}
