/**
 * What goes wrong, drawn from the seed: one misfortune after the other, each undone after a while, some not before the world is
 * healed.
 */
import type { SeededRandom } from "../src/io/random.ts";
import type { SimNode } from "./node.ts";
import { GROUP, type World } from "./world.ts";

export type Plan = "chaos" | "primary" | "switchovers" | "calm";

/** @returns  what goes on in a world of this seed; rare things get their share */
export function planOf(random: SeededRandom): Plan {
  const chance = random.float();
  if (chance < 0.55) return "chaos";
  if (chance < 0.8) return "primary";
  return chance < 0.92 ? "switchovers" : "calm";
}

/** Runs the world through `forMs` of it. */
export async function misfortunes(world: World, plan: Plan, random: SeededRandom, forMs: number): Promise<void> {
  const until = world.now + forMs;
  while (world.now < until) {
    const pauseMs = pauseFor(plan, random);
    await world.loop.run(Math.min(pauseMs, until - world.now));
    if (world.now >= until) return;
    if (plan === "chaos") befall(world, random);
    else if (plan === "primary") befallPrimary(world, random);
    else if (plan === "switchovers") askForFailover(world, random);
  }
}

function pauseFor(plan: Plan, random: SeededRandom): number {
  const [least, most] = { chaos: [50, 3000], primary: [1500, 7000], switchovers: [1000, 6000], calm: [5000, 5000] }[
    plan
  ];
  return least! + (most! - least!) * random.float();
}

/** Anything, to anybody. */
function befall(world: World, random: SeededRandom): void {
  const node = pick(random, random.float() < 0.6 ? world.servers : world.sentinels);
  const backInMs = 100 + 9000 * random.float() ** 2;
  const dice = random.float();
  if (node.state === "stopped") world.resume(node);
  else if (node.state === "dead") world.start(node);
  else if (dice < 0.2) takeAway(world, node, "kill", backInMs);
  else if (dice < 0.4) takeAway(world, node, "stop", backInMs);
  else if (dice < 0.5) takeAway(world, node, "power", backInMs);
  else if (dice < 0.65) partition(world, random, backInMs);
  else if (dice < 0.72) undoLater(world, backInMs, () => world.cutWay(node.address, pick(random, world.addresses)));
  else if (dice < 0.8) undoLater(world, backInMs, () => world.slowDown(node.address, 20 + 1500 * random.float() ** 2));
  else if (dice < 0.88) undoLater(world, backInMs, () => world.storm({ jitterMs: 20, loss: 0.3 * random.float() }));
  else if (dice < 0.93) world.jumpClock(node, (random.float() - 0.5) * 10_000);
  else askForFailover(world, random);
}

/** Only the primary breaks, and comes back: the promises about its return are kept to the letter here. */
function befallPrimary(world: World, random: SeededRandom): void {
  const primary = world.servers.find((server) => server.replication?.role === "master");
  if (primary?.state !== "running" || world.servers.some((server) => server.state !== "running")) return;
  const backInMs = random.float() < 0.3 ? 50 + 900 * random.float() : 1000 + 5000 * random.float();
  const kind = pick(random, ["kill", "stop", "power"] as const);
  takeAway(world, primary, kind, backInMs);
}

function takeAway(world: World, node: SimNode, how: "kill" | "stop" | "power", backInMs: number): void {
  if (how === "kill") world.kill(node);
  else if (how === "stop") world.stop(node);
  else world.losePower(node);
  world.clock.after(backInMs, () => {
    if (node.state === "stopped") world.resume(node);
    else if (node.state === "dead") world.start(node);
  });
}

/** Some machines on one side, the others on the other. */
function partition(world: World, random: SeededRandom, backInMs: number): void {
  const inside = world.addresses.filter(() => random.float() < 0.35);
  if (inside.length > 0) undoLater(world, backInMs, () => world.isolate(...inside));
}

function undoLater(world: World, afterMs: number, doIt: () => void): void {
  doIt();
  world.clock.after(afterMs, () => world.mend());
}

/** An operator's SENTINEL FAILOVER. */
export function askForFailover(world: World, random: SeededRandom): void {
  const { sentinel, name } = pick(random, world.sentinels);
  if (!sentinel) return;
  world.note(name, "<< is asked for a failover");
  world.troubles.pass("asked", name);
  try {
    sentinel.order({ kind: "failover", name: GROUP });
  } catch (error) {
    world.note(name, `refuses: ${(error as Error).message}`);
  }
}

function pick<T>(random: SeededRandom, from: readonly T[]): T {
  return from[Math.floor(random.float() * from.length)]!;
}
