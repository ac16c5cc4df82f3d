/** A primary gives one vote an epoch, whatever befalls it, and never goes back behind an epoch that it knew. */
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
  /** By a node's name: the highest epochs that it had. */
  readonly #epochs = new Map<string, { current: number; voted: number }>();

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
      const had = this.#epochs.get(id) ?? { current: 0, voted: 0 };
      if (state.currentEpoch < had.current || state.lastVoteEpoch < had.voted) {
        this.violations.push(`${short(id)} went back from epoch ${had.current} to ${state.currentEpoch}`);
      }
      this.#epochs.set(id, { current: state.currentEpoch, voted: state.lastVoteEpoch });
    }
  }
}
