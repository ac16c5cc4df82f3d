/**
 * At most one owner of a slot in an epoch. Of two primaries that won an election in one epoch one was not elected by a majority, and
 * nobody could tell whose the slots are. Epochs that were taken without votes (TAKEOVER, a slot that was taken in, a collision that
 * was resolved) may meet others for a while, but what one majority has seen, none is to contradict.
 */
import { NodeFlag } from "../../../src/cluster/messages.ts";
import type { Member } from "../member.ts";
import type { ClusterWorld } from "../world.ts";
import type { ClusterChecker } from "./checker.ts";

export class OneOwner implements ClusterChecker {
  readonly name = "one owner";
  readonly violations: string[] = [];
  readonly #world: ClusterWorld;
  /** Who won in which epoch, and whether there was one majority then. */
  readonly #winners = new Map<number, { readonly id: string; readonly isDisputed: boolean }>();
  /** Who took whose place by TAKEOVER. */
  readonly #taken = new Map<Member, Member>();
  /** By "slot epoch", whom a majority of the voters took for the owner. */
  readonly #seen = new Map<string, string>();
  /** One slot a shard, and those that were moved. */
  readonly #slots: () => Iterable<number>;

  constructor(world: ClusterWorld, slots: () => Iterable<number>) {
    this.#world = world;
    this.#slots = slots;
  }

  promoted(member: Member): void {
    const { id, source, lastOrder, state } = member;
    const { election, myself } = state;
    if (source !== null && lastOrder?.how === "takeover" && lastOrder.at === this.#world.now) {
      this.#taken.set(member, source);
    }
    // Taken over by hand: nobody was asked.
    if (election.votes === 0 || myself.configEpoch !== election.epoch) return;
    const winner = this.#winners.get(election.epoch);
    const isDisputed = this.#isDisputed();
    if (winner !== undefined && winner.id !== id && !winner.isDisputed && !isDisputed) {
      this.violations.push(`epoch ${election.epoch} was won by ${short(winner.id)} and ${short(id)}`);
    }
    this.#winners.set(election.epoch, { id, isDisputed });
  }

  /** While a TAKEOVER is not heard of everywhere, two vote for one shard: there may be two majorities. */
  #isDisputed(): boolean {
    for (const [taker, from] of this.#taken) if (!shareSlots(taker, from)) this.#taken.delete(taker);
    return this.#taken.size > 0;
  }

  look(): void {
    for (const slot of this.#slots()) this.#askMajority(slot);
  }

  #askMajority(slot: number): void {
    const voters = this.#world.members.filter(({ isAlive, state }) => isAlive && state.myself.votes);
    const counts = new Map<string, number>();
    for (const { state } of voters) {
      const owner = state.owners[slot]!;
      if (owner === null || owner.is(NodeFlag.handshake)) continue;
      const seen = `${owner.configEpoch} ${owner.id}`;
      counts.set(seen, (counts.get(seen) ?? 0) + 1);
    }
    for (const [seen, count] of counts) {
      if (count * 2 <= this.#voters(voters)) continue;
      const [epoch, id] = seen.split(" ") as [string, string];
      const key = `${slot} ${epoch}`;
      const before = this.#seen.get(key);
      if (before !== undefined && before !== id) {
        this.violations.push(
          `in epoch ${epoch} a majority saw slot ${slot} with ${short(before)}, and later with ${short(id)}`,
        );
      }
      this.#seen.set(key, id);
    }
  }

  /** How many have a vote, those included that are dead. */
  #voters(alive: readonly Member[]): number {
    return alive.reduce((most, { state }) => Math.max(most, state.size), 1);
  }
}

export const short = (id: string) => id.slice(0, 4);

/** Both take themselves for the owner of a slot. */
export function shareSlots({ state: one }: Member, { state: other }: Member): boolean {
  for (const slot of one.myself.slots) if (other.myself.slots.has(slot)) return true;
  return false;
}
