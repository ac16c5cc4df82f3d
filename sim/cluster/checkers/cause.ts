/** Nobody takes the place of a primary that was well: one that ran, and that all could reach, for long before. */
import type { Member } from "../member.ts";
import type { ClusterWorld } from "../world.ts";
import type { ClusterChecker } from "./checker.ts";

/** In node timeouts: silence is noticed after up to one and a half, reports count for two, and votes come for as long. */
const MEMORY = 6;
const ELECTION_MS = 10_000;

export class Cause implements ClusterChecker {
  readonly name = "cause";
  readonly violations: string[] = [];
  readonly #world: ClusterWorld;

  constructor(world: ClusterWorld) {
    this.#world = world;
  }

  promoted(member: Member): void {
    const { source, lastOrder, settings, index } = member;
    const { now, troubles } = this.#world;
    const since = now - MEMORY * settings.nodeTimeoutMs - ELECTION_MS;
    if (source === null || (lastOrder !== null && lastOrder.at >= since)) return;
    for (const { kind, about } of troubles.between(since, now)) {
      if (kind === "storm" || about.split(" ").includes(String(source.index))) return;
    }
    this.violations.push(`[${index}] took the place of [${source.index}] at ${now}, which was well`);
  }
}
