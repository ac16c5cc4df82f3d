/**
 * The keys that a node of a cluster has and that are nobody's to see: those of slots that it takes in, until they are its own, and
 * those of slots that it gave away, until they are removed. Removing is done in slices, and told to the replicas key by key.
 *
 * Replicas are told which slots are hidden as well, in the stream itself, so that it is true at every point of it: in the words of a
 * REPLCONF that other servers ignore. One that takes its primary's place goes on from there, and a snapshot has it too.
 */
import { Slice } from "../../base/bytes.ts";
import { formatSlots, parseSlots } from "../../cluster/slot-migration/slot-ranges.ts";
import type { Timer } from "../../io/io.ts";
import type { Server } from "../server.ts";

/** Removing takes so long at a time, and waits so long in between. */
const SLICE_MICROS = 500;
const REST_MS = 1;
const PAUSED_REST_MS = 50;
const KEYS_A_LOOK = 32;
const PREFIX = "nines-hidden=";

export class HiddenKeys {
  readonly #server: Server;
  /** Whether a slot's keys are ours to show. */
  readonly #isOurs: (slot: number) => boolean;
  #arriving = new Set<number>();
  #leaving = new Set<number>();
  /** What SETSLOT said of slots that move key by key, in the words of `moves.ts`: the replicas are told in the same way. */
  moves = "";
  #timer: Timer | null = null;
  #stopped = false;

  constructor(server: Server, isOurs: (slot: number) => boolean) {
    this.#server = server;
    this.#isOurs = isOurs;
  }

  /** Slots that are taken in. */
  get arriving(): ReadonlySet<number> {
    return this.#arriving;
  }

  isLeaving(slot: number): boolean {
    return this.#leaving.has(slot);
  }

  has(slot: number): boolean {
    return this.#leaving.has(slot) || this.#arriving.has(slot);
  }

  /** Keys of these slots will come. */
  expect(slots: readonly number[]): void {
    for (const slot of slots) this.#arriving.add(slot);
    this.#changed();
  }

  /** They have come, and are ours. */
  reveal(slots: readonly number[]): void {
    for (const slot of slots) this.#arriving.delete(slot);
    this.#changed();
  }

  /** They are of no use here any more. */
  drop(slots: readonly number[]): void {
    const [db] = this.#server.engine.databases;
    for (const slot of slots) {
      this.#arriving.delete(slot);
      if (db!.countInSlot(slot) > 0) this.#leaving.add(slot);
    }
    this.#changed();
    this.#schedule();
  }

  /** Slots may have become ours again before all was removed: what is left of them is from before, and goes at once. */
  ownersChanged(): void {
    if (this.#leaving.size === 0 || this.#server.isReplica) return;
    const back = [...this.#leaving].filter(this.#isOurs);
    if (back.length === 0) return;
    for (const slot of back) {
      this.#removeSome(slot, Number.MAX_SAFE_INTEGER);
      this.#leaving.delete(slot);
    }
    this.#changed();
  }

  /**
   * We are primary now, with what our primary told us, or with what a file says: what was being taken in and is ours has come
   * whole; the rest is of no use.
   */
  promoted(): void {
    const arrived = [...this.#arriving].filter(this.#isOurs);
    const left = [...this.#arriving, ...this.#leaving].filter((slot) => !this.#isOurs(slot));
    const kept = [...this.#leaving].filter(this.#isOurs);
    if (arrived.length + left.length + kept.length === 0) return;
    this.#arriving = new Set();
    this.#leaving = new Set();
    if (kept.length > 0) {
      // Not known to happen: whoever gave them away had told everybody whose they are.
      this.#server.log.warning(`Slots ${formatSlots(kept)} are ours again, while keys of them were being removed`);
    }
    this.drop(left);
  }

  // ---- What the replicas and the files are told

  /** As it stands in a snapshot; "" for nothing. */
  describe(): string {
    if (this.#arriving.size === 0 && this.#leaving.size === 0 && this.moves === "") return "";
    return `${formatSlots(this.#arriving)};${formatSlots(this.#leaving)};${this.moves}`;
  }

  /** What a primary or a snapshot said of itself; "" for nothing. */
  adopt(text: string): void {
    const parts = text.split(";");
    this.moves = parts[2] ?? "";
    const [arriving, leaving] = parts
      .slice(0, 2)
      .map((list) => parseSlots(list.split(" ").filter((word) => word !== "")) ?? []);
    this.#arriving = new Set(arriving);
    this.#leaving = new Set(leaving);
    this.#show();
  }

  /** As primary: slots begin or end to move key by key. */
  setMoves(moves: string): void {
    if (moves === this.moves) return;
    this.moves = moves;
    this.#changed();
  }

  /** A capability that our primary named in its stream. */
  told(capability: string): void {
    if (capability.startsWith(PREFIX)) this.adopt(capability.slice(PREFIX.length));
  }

  #changed(): void {
    this.#show();
    const { outcomes, tick } = this.#server;
    outcomes.words(-1, ["REPLCONF", "capa", PREFIX + this.describe()]);
    tick.schedule();
  }

  #show(): void {
    this.#server.engine.hidden.set([...this.#arriving, ...this.#leaving], this.describe());
  }

  // ---- Removing

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** A replica's primary removes them: should it be promoted, it begins again. */
  #schedule(): void {
    const { isReplica, pause, clock } = this.#server;
    if (this.#timer !== null || this.#leaving.size === 0 || this.#stopped || isReplica) return;
    this.#timer = clock.after(pause.mode === null ? REST_MS : PAUSED_REST_MS, () => {
      this.#timer = null;
      this.#slice();
      this.#schedule();
    });
  }

  #slice(): void {
    const server = this.#server;
    // Our primary does it; and while the stream is to stand still, it does.
    if (server.isReplica || server.pause.mode !== null) return;
    server.awake();
    const until = server.clock.monotonicMicros() + SLICE_MICROS;
    const done: number[] = [];
    for (const slot of this.#leaving) {
      while (server.clock.monotonicMicros() < until && this.#removeSome(slot, KEYS_A_LOOK));
      if (server.engine.databases[0]!.countInSlot(slot) > 0) break;
      done.push(slot);
    }
    if (done.length === 0) return;
    for (const slot of done) this.#leaving.delete(slot);
    this.#changed();
  }

  /** Removes at most so many keys; false if there were none. Clients are told nothing: the keys are not gone, but elsewhere. */
  #removeSome(slot: number, count: number): boolean {
    const server = this.#server;
    const [db] = server.engine.databases;
    const keys: Slice[] = [];
    db!.visitSlot(slot, count, (key) => keys.push(new Slice(key.copy())));
    const mode = server.engine.expiryMode;
    server.engine.expiryMode = "keep";
    for (const key of keys) {
      db!.unlink(key);
      server.outcomes.words(0, ["UNLINK", key]);
      if (!server.watches.none) server.watches.touch(0, key);
    }
    server.engine.expiryMode = mode;
    server.tick.schedule();
    return keys.length > 0;
  }
}
