/**
 * At most one Sentinel leads the failover of an epoch, and no Sentinel votes twice in one: not even across a crash between the
 * votes.
 */
import type { SimNode } from "../node.ts";
import type { Checker } from "./checker.ts";

export class OneLeader implements Checker {
  readonly name = "at most one leader an epoch";
  readonly violations: string[] = [];
  /** By epoch: the name of who leads, and by epoch and voter whom it chose. */
  readonly #leaders = new Map<number, string>();
  readonly #votes = new Map<string, string>();

  logged(node: SimNode, text: string): void {
    if (node.mode !== "sentinel") return;
    const vote = /^\+vote-for-leader (\w+) (\d+)$/.exec(text);
    if (vote) this.#voted(node, vote[1]!, Number(vote[2]));
    else if (text.startsWith("+elected-leader ")) this.#elected(node);
  }

  #voted(node: SimNode, candidate: string, epoch: number): void {
    const key = `${epoch} ${node.name}`;
    const before = this.#votes.get(key);
    if (before === undefined) this.#votes.set(key, candidate);
    else if (before !== candidate)
      this.violations.push(`${node.name} voted for ${before} and ${candidate} in epoch ${epoch}`);
  }

  #elected(node: SimNode): void {
    for (const master of node.sentinel?.state.masters.values() ?? []) {
      // A failover that an operator asked for may go on without votes, as in Redis.
      if (master.forced || master.failoverState === "none") continue;
      const epoch = master.failoverEpoch;
      const before = this.#leaders.get(epoch);
      if (before === undefined) this.#leaders.set(epoch, node.name);
      else if (before !== node.name) this.violations.push(`${before} and ${node.name} both lead epoch ${epoch}`);
    }
  }
}
