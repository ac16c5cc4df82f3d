/** Mends a cluster: collects the facts of every slot that is not as it should be, and carries out what `repair-plan.ts` says. */
import { ReplyError } from "../base/reply-error.ts";
import type { Word } from "../client/connection.ts";
import type { Reply } from "../resp/reply-reader.ts";
import { addressOf, claimsOf, uncoveredSlots } from "./health.ts";
import { countKeys } from "./key-places.ts";
import { type Links, NodeError } from "./links.ts";
import type { Mover } from "./move.ts";
import { inOrder, planRepair, type Repair, type SlotFacts } from "./repair-plan.ts";
import { type Member, primariesOf, type Survey } from "./survey.ts";

/** So many slots are taken over in one transaction. */
const TAKE_AT_ONCE = 2048;

/** Of the slots that are not as they should be, by the words of all primaries. */
export async function collectFacts(
  links: Links,
  survey: Survey,
  strays: ReadonlyMap<string, ReadonlyMap<number, number>>,
): Promise<SlotFacts[]> {
  const primaries = primariesOf(survey);
  const claims = claimsOf(survey);
  const wrong = new Set(uncoveredSlots(survey));
  for (const [slot, owners] of claims) if (owners.length > 1) wrong.add(slot);
  for (const node of primaries)
    for (const open of [node.migrating, node.importing]) for (const slot of open.keys()) wrong.add(slot);
  for (const slots of strays.values()) for (const slot of slots.keys()) wrong.add(slot);
  const slots = [...wrong].sort((a, b) => a - b);
  const counts = new Map<string, number[]>();
  for (const node of primaries) counts.set(node.id, await countKeys(links, node, slots));
  return slots.map((slot, i) => ({
    slot,
    claims: new Map((claims.get(slot) ?? []).map((node) => [node.id, node.epoch])),
    migrating: valuesOf(primaries, (node) => node.migrating.get(slot)),
    importing: valuesOf(primaries, (node) => node.importing.get(slot)),
    keys: valuesOf(primaries, (node) => counts.get(node.id)![i]),
  }));
}

function valuesOf<T>(nodes: readonly Member[], of: (node: Member) => T | undefined): Map<string, T> {
  const values = new Map<string, T>();
  for (const node of nodes) {
    const value = of(node);
    if (value !== undefined && value !== 0) values.set(node.id, value);
  }
  return values;
}

/**
 * What is to be done, slot by slot.
 * @param takeFromSilent  whether slots whose owner does not answer go to others, without the keys that it has
 */
export function planRepairs(survey: Survey, facts: readonly SlotFacts[], takeFromSilent: boolean): Repair[] {
  const sizes = new Map(primariesOf(survey).map((node) => [node.id, node.slots.length]));
  const silent = new Set(survey.silent.flatMap((node) => node.slots));
  const steps: Repair[] = [];
  for (const fact of facts) {
    if (fact.claims.size === 0 && silent.has(fact.slot) && !takeFromSilent) continue;
    const repairs = planRepair(fact, sizes);
    for (const step of repairs) if (step.kind === "own") sizes.set(step.node, sizes.get(step.node)! + 1);
    steps.push(...repairs);
  }
  return inOrder(steps);
}

/** A step in words. */
export function describeRepair(survey: Survey, step: Repair): string {
  const name = (id: string) => addressOf(survey.members.find((member) => member.id === id)!);
  switch (step.kind) {
    case "own":
      return `slot ${step.slot}: ${name(step.node)} becomes its owner, ${step.why}`;
    case "disown":
      return `slot ${step.slot}: ${name(step.node)} gives up its claim in favour of ${name(step.owner)}`;
    case "gather":
      return `slot ${step.slot}: the keys at ${name(step.from)} go to its owner ${name(step.owner)}`;
    case "finish":
      return `slot ${step.slot}: its move from ${name(step.from)} to ${name(step.to)} is ended`;
    case "close":
      return `slot ${step.slot}: is closed at ${name(step.node)}`;
  }
}

export class Repairer {
  readonly #links: Links;
  readonly #survey: Survey;
  readonly #mover: Mover;

  constructor(links: Links, survey: Survey, mover: Mover) {
    this.#links = links;
    this.#survey = survey;
    this.#mover = mover;
  }

  /** The steps that come next and can be taken at once: new owners' slots go together, all else alone. */
  static batches(steps: readonly Repair[]): Repair[][] {
    const batches: Repair[][] = [];
    for (const step of steps) {
      const last = batches.find(
        (batch) =>
          step.kind === "own" &&
          batch.length < TAKE_AT_ONCE &&
          batch[0]!.kind === "own" &&
          batch[0]!.node === step.node,
      );
      if (last) last.push(step);
      else batches.push([step]);
    }
    return batches;
  }

  /** @throws NodeError, KeyConflict */
  async perform(batch: readonly Repair[]): Promise<void> {
    const [step] = batch as [Repair];
    const { slot } = step;
    switch (step.kind) {
      case "own":
        return this.#own(
          this.#member(step.node),
          batch.map((one) => one.slot),
        );
      case "disown": {
        const words = [
          ["CLUSTER", "DELSLOTS", slot],
          ["CLUSTER", "SETSLOT", slot, "IMPORTING", step.owner],
        ];
        await this.#atOnce(this.#member(step.node), words);
        return;
      }
      case "gather":
        return this.#gather(slot, this.#member(step.from), this.#member(step.owner));
      case "finish":
        return this.#mover.move([slot], step.from, step.to);
      case "close":
        await this.#links.ask(this.#member(step.node), "CLUSTER", "SETSLOT", slot, "STABLE");
    }
  }

  async #own(node: Member, slots: readonly number[]): Promise<void> {
    const own = new Set(node.slots);
    const news = slots.filter((slot) => !own.has(slot));
    const believed = news.filter((slot) => node.owners[slot] !== undefined);
    const words: Word[][] = [["CLUSTER", "ADDSLOTS", ...news]];
    if (believed.length > 0) words.unshift(["CLUSTER", "DELSLOTS", ...believed]);
    if (news.length > 0) await this.#atOnce(node, words);
    await this.#links.ask(node, "CLUSTER", "BUMPEPOCH");
  }

  /**
   * A node that only imports a slot refuses its clients, keeps its keys whatever it hears, and may MIGRATE them: in that state
   * they leave it.
   */
  async #gather(slot: number, from: Member, owner: Member): Promise<void> {
    await this.#links.ask(from, "CLUSTER", "SETSLOT", slot, "IMPORTING", owner.id);
    await this.#mover.sendKeys(slot, from, owner);
    await this.#links.ask(from, "CLUSTER", "SETSLOT", slot, "STABLE");
    await this.#links.ask(from, "CLUSTER", "SETSLOT", slot, "NODE", owner.id);
  }

  /** In a transaction, so that no message of another node comes between. */
  async #atOnce(node: Member, commands: readonly (readonly Word[])[]): Promise<void> {
    const begun = [["MULTI"], ...commands, ["EXEC"]].map((words) => this.#links.ask(node, ...words));
    const results = (await Promise.all(begun)).at(-1) as Reply[];
    const failed = results.findIndex((result) => result instanceof ReplyError);
    if (failed >= 0) throw new NodeError(node, commands[failed]!, results[failed] as ReplyError);
  }

  #member(id: string): Member {
    return this.#survey.members.find((member) => member.id === id)!;
  }
}

/** For nodes that have still not heard of an owner that all others know: told directly. Says how many were told. */
export async function tellOwners(links: Links, survey: Survey): Promise<number> {
  let told = 0;
  const claims = claimsOf(survey);
  for (const node of primariesOf(survey)) {
    for (const [slot, owners] of claims) {
      if (owners.length !== 1 || owners[0]!.id === node.id || node.owners[slot] === owners[0]!.id) continue;
      try {
        await links.ask(node, "CLUSTER", "SETSLOT", slot, "NODE", owners[0]!.id);
        told++;
      } catch (error) {
        // One that still has keys of the slot refuses: these are gathered first, in the next round.
        if (!(error instanceof NodeError) || !error.refused) throw error;
      }
    }
  }
  return told;
}
