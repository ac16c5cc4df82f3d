/** The sets of a store: found under keys, made, freed, copied and measured. `set-value.ts` is what one is and can do. */
import type { Slice } from "../../base/bytes.ts";
import { Int64 } from "../../base/int64.ts";
import type { Arena } from "../../memory/arena.ts";
import { ElementTableFreeing } from "../../memory/element-table-freeing.ts";
import type { Marks } from "../../memory/marks.ts";
import type { ContainerType } from "../containers.ts";
import type { Database } from "../database.ts";
import type { FreeJob } from "../lazyfree.ts";
import type { Store } from "../store.ts";
import { LARGE, TableWalk, type ValueWalk } from "../value-walk.ts";
import { ENCODING, ENCODING_NAMES, Encoding, PACKED, ROOT_BYTES, TABLE } from "./layout.ts";
import { MemberTable } from "./member-table.ts";
import { SetCursor } from "./set-cursor.ts";
import { SetValue } from "./set-value.ts";

const KEPT_VALUES = 64;

export class Sets implements ContainerType {
  readonly #store: Store;
  /** For commands on several sets; the first is the one for commands on one. */
  readonly #values: SetValue[] = [];
  readonly #made: SetValue;
  /** Walks begin in the midst of commands. */
  readonly #walked: SetValue;
  readonly #integer = new Int64();
  readonly #cursor = new SetCursor();

  constructor(store: Store) {
    this.#store = store;
    this.#made = new SetValue(store);
    this.#walked = new SetValue(store);
    store.containers.register("set", this);
  }

  /** One of the flyweights that `read` and `open` can be handed: they are kept, but for those of very many keys. */
  value(index: number): SetValue {
    if (index >= KEPT_VALUES) return new SetValue(this.#store);
    return (this.#values[index] ??= new SetValue(this.#store));
  }

  /** The set under a key, for reading. @throws errors.wrongType */
  read(db: Database, key: Slice, into: SetValue = this.value(0)): SetValue | null {
    const root = db.getRoot(key, "set");
    return root === 0 ? null : into.position(root);
  }

  /** As `read`, for changing it. */
  open(db: Database, key: Slice, into: SetValue = this.value(0)): SetValue | null {
    const root = db.openRoot(key, "set");
    return root === 0 ? null : into.position(root);
  }

  /**
   * A set that no key holds yet, without members: of the form that suits so many members of the kind of `first`.
   * @param into  what is to speak of it
   */
  createFor(first: Slice, members: number, into: SetValue): SetValue {
    const { setMaxIntsetEntries, setMaxListpackEntries } = this.#store.policy;
    const isInteger = this.#integer.parse(first.bytes, first.start, first.end);
    if (isInteger && members <= setMaxIntsetEntries) return this.create(Encoding.intset, into);
    return this.create(members <= setMaxListpackEntries ? Encoding.listpack : Encoding.table, into);
  }

  create(encoding: number, into: SetValue = this.#made): SetValue {
    return into.create(this.#store.arena.alloc(ROOT_BYTES), encoding);
  }

  /** Whether some large value is being read in slices: then a set that a key holds must not `exchange` its members. */
  get areRead(): boolean {
    return this.#store.arena.watch.open;
  }

  /** Makes two sets change their members. Both objects speak of what they spoke of, but the members are the other's. */
  exchange(a: SetValue, b: SetValue): void {
    const words = this.#store.arena.i32;
    for (let word = 0; word < ROOT_BYTES / 4; word++) {
      const atA = ((a.root & 0xfffff) << 2) + word;
      const atB = ((b.root & 0xfffff) << 2) + word;
      const held = words[a.root >>> 20]![atA]!;
      words[a.root >>> 20]![atA] = words[b.root >>> 20]![atB]!;
      words[b.root >>> 20]![atB] = held;
    }
    a.position(a.root);
    b.position(b.root);
  }

  /** Frees a set that no key holds, at once. */
  drop(set: SetValue): void {
    const job = this.freeing(set.root);
    while (job.pending > 0) job.step(Number.MAX_SAFE_INTEGER);
  }

  /** An intset, if its members (all whole numbers, as the caller knows) are not too many for one. */
  makeIntset(set: SetValue): void {
    const most = Math.min(this.#store.policy.setMaxIntsetEntries, 1 << 30);
    if (set.encoding === Encoding.intset || set.size > most) return;
    const into = this.create(Encoding.intset, this.#made);
    this.#cursor.start(set);
    while (this.#cursor.next()) into.add(this.#cursor.member);
    this.exchange(set, into);
    this.drop(into);
  }

  // For keys, whatever they hold

  effort(root: number): number {
    const set = this.#walked.position(root);
    return set.encoding === Encoding.table ? set.size : 1;
  }

  freeing(root: number): FreeJob {
    return new SetFreeing(this.#store, root);
  }

  walk(root: number, marks: Marks): ValueWalk | null {
    const set = this.#walked.position(root);
    if (set.encoding !== Encoding.table || set.size < LARGE) return null;
    return new TableWalk(new SetValue(this.#store).position(root).table, marks);
  }

  clone(root: number): number {
    const from = this.value(0).position(root);
    const into = this.create(from.encoding, this.#made);
    if (from.encoding === Encoding.table) into.table.copy(from.table);
    else into.copyPacked(from);
    return into.root;
  }

  bytes(root: number, samples: number): number {
    const { arena } = this.#store;
    const set = this.#made.position(root);
    const own = arena.sizeOf(root);
    if (set.encoding === Encoding.intset) return own + arena.sizeOf(set.openIntset().ref);
    if (set.encoding === Encoding.listpack) return own + set.openListpack().blockBytes;
    return own + set.table.bytes + Math.round(averageMember(set, samples) * set.size);
  }

  encoding(root: number): string {
    return ENCODING_NAMES[this.#made.position(root).encoding]!;
  }
}

/** Bytes of a member's block, from the first `samples` of the table; 0 for all. */
function averageMember({ table, arena }: SetValue, samples: number): number {
  let seen = 0;
  let bytes = 0;
  for (let bucket = 0; bucket < table.buckets && (samples === 0 || seen < samples); bucket++) {
    for (let ref = table.chain(bucket); ref !== 0; ref = table.next(ref)) {
      bytes += arena.sizeOf(ref);
      seen++;
    }
  }
  return seen === 0 ? 0 : bytes / seen;
}

class SetFreeing implements FreeJob {
  readonly ready = true;
  pending = 1;
  readonly #arena: Arena;
  readonly #root: number;
  readonly #members: ElementTableFreeing | null;

  constructor(store: Store, root: number) {
    this.#arena = store.arena;
    this.#root = root;
    const isTable = this.#word(ENCODING) === Encoding.table;
    this.#members = isTable ? new ElementTableFreeing(new MemberTable(store).position(root, TABLE)) : null;
    if (this.#members !== null) this.pending = Math.max(1, this.#members.pending);
  }

  #word(word: number): number {
    return this.#arena.i32[this.#root >>> 20]![((this.#root & 0xfffff) << 2) + word]!;
  }

  step(count: number): number {
    let freed = 1;
    if (this.#members === null) this.#arena.free(this.#word(PACKED));
    else {
      freed = this.#members.step(count);
      this.pending = this.#members.pending;
      if (this.pending > 0) return freed;
    }
    this.#arena.free(this.#root);
    this.pending = 0;
    return freed;
  }
}
