/**
 * What became of the writes that were acknowledged. Replication is asynchronous, so that a crash may lose some: they are counted.
 * Where the primary only ever moved because it was asked to, none may be lost.
 */
import { dataOf } from "../state.ts";
import type { World } from "../world.ts";
import type { Checker } from "./checker.ts";

export class Acknowledged implements Checker {
  readonly name = "planned switchovers lose no acknowledged write";
  readonly violations: string[] = [];
  /** Acknowledged and not found at the end. */
  lost = 0;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  finish(): void {
    const world = this.#world;
    const primary = world.servers.find((server) => server.replication?.role === "master");
    if (!primary) return;
    const data = dataOf(primary);
    const lost = world.acknowledgements.filter(({ lasting, key, value }) => lasting && data.get(key) !== value);
    this.lost = lost.length;
    const planned = world.troubles.all.every(({ kind }) => kind === "asked");
    if (!planned || lost.length === 0) return;
    const { key, by, at } = lost[0]!;
    this.violations.push(
      `${lost.length} acknowledged writes are lost though nothing broke; the first: ${key}, acknowledged by ${by.host} at ${Math.round(at)} ms`,
    );
  }
}
