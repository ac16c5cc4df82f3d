/**
 * A primary that was stopped or restarted while another was put in its place acknowledges nothing when it returns: it finds out
 * first. Promised where it can find out, that is if most of the Sentinels know of the other by then, run and can be reached; a
 * primary that was merely cut off knows nothing of it and goes on, as in Redis.
 */
import type { SimNode } from "../node.ts";
import type { World } from "../world.ts";
import type { Acknowledgement } from "../writer.ts";
import type { Checker } from "./checker.ts";

export class ReturningPrimary implements Checker {
  readonly name = "a returning primary acknowledges nothing";
  readonly violations: string[] = [];
  readonly #world: World;
  /** Who became primary last, and when. */
  #current: SimNode | null = null;
  #promotedAt = 0;
  /** By Sentinel: since when it knows. */
  readonly #knownAt = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  logged(node: SimNode, text: string): void {
    const { now } = this.#world;
    if (node.mode === "sentinel") {
      if (this.#current && text.startsWith("+switch-master ") && text.endsWith(` ${this.#current.address} 6379`))
        this.#knownAt.set(node.name, now);
      return;
    }
    if (!text.startsWith("Setting secondary replication ID")) return;
    this.#current = node;
    this.#promotedAt = now;
    this.#knownAt.clear();
  }

  acknowledged({ writer, key, by, sentAt }: Acknowledgement): void {
    const server = this.#world.at(by.host, by.port);
    if (!server?.process || this.#current === null || server === this.#current || sentAt < this.#promotedAt) return;
    const { resumedAt } = server.process;
    const away = this.#awayAt(server, this.#promotedAt);
    if (!away || sentAt < resumedAt || !this.#couldAsk(server, resumedAt, sentAt)) return;
    this.violations.push(
      `${server.name} acknowledged ${key} of ${writer} at ${Math.round(sentAt)} ms, when ${this.#current.name} had been primary since ` +
        `${Math.round(this.#promotedAt)}; it had been back since ${Math.round(resumedAt)}`,
    );
  }

  /** It was no running process when the other was promoted. */
  #awayAt(server: SimNode, at: number): boolean {
    for (const { kind, about } of this.#world.troubles.between(at, at))
      if ((kind === "dead" || kind === "stopped") && about === server.name) return true;
    return false;
  }

  /** Since its return nothing kept most of the Sentinels, or the new primary, from telling. */
  #couldAsk(server: SimNode, from: number, to: number): boolean {
    const mute = new Set<string>();
    for (const { kind, about } of this.#world.troubles.between(from, to)) {
      if (kind === "storm" || kind === "slow" || kind === "cut") return false;
      if (about === this.#current!.name) return false;
      if ((kind === "dead" || kind === "stopped") && about !== server.name) mute.add(about);
    }
    const tell = this.#world.sentinels.filter(({ name }) => !mute.has(name) && (this.#knownAt.get(name) ?? to) < from);
    return tell.length * 2 > this.#world.sentinels.length;
  }
}
