/** One seed from its beginning to the verdict. */
import { SeededRandom } from "../src/io/random.ts";
import { watchAll } from "./checkers/all.ts";
import { differences } from "./checkers/convergence.ts";
import { misfortunes, type Plan, planOf } from "./faults.ts";
import { disagreements } from "./state.ts";
import { World, type WorldOptions } from "./world.ts";

export interface Verdict {
  readonly seed: number;
  readonly plan: Plan;
  /** Empty if all properties held. */
  readonly violations: readonly string[];
  /** Ms from the healing until all agreed, and from the last write until all held the same, together; -1 if they never did. */
  readonly settledAfterMs: number;
  readonly acknowledged: number;
  /** Of the acknowledged ones, those that are not there in the end. */
  readonly lost: number;
  readonly failovers: number;
  readonly events: number;
  /** Equal for two runs in which everything arrived at the same times. */
  readonly digest: number;
  readonly world: World;
}

export interface RunOptions {
  readonly world?: Partial<WorldOptions>;
  readonly plan?: Plan;
  /** How long things go wrong. */
  readonly forMs?: number;
  /** Within which a healed world must agree; `BOUND_MS` unless given. */
  readonly boundMs?: number;
  /** Called before anything starts: breaks a rule, adds a checker. */
  readonly prepare?: (world: World) => void;
}

const SETTLE_MS = 1500;
/** A healed world must agree after so long: several failed elections, each as long as a failover timeout, and a full copy. */
export const BOUND_MS = 60_000;

export async function runSeed(seed: number, options: RunOptions = {}): Promise<Verdict> {
  const dice = new SeededRandom(seed);
  const plan = options.plan ?? planOf(dice);
  const world = new World({ ...drawTopology(dice), saves: seed % 10 !== 9, ...options.world, seed });
  const acknowledged = watchAll(world);
  options.prepare?.(world);
  await world.begin();
  await world.loop.run(SETTLE_MS);
  await misfortunes(world, plan, dice, options.forMs ?? 12_000);
  world.heal();
  const settledAfterMs = await settle(world, options.boundMs ?? BOUND_MS);
  for (const checker of world.checkers) checker.finish?.();
  return {
    seed,
    plan,
    violations: world.checkers.flatMap(({ name, violations }) => violations.map((one) => `${name}: ${one}`)),
    settledAfterMs,
    acknowledged: world.acknowledgements.length,
    lost: acknowledged.lost,
    failovers: world.transcript.filter((line) => line.includes(" +promoted-slave ")).length,
    events: world.loop.events,
    digest: world.network.digest,
    world,
  };
}

/** Until all agree, clients go on; then they stop, and the replicas are given time to draw level. */
async function settle(world: World, boundMs: number): Promise<number> {
  const agreed = await world.loop.runUntil(() => disagreements(world).length === 0, boundMs, 50);
  await world.loop.run(1000);
  for (const writer of world.writers) writer.stop();
  const same = await world.loop.runUntil(
    () => disagreements(world).length + differences(world).length === 0,
    boundMs,
    100,
  );
  return agreed < 0 || same < 0 ? -1 : agreed + same;
}

function drawTopology(dice: SeededRandom): Partial<WorldOptions> {
  const sentinels = dice.float() < 0.75 ? 3 : 5;
  return {
    sentinels,
    quorum: sentinels === 5 && dice.float() < 0.5 ? 3 : 2,
    replicas: dice.float() < 0.8 ? 2 : 1,
    together: dice.float() < 0.3,
  };
}
