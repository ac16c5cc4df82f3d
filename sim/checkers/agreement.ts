/** A world that has healed has, within a bound, one primary that all Sentinels name and all other servers follow. */
import { disagreements } from "../state.ts";
import type { World } from "../world.ts";
import type { Checker } from "./checker.ts";

export class Agreement implements Checker {
  readonly name = "a healed world agrees on one primary";
  readonly violations: string[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  finish(): void {
    this.violations.push(...disagreements(this.#world));
  }
}
