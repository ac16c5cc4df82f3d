/** All properties that are watched. */
import type { World } from "../world.ts";
import { Acknowledged } from "./acknowledged.ts";
import { Agreement } from "./agreement.ts";
import { Cause } from "./cause.ts";
import { Convergence } from "./convergence.ts";
import { OneLeader } from "./one-leader.ts";
import { ReturningPrimary } from "./returning-primary.ts";
import { Serving } from "./serving.ts";

export function watchAll(world: World): Acknowledged {
  const acknowledged = new Acknowledged(world);
  world.checkers.push(
    new OneLeader(),
    new Agreement(world),
    new Convergence(world),
    new Cause(world),
    new ReturningPrimary(world),
    new Serving(world),
    acknowledged,
  );
  return acknowledged;
}
