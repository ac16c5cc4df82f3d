/**
 * The data of a simulated cluster node: numbered values under keys in slots, with Redis' rules of replication. A replica goes on
 * from its offset if it shares the history, and takes a whole copy, losing what it had, if it does not.
 */

interface Operation {
  readonly slot: number;
  readonly key: string;
  /** null: the key is deleted. */
  readonly value: number | null;
}

/** As many operations are kept for replicas that come back: the backlog. */
const BACKLOG = 2000;

export class Dataset {
  /** The replid: who continues it has the same bytes up to its own offset. */
  history: number;
  offset = 0;
  /** The history that this one branched off, and where. */
  #before: { readonly history: number; readonly until: number } | null = null;
  readonly #slots = new Map<number, Map<string, number>>();
  #log: Operation[] = [];
  #logStart = 0;

  constructor(history: number) {
    this.history = history;
  }

  set(slot: number, key: string, value: number): void {
    this.#do({ slot, key, value });
  }

  delete(slot: number, key: string): void {
    this.#do({ slot, key, value: null });
  }

  get(slot: number, key: string): number | undefined {
    return this.#slots.get(slot)?.get(key);
  }

  countIn(slot: number): number {
    return this.#slots.get(slot)?.size ?? 0;
  }

  keysIn(slot: number): ReadonlyMap<string, number> {
    return this.#slots.get(slot) ?? NO_KEYS;
  }

  /** Slots with keys in them. */
  get slots(): IterableIterator<number> {
    return this.#slots.keys();
  }

  get isEmpty(): boolean {
    return this.#slots.size === 0;
  }

  /** A replica becomes a primary: what it writes from now on is its own. */
  branch(history: number): void {
    this.#before = { history: this.history, until: this.offset };
    this.history = history;
  }

  /** As a replica that goes on from its offset, or takes a whole copy. */
  catchUp(primary: Dataset): void {
    if (!this.continues(primary)) {
      this.#copy(primary);
      return;
    }
    this.history = primary.history;
    this.#before = primary.#before;
    for (let at = this.offset; at < primary.offset; at++) this.#do(primary.#log[at - primary.#logStart]!);
  }

  /** Whether no whole copy is needed, in whose place all that was here would be gone. */
  continues(primary: Dataset): boolean {
    if (this.offset < primary.#logStart || this.offset > primary.offset) return false;
    if (this.history === primary.history) return true;
    const before = primary.#before;
    return before !== null && before.history === this.history && this.offset <= before.until;
  }

  #copy(primary: Dataset): void {
    this.history = primary.history;
    this.offset = primary.offset;
    this.#before = primary.#before;
    this.#log = [...primary.#log];
    this.#logStart = primary.#logStart;
    this.#slots.clear();
    for (const [slot, keys] of primary.#slots) this.#slots.set(slot, new Map(keys));
  }

  #do(operation: Operation): void {
    const { slot, key, value } = operation;
    this.offset++;
    this.#log.push(operation);
    if (this.#log.length > BACKLOG * 2) {
      this.#log = this.#log.slice(-BACKLOG);
      this.#logStart = this.offset - BACKLOG;
    }
    let keys = this.#slots.get(slot);
    if (keys === undefined) {
      keys = new Map();
      this.#slots.set(slot, keys);
    }
    if (value === null) keys.delete(key);
    else keys.set(key, value);
    if (keys.size === 0) this.#slots.delete(slot);
  }
}

const NO_KEYS: ReadonlyMap<string, number> = new Map();
