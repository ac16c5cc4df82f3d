/** A manual failover that waited for the primary's offset loses nothing: what the primary had written, the replica has. */
import type { Input } from "../../../src/cluster/effects.ts";
import type { Member } from "../member.ts";
import type { ClusterChecker } from "./checker.ts";

export class Manual implements ClusterChecker {
  readonly name = "manual failover";
  readonly violations: string[] = [];
  /** How many there were. */
  done = 0;
  /** Replicas that say that they have all of their primary's data, by this moment's step. */
  readonly #ready = new Set<Member>();
  /** Primaries that were replaced so, with all that they had. */
  readonly #replaced = new Map<Member, number>();

  steps(member: Member, _input: Input): void {
    const { manual, myself } = member.state;
    const isReady = myself.isReplica && manual.canStart && member.lastOrder?.how === "";
    if (isReady) this.#ready.add(member);
    else this.#ready.delete(member);
  }

  promoted(member: Member): void {
    const { source } = member;
    if (!this.#ready.delete(member) || source === null) return;
    this.done++;
    if (source.data.history === member.data.history && source.offset > member.offset) {
      this.violations.push(
        `[${member.index}] took over at ${member.offset}, while [${source.index}] had ${source.offset}`,
      );
    }
    this.#replaced.set(source, source.offset);
  }

  /** What it wrote after that is lost. */
  copying(member: Member): void {
    const offset = this.#replaced.get(member);
    if (offset !== undefined && member.offset > offset) {
      this.violations.push(
        `[${member.index}] went on from ${offset} to ${member.offset} after it was replaced by hand`,
      );
    }
    this.#replaced.delete(member);
  }

  replicated(member: Member): void {
    this.#replaced.delete(member);
  }
}
