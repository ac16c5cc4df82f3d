/**
 * No key that was acknowledged is lost, but for what replication, which is asynchronous, owes nobody: a primary that is replaced
 * without its help takes with it what its replica had not yet. So a loss needs a failover after the write, or in the midst of a
 * move by SETSLOT; a slot that moves, a configuration that arrives late, a manual failover are no excuse.
 */
import type { Member } from "../member.ts";
import type { ClusterWorld } from "../world.ts";
import type { ClusterChecker } from "./checker.ts";
import { shareSlots } from "./one-owner.ts";

interface Written {
  readonly slot: number;
  value: number;
  at: number;
}

export class Keys implements ClusterChecker {
  readonly name = "keys";
  readonly violations: string[] = [];
  /** The last acknowledged value of each key. */
  readonly written = new Map<string, Written>();
  acknowledged = 0;
  /** Excused. */
  lost = 0;
  readonly #world: ClusterWorld;
  /** When a node last took another's place without its help. */
  readonly #tookOver = new Map<
    Member,
    { readonly at: number; readonly from: Member | null; readonly asked: boolean }
  >();
  /** Primaries that were replaced without their help, and do not follow anybody yet: what they take is lost, whoever has the slot by then. */
  readonly #replaced = new Set<Member>();
  /** Who was importing which slot when its giver was replaced: "slot successor taker". */
  readonly #importers = new Set<string>();
  /** By key: the newest value that was thrown away, and whether there was an excuse. */
  readonly #thrown = new Map<string, { value: number; excuse: boolean; how: string }>();

  constructor(world: ClusterWorld) {
    this.#world = world;
  }

  acknowledge(slot: number, key: string, value: number): void {
    this.acknowledged++;
    this.written.set(key, { slot, value, at: this.#world.now });
  }

  promoted(member: Member): void {
    const { now, members } = this.#world;
    const { source, lastOrder } = member;
    for (const taker of members) {
      for (const [slot, giver] of taker.state.importing)
        if (giver.id === source?.id) this.#importers.add(`${slot} ${member.index} ${taker.index}`);
    }
    const waited = lastOrder?.how === "" && member.state.manual.canStart;
    if (waited) return;
    this.#tookOver.set(member, { at: now, from: source, asked: lastOrder?.how !== "takeover" || lastOrder.at !== now });
    for (const other of members) if (other !== member && shareSlots(other, member)) this.#replaced.add(other);
  }

  copying(member: Member, source: Member): void {
    for (const slot of member.data.slots) {
      for (const [key, value] of member.data.keysIn(slot)) {
        if ((source.data.get(slot, key) ?? -1) < value) this.throws(member, source, key, value, "copied over");
      }
    }
    this.#replaced.delete(member);
  }

  replicated(member: Member): void {
    this.#replaced.delete(member);
  }

  dropping(member: Member, slots: readonly number[]): void {
    for (const slot of slots) {
      const owner = this.#world.byId(member.state.owners[slot]?.id ?? "") ?? null;
      for (const [key, value] of member.data.keysIn(slot)) this.throws(member, owner, key, value, "dropped");
    }
  }

  emptied(member: Member): void {
    for (const slot of member.data.slots) {
      for (const [key, value] of member.data.keysIn(slot)) this.#throw(key, value, true, "its disk was lost");
    }
  }

  /** `member` throws a key away, because `by` is right about its slot. */
  throws(member: Member, by: Member | null, key: string, value: number, how: string): void {
    const written = this.written.get(key);
    if (written === undefined || value < written.value) return;
    const failover = by === null ? undefined : this.#tookOver.get(by);
    // The one that was replaced went on until it heard of it.
    const replaced = this.#replaced.has(member) || (failover !== undefined && failover.at >= written.at);
    // TAKEOVER asks nobody: its epoch may be its primary's already, which then takes a higher one and goes on.
    const own = this.#tookOver.get(member);
    const undone = own !== undefined && !own.asked && own.from === by;
    // A move by hand ends as it began, whoever is the giver by then: the taker says so with the highest epoch. In Redis as well.
    const excuse = replaced || undone || this.#importers.has(`${written.slot} ${member.index} ${by?.index}`);
    this.#throw(key, value, excuse, `${how} at [${member.index}] for [${by?.index}] at ${this.#world.now}`);
  }

  #throw(key: string, value: number, excuse: boolean, how: string): void {
    const before = this.#thrown.get(key);
    const counts = before === undefined || before.value < value || (before.value === value && excuse);
    if (counts) this.#thrown.set(key, { value, excuse, how });
  }

  finish(): void {
    for (const [key, { slot, value }] of this.written) {
      const owner = this.#world.members.find(({ isAlive, state }) => isAlive && state.owners[slot] === state.myself);
      const has = owner?.data.get(slot, key) ?? -1;
      if (has >= value) continue;
      const thrown = this.#thrown.get(key);
      if (thrown !== undefined && thrown.value >= value && thrown.excuse) this.lost++;
      else this.violations.push(`${key} is ${has} and not ${value}: ${thrown?.how ?? "nobody threw it away"}`);
    }
  }
}
