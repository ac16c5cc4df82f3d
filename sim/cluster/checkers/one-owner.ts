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
  /** Who won in which epoch. */
  readonly #winners = new Map<number, string>();
  /** By "slot epoch", whom a majority of the voters took for the owner. */
  readonly #seen = new Map<string, string>();
  /** One slot a shard, and those that were moved. */
  readonly #slots: () => Iterable<number>;

  constructor(world: ClusterWorld, slots: () => Iterable<number>) {
    this.#world = world;
    this.#slots = slots;
  }

  promoted({ id, state: { election, myself } }: Member): void {
    // Taken over by hand: nobody was asked.
    if (election.votes === 0 || myself.configEpoch !== election.epoch) return;
    const winner = this.#winners.get(election.epoch);
    if (winner !== undefined && winner !== id) {
      this.violations.push(`epoch ${election.epoch} was won by ${short(winner)} and ${short(id)}`);
    }
    this.#winners.set(election.epoch, id);
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
