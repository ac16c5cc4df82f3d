/** A primary gives one vote an epoch, whatever befalls it, and never forgets it. */
import type { Input } from "../../../src/cluster/effects.ts";
import type { Member } from "../member.ts";
import type { ClusterWorld } from "../world.ts";
import type { ClusterChecker } from "./checker.ts";
import { short } from "./one-owner.ts";

export class Votes implements ClusterChecker {
  readonly name = "votes";
  readonly violations: string[] = [];
  readonly #world: ClusterWorld;
  /** By "voter epoch", who got it. */
  readonly #given = new Map<string, string>();
  /** By a node's name: the last epoch that it voted in. What it only heard of an epoch it may forget. */
  readonly #voted = new Map<string, number>();

  constructor(world: ClusterWorld) {
    this.#world = world;
  }

  steps(member: Member, input: Input): void {
    if (input.kind !== "message" || input.message.kind !== "auth-ack") return;
    const { id: voter, currentEpoch } = input.message.sender;
    const key = `${voter} ${currentEpoch}`;
    const before = this.#given.get(key);
    if (before !== undefined && before !== member.id) {
      this.violations.push(
        `${short(voter)} voted in epoch ${currentEpoch} for ${short(before)} and ${short(member.id)}`,
      );
    }
    this.#given.set(key, member.id);
  }

  look(): void {
    for (const { id, isAlive, state } of this.#world.members) {
      if (!isAlive) continue;
      const had = this.#voted.get(id) ?? 0;
      if (state.lastVoteEpoch < had) {
        this.violations.push(`${short(id)} forgot that it voted in epoch ${had}: it is at ${state.lastVoteEpoch}`);
      }
      this.#voted.set(id, state.lastVoteEpoch);
    }
  }
}
