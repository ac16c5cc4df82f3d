/**
 * Whoever runs the cluster: moves slots as `reshard` does, by SETSLOT and MIGRATE, step by step while anything may break in between,
 * and mends what was left open as `fix` does.
 */
import { NodeFlag } from "../../src/cluster/messages.ts";
import { bumpEpoch, changeSlots, forget, replicate, setSlot } from "../../src/cluster/orders.ts";
import type { Keys } from "./checkers/keys.ts";
import type { Member } from "./member.ts";
import type { ClusterWorld } from "./world.ts";

/** MIGRATE ... KEYS takes so many at once. */
const KEYS_A_STEP = 20;

export class Operator {
  /** Slots that were moved to their end. */
  moved = 0;
  readonly #world: ClusterWorld;
  readonly #keys: Keys;
  readonly #slots: readonly number[];
  #isBusy = false;

  /** @param slots  those with keys in them */
  constructor(world: ClusterWorld, keys: Keys, slots: readonly number[]) {
    this.#world = world;
    this.#keys = keys;
    this.#slots = slots;
  }

  // ---- Moving a slot

  /** Begins to move a slot between two nodes; gives up at the first step that fails. */
  reshard(): void {
    const { random, members } = this.#world;
    const slot = this.#slots[random.uint32() % this.#slots.length]!;
    const from = this.#ownerOf(slot);
    const to = members[random.uint32() % members.length]!;
    if (this.#isBusy || from === null || from === to || !to.isUp || !to.isPrimary) return;
    this.#isBusy = true;
    this.#world.note(`<< slot ${slot} is moved from [${from.index}] to [${to.index}]`);
    this.#later(() => this.#open(slot, from, to));
  }

  #open(slot: number, from: Member, to: Member): void {
    to.order((state) => setSlot(state, slot, { kind: "importing", id: from.id }));
    this.#later(() => {
      from.order((state) => setSlot(state, slot, { kind: "migrating", id: to.id }));
      this.#later(() => this.#migrate(slot, from, to));
    });
  }

  #migrate(slot: number, from: Member, to: Member): void {
    for (const [key, value] of [...from.data.keysIn(slot)].slice(0, KEYS_A_STEP))
      this.#move(slot, key, value, from, to);
    if (from.data.countIn(slot) > 0) this.#later(() => this.#migrate(slot, from, to));
    else this.#later(() => this.#close(slot, from, to));
  }

  /**
   * MIGRATE key REPLACE: the other node has it before it is deleted here. Its answer may be lost.
   * @throws  if either does not take its part
   */
  #move(slot: number, key: string, value: number, from: Member, to: Member): void {
    const takes = to.state.importing.has(slot) || to.state.owners[slot] === to.state.myself;
    if (!from.isUp || !to.isUp || !takes || !to.isPrimary || !from.isPrimary) throw new Error("MIGRATE failed");
    if (!this.#world.wires.connects(from, to)) throw new Error("IOERR");
    if (from.isPaused || to.isPaused) return;
    const had = to.data.get(slot, key);
    if (had !== undefined && had > value) this.#keys.throws(to, from, key, had, "replaced by an older value");
    to.data.set(slot, key, value);
    to.changedData();
    if (this.#world.random.uint32() % 20 === 0) return;
    from.data.delete(slot, key);
    from.changedData();
  }

  /** The one that gives it away first: it refuses while it has keys, those included that came back with a failover. */
  #close(slot: number, from: Member, to: Member): void {
    const tell = (member: Member) => member.order((state) => setSlot(state, slot, { kind: "node", id: to.id }));
    if (from.state.migrating.get(slot)?.id !== to.id) throw new Error("it is not being moved any more");
    tell(from);
    this.#later(() => {
      tell(to);
      this.moved++;
      this.#later(() => {
        this.#isBusy = false;
        for (const member of this.#world.members) if (member.isUp && member.isPrimary) attempt(() => tell(member));
      });
    });
  }

  #later(step: () => void): void {
    this.#world.after(5 + (this.#world.random.uint32() % 150), () => {
      attempt(step, (error) => {
        this.#isBusy = false;
        this.#world.note(`<< the move is given up: ${error.message}`);
      });
    });
  }

  // ---- Mending

  /** One round; everybody runs and hears everybody. Until all agree some may be needed. */
  fix(): void {
    for (const slot of this.#slots) attempt(() => this.#fixSlot(slot));
    attempt(() => this.#coverAll());
    this.#forgetLost();
    this.#adopt();
  }

  #fixSlot(slot: number): void {
    const primaries = this.#world.members.filter((member) => member.isPrimary);
    const owner = this.#ownerOf(slot) ?? this.#give(slot);
    if (owner === null) return;
    for (const other of primaries) {
      if (other === owner) continue;
      for (const [key, value] of [...other.data.keysIn(slot)]) {
        // The newer one stays, where both have it.
        if ((owner.data.get(slot, key) ?? -1) < value) owner.data.set(slot, key, value);
        other.data.delete(slot, key);
      }
    }
    for (const member of primaries) {
      member.changedData();
      const { migrating, importing } = member.state;
      if (!migrating.has(slot) && !importing.has(slot)) continue;
      this.#world.note(`<< slot ${slot} is closed at [${member.index}]`);
      member.order((state) => setSlot(state, slot, { kind: "stable" }));
    }
  }

  /** A slot that nobody owns goes to one that has keys of it, or to anybody. */
  #give(slot: number): Member | null {
    const known = this.#world.members.some(({ state }) => {
      const owner = state.owners[slot]!;
      return owner !== null && this.#world.byId(owner.id) !== undefined && !this.#gaveAway(slot, owner.id);
    });
    if (known) return null;
    const primaries = this.#world.members.filter((member) => member.isPrimary && member.state.myself.votes);
    const taker = primaries.find((member) => member.data.countIn(slot) > 0) ?? primaries[0];
    if (taker === undefined) return null;
    this.#world.note(`<< slot ${slot} is given to [${taker.index}]`);
    taker.order((state) => {
      setSlot(state, slot, { kind: "node", id: taker.id });
      bumpEpoch(state);
    });
    return taker;
  }

  /** It does not own it, whatever others think. */
  #gaveAway(slot: number, id: string): boolean {
    const { state } = this.#world.byId(id)!;
    return state.owners[slot] !== state.myself;
  }

  /** Slots that went down with a node that is never to come back. */
  #coverAll(): void {
    const [first] = this.#world.members.filter((member) => member.isPrimary && member.state.myself.votes);
    if (first === undefined) return;
    const lost: number[] = [];
    const living = new Set(this.#world.members.map(({ id }) => id));
    const claims = this.#world.members.map(({ state }) => state.myself.slots);
    first.state.owners.forEach((owner, slot) => {
      const isLost = owner === null || !living.has(owner.id);
      if (isLost && !claims.some((slots) => slots.has(slot))) lost.push(slot);
    });
    if (lost.length === 0) return;
    this.#world.note(`<< ${lost.length} slots from ${lost[0]} on are given to [${first.index}]`);
    first.order((state) => {
      const taken = lost.filter((slot) => state.owners[slot] !== null);
      if (taken.length > 0) changeSlots(state, taken, false);
      changeSlots(state, lost, true);
      bumpEpoch(state);
    });
  }

  /** CLUSTER FORGET of names that nobody has any more, everywhere. */
  #forgetLost(): void {
    for (const member of this.#world.members) {
      for (const node of [...member.state.nodes.values()]) {
        if (node.is(NodeFlag.handshake) || this.#world.byId(node.id) !== undefined) continue;
        attempt(() => member.order((state) => forget(state, node.id)));
      }
    }
  }

  /** Nodes that begin anew become replicas of those who have fewest. */
  #adopt(): void {
    for (const member of this.#world.members) {
      const { state } = member;
      const meets = this.#world.members.find((other) => other !== member && other.state.myself.votes);
      if (meets !== undefined && state.nodes.size < this.#world.members.length) member.meet(meets);
      if (!member.isPrimary || state.myself.slots.size > 0) continue;
      const primaries = [...state.nodes.values()].filter((node) => node.votes);
      if (primaries.length === 0) continue;
      const poorest = primaries.reduce((a, b) => (b.replicas.length < a.replicas.length ? b : a));
      this.#world.note(`<< [${member.index}] becomes a replica of ${poorest.id.slice(0, 4)}`);
      attempt(() => member.order((s) => replicate(s, poorest.id)));
    }
  }

  /** Of those who think that they own it, the one with the highest epoch. */
  #ownerOf(slot: number): Member | null {
    let owner: Member | null = null;
    for (const member of this.#world.members) {
      const { myself, owners } = member.state;
      if (!member.isAlive || owners[slot] !== myself) continue;
      if (owner === null || myself.configEpoch > owner.state.myself.configEpoch) owner = member;
    }
    return owner;
  }
}

function attempt(act: () => void, otherwise: (error: Error) => void = () => {}): void {
  try {
    act();
  } catch (error) {
    otherwise(error as Error);
  }
}
