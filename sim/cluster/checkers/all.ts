/** All properties of clusters. */
import type { ClusterWorld } from "../world.ts";
import { Cause } from "./cause.ts";
import { Keys } from "./keys.ts";
import { Manual } from "./manual.ts";
import { OneOwner } from "./one-owner.ts";
import { Structure } from "./structure.ts";
import { Votes } from "./votes.ts";

export interface Watch {
  readonly keys: Keys;
  readonly manual: Manual;
}

/** @param slots  whose owner is looked for in all views, beside the first one of each primary's */
export function watchAll(world: ClusterWorld, slots: readonly number[] = []): Watch {
  const firsts = world.members.flatMap(({ state }) => state.myself.slots.ranges().map(([first]) => first));
  const asked = [...new Set([...firsts, ...slots])];
  const keys = new Keys(world);
  const manual = new Manual();
  world.checkers.push(new OneOwner(world, () => asked), new Votes(world), new Cause(world));
  world.checkers.push(manual, keys, new Structure(world));
  return { keys, manual };
}
