/** A property that is watched while a cluster lives. It hears what it asks for, and notes what breaks the rule. */
import type { Input } from "../../../src/cluster/effects.ts";
import type { Member } from "../member.ts";

export interface ClusterChecker {
  readonly name: string;
  /** What broke the rule, for people. */
  readonly violations: string[];
  /** Before its machine takes the input. */
  steps?(member: Member, input: Input): void;
  /** It takes its primary's place; its data are still the replica's. */
  promoted?(member: Member): void;
  /** It throws its data away for a whole copy. */
  copying?(member: Member, source: Member): void;
  /** Its disk is lost. */
  emptied?(member: Member): void;
  /** It caught up. */
  replicated?(member: Member, source: Member): void;
  /** It is about to delete the keys of slots that are another's. */
  dropping?(member: Member, slots: readonly number[]): void;
  /** Every so often. */
  look?(): void;
  /** All was healed, and had its time. */
  finish?(): void;
}
