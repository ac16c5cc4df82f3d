/** What goes wrong in a cluster, drawn from the seed; what operators do at the wrong moment included. */
import type { SeededRandom } from "../../src/io/random.ts";
import { shareSlots } from "./checkers/one-owner.ts";
import type { Member } from "./member.ts";
import type { Operator } from "./operator.ts";
import type { ClusterWorld } from "./world.ts";

export type ClusterPlan = "chaos" | "reshard" | "manual" | "calm";

/** How often a clock jumps when something goes wrong elsewhere, and how far at most. */
const CLOCK_JUMPS = 0.15;
const HOUR_MS = 3_600_000;

export function planOf(dice: SeededRandom): ClusterPlan {
  const chance = dice.float();
  if (chance < 0.55) return "chaos";
  if (chance < 0.75) return "reshard";
  return chance < 0.92 ? "manual" : "calm";
}

/** Something goes wrong, or somebody wants something. */
export function befall(world: ClusterWorld, plan: ClusterPlan, operator: Operator, dice: SeededRandom): void {
  if (plan === "chaos") chaos(world, operator, dice);
  else if (plan === "reshard") dice.float() < 0.6 ? operator.reshard() : disturb(world, dice);
  else if (plan === "manual") dice.float() < 0.5 ? failOver(world, dice, "") : disturb(world, dice);
  else if (dice.float() < 0.5) operator.reshard();
  else failOver(world, dice, "");
}

/** Somebody's wall clock is set, in any plan: that is no trouble, and nothing is to come of it. */
export function setClocks(world: ClusterWorld, dice: SeededRandom): void {
  if (dice.float() < CLOCK_JUMPS) pick(dice, world.members).jumpClock(Math.round((dice.float() - 0.5) * 2 * HOUR_MS));
}

function chaos(world: ClusterWorld, operator: Operator, dice: SeededRandom): void {
  const chance = dice.float();
  if (chance < 0.45) disturb(world, dice);
  else if (chance < 0.55) storm(world, dice);
  else if (chance < 0.7) operator.reshard();
  else if (chance < 0.8) failOver(world, dice, "");
  else if (chance < 0.85) failOver(world, dice, "force");
  else if (chance < 0.9) failOver(world, dice, "takeover");
  else if (chance < 0.94) collide(world, dice);
  else if (chance < 0.97) loseDisk(world, dice);
  else world.heal();
}

/** A crash, a stop or a cut, undone after a while. */
function disturb(world: ClusterWorld, dice: SeededRandom): void {
  const member = pick(dice, world.members);
  const backInMs = 50 + 9000 * dice.float() ** 2;
  const chance = dice.float();
  if (chance < 0.35 && member.isAlive) {
    member.kill();
    world.after(backInMs, () => comeBack(member, dice));
  } else if (chance < 0.65 && member.isUp) {
    member.freeze();
    const { life } = member;
    world.after(backInMs, () => life === member.life && member.thaw());
  } else if (chance < 0.85) {
    world.isolate(world.members.filter(() => dice.float() < 0.3));
    world.after(backInMs, () => world.heal());
  } else {
    world.cutWay(member, pick(dice, world.members));
    world.after(backInMs, () => world.heal());
  }
}

function comeBack(member: Member, dice: SeededRandom): void {
  if (member.isAlive) return;
  // Every run of a machine has its own idea of what the time is.
  member.clockErrorMs = dice.float() < 0.8 ? 0 : Math.round((dice.float() - 0.5) * 600_000);
  member.restart();
}

function storm(world: ClusterWorld, dice: SeededRandom): void {
  const late = 10 + Math.round(400 * dice.float() ** 2);
  world.storm({ mostMs: late, loss: 0.2 * dice.float(), reorders: dice.float() < 0.5 });
  world.after(5000 * dice.float(), () => world.heal());
}

function failOver(world: ClusterWorld, dice: SeededRandom, how: "" | "force" | "takeover"): void {
  const replicas = world.members.filter(({ isUp, state }) => isUp && state.myself.isReplica && state.myself.primary);
  if (replicas.length > 0) pick(dice, replicas).failover(how);
}

/**
 * Two primaries end in one epoch, as by two operators at once. Not one that was replaced or is cut off: with an epoch that nobody gave
 * it, it would take its slots back from whoever was elected, and what was written there would be lost by the operator's hand.
 */
function collide(world: ClusterWorld, dice: SeededRandom): void {
  const { members, wires } = world;
  const isSoleOwner = (one: Member) =>
    members.every((other) => other === one || (wires.connects(one, other) && !shareSlots(one, other)));
  const primaries = members.filter((member) => member.isUp && member.state.myself.votes && isSoleOwner(member));
  if (primaries.length < 2) return;
  const [one, other] = [pick(dice, primaries), pick(dice, primaries)];
  world.note(`<< [${one.index}] and [${other.index}] take one epoch`);
  const epoch = Math.max(one.state.maxEpoch(), other.state.maxEpoch()) + 1;
  for (const member of [one, other]) {
    member.order((state) => {
      state.currentEpoch = state.myself.configEpoch = epoch;
      state.promise();
    });
  }
}

/** A machine that comes back with nothing; its name is lost, its address is not. */
function loseDisk(world: ClusterWorld, dice: SeededRandom): void {
  const member = pick(dice, world.members);
  if (!member.isAlive) return;
  world.note(`<< [${member.index}] loses its disk`);
  member.kill();
  world.after(3000 * dice.float(), () => !member.isAlive && member.restartEmpty());
}

function pick<T>(dice: SeededRandom, from: readonly T[]): T {
  return from[Math.floor(dice.float() * from.length)]!;
}
