/**
 * No failover without a cause. Before an election somebody must have had a reason to think the primary gone: it was down, or
 * stopped, or a failover was asked for, or it was out of reach of as many Sentinels as the quorum takes. What happened before the
 * primary came to its place is no reason: Sentinels must forget what they thought of the one before it.
 */
import type { SimNode } from "../node.ts";
import { opinionOf, placeOf } from "../state.ts";
import type { Trouble } from "../troubles.ts";
import type { World } from "../world.ts";
import type { Checker } from "./checker.ts";

/** How long after its end a trouble may still show: bytes held up by it are still under way, answers are late. */
const AFTERMATH_MS = 1500;

export class Cause implements Checker {
  readonly name = "no failover without a cause";
  readonly violations: string[] = [];
  readonly #world: World;
  /** By server: since when it is primary as the Sentinel that leads sees it. */
  readonly #promotedAt = new Map<SimNode, number>();

  constructor(world: World) {
    this.#world = world;
  }

  logged(node: SimNode, text: string): void {
    if (node.mode !== "sentinel") return;
    if (text.startsWith("+try-failover ")) this.#tried(node);
    else if (text.startsWith("+promoted-slave ")) this.#promoted(text);
  }

  #promoted(text: string): void {
    const place = / slave (\S+)/.exec(text)?.[1] ?? / (\d+\.\d+\.\d+\.\d+:\d+) /.exec(text)?.[1];
    const server = this.#world.servers.find((one) => placeOf(one) === place);
    if (server) this.#promotedAt.set(server, this.#world.now);
  }

  #tried(sentinel: SimNode): void {
    const { now, servers } = this.#world;
    const place = opinionOf(sentinel);
    const primary = servers.find((server) => placeOf(server) === place);
    if (!primary) {
      this.violations.push(`${sentinel.name} fails over ${place}, which is none of the servers`);
      return;
    }
    // One that is no primary any more cannot stay the group's.
    if (primary.replication?.role === "slave") return;
    const since = Math.max(0, this.#promotedAt.get(primary) ?? 0);
    const from = Math.max(now - this.#world.options.downAfterMs - AFTERMATH_MS, Math.min(since, now));
    if (!this.#hasCause(primary, from, now))
      this.violations.push(
        `${sentinel.name} starts a failover of ${primary.name} at ${Math.round(now)} ms, which was well since ${Math.round(from)}`,
      );
  }

  #hasCause(primary: SimNode, from: number, to: number): boolean {
    const unreached = new Set<string>();
    for (const trouble of this.#world.troubles.between(from, to)) {
      if (trouble.kind === "asked" || trouble.kind === "storm") return true;
      if (ofServer(trouble, primary)) return true;
      for (const sentinel of this.#world.sentinels) if (parts(trouble, sentinel, primary)) unreached.add(sentinel.name);
    }
    return unreached.size >= this.#world.options.quorum;
  }
}

/** The server itself was not well. */
function ofServer({ kind, about }: Trouble, server: SimNode): boolean {
  if (kind === "dead" || kind === "stopped") return about === server.name;
  return kind === "slow" && about === server.address;
}

/** What this Sentinel sees of the server is not to be relied on. */
function parts({ kind, about }: Trouble, sentinel: SimNode, server: SimNode): boolean {
  if (kind === "cut")
    return about === `${sentinel.address}>${server.address}` || about === `${server.address}>${sentinel.address}`;
  if (kind === "slow") return about === sentinel.address;
  return (kind === "dead" || kind === "stopped") && about === sentinel.name;
}
