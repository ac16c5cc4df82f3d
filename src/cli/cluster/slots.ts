/** `nines cluster reshard` and `rebalance`: slots go from one primary to another while clients use them. */
import { addressOf, isSound, nameOf } from "../../manage/health.ts";
import type { Address } from "../../manage/links.ts";
import { type Look, lookAt } from "../../manage/look.ts";
import { defaultMoveOptions } from "../../manage/move.ts";
import { type MoveJob, moveAll } from "../../manage/move-all.ts";
import { planRebalance, planReshard, type SlotMove } from "../../manage/slot-plan.ts";
import { countOf, describeSlots, parseSlots } from "../../manage/slots.ts";
import { findNode, type Member, primariesOf, type Survey } from "../../manage/survey.ts";
import { grouped } from "../status-text.ts";
import { conclude } from "./check.ts";
import { type ClusterFlags, EXIT, Refusal, type Session } from "./session.ts";
import { clusterJson, describeFindings, describeMoves } from "./text.ts";

export interface MoveFlags extends ClusterFlags {
  replace?: boolean;
  batch?: number;
  timeout?: number;
  migrate?: boolean;
}

export interface ReshardFlags extends MoveFlags {
  from: string;
  to: string;
  slots?: number;
  range?: string;
}

export interface RebalanceFlags extends MoveFlags {
  weight?: Record<string, number>;
  useEmptyMasters?: boolean;
  threshold: number;
}

export async function reshard(session: Session, entry: string, flags: ReshardFlags): Promise<number> {
  const address = session.address(entry);
  const look = await soundLook(session, address);
  const target = primaryNamed(look.survey, flags.to);
  const moves = chosenMoves(look.survey, target, flags);
  if (moves.length === 0) throw new Refusal(`there is nothing to move: ${addressOf(target)} has these slots already`);
  return carryOut(session, address, look, moves, flags);
}

function chosenMoves(survey: Survey, target: Member, flags: ReshardFlags): SlotMove[] {
  const primaries = primariesOf(survey);
  const others = primaries.filter((node) => node.id !== target.id);
  if (flags.range !== undefined && flags.slots !== undefined)
    throw new Refusal("--slots says how many, --range which ones: give one of the two");
  const named = () => flags.from.split(",").map((name) => primaryNamed(survey, name.trim()));
  // A node may be named twice, by its address and its id.
  const sources = flags.from === "all" ? others : [...new Set(named())];
  if (sources.includes(target)) throw new Refusal(`${addressOf(target)} cannot give slots to itself`);
  const ids = sources.map((node) => node.id);
  if (flags.range === undefined) {
    if (flags.slots === undefined) throw new Refusal("say how many (--slots 100) or which ones (--range 0-99)");
    return planReshard(holdings(survey), ids, target.id, flags.slots);
  }
  const wanted = new Set(parseSlots(flags.range) ?? refuse(`'${flags.range}' is no list of slots: 0-99,200`));
  const there = new Set(target.slots);
  const moves = sources.flatMap((node) =>
    node.slots.filter((slot) => wanted.has(slot)).map((slot) => ({ slot, from: node.id, to: target.id })),
  );
  const found = new Set(moves.map((move) => move.slot));
  const elsewhere = [...wanted].filter((slot) => !found.has(slot) && !there.has(slot));
  if (elsewhere.length > 0)
    throw new Refusal(
      `${countOf(elsewhere.length, "slot")} are not at --from ${flags.from}: ${describeSlots(elsewhere)}`,
    );
  return moves;
}

export async function rebalance(session: Session, entry: string, flags: RebalanceFlags): Promise<number> {
  const address = session.address(entry);
  const look = await soundLook(session, address);
  const named = new Map(
    Object.entries(flags.weight ?? {}).map(([name, weight]) => [primaryNamed(look.survey, name).id, weight]),
  );
  // An empty primary may be one that is about to leave: it takes part only if that is said.
  const taking = primariesOf(look.survey).filter(
    (node) => node.slots.length > 0 || flags.useEmptyMasters || named.has(node.id),
  );
  const weights = new Map(taking.map((node) => [node.id, named.get(node.id) ?? 1]));
  if ([...weights.values()].every((weight) => weight === 0))
    throw new Refusal("all weights are 0: nobody would get a slot");
  const moves = planRebalance(holdings(look.survey), weights, flags.threshold);
  if (moves.length > 0) return carryOut(session, address, look, moves, flags);
  session.tell(`Nothing to do: no primary is further than ${flags.threshold} % from its share.`);
  session.json(clusterJson(look.survey, look.findings));
  return EXIT.done;
}

/** Says the plan, asks, does it, looks again. */
export async function carryOut(
  session: Session,
  entry: Address,
  { survey }: Look,
  moves: readonly SlotMove[],
  flags: MoveFlags,
  ends: (session: Session, entries: readonly Address[]) => Promise<number> = conclude,
): Promise<number> {
  session.tell(`To be moved: ${countOf(moves.length, "slot")}`, ...describeMoves(survey, moves));
  if (!(await session.confirm())) {
    if (flags.dryRun) session.json({ moves });
    return flags.dryRun ? EXIT.done : EXIT.failed;
  }
  let now: readonly SlotMove[] = [];
  let job: MoveJob | undefined;
  session.openNow = () => (now.length > 0 ? whatIsOpen(survey, now) : job && whatGoesOn(survey, job));
  const options = {
    batch: flags.batch ?? defaultMoveOptions.batch,
    timeoutMs: flags.timeout ?? defaultMoveOptions.timeoutMs,
    replace: flags.replace ?? false,
    byMigrate: flags.migrate ?? false,
  };
  const { slots, keys, failure } = await moveAll(session.links, survey, moves, options, {
    cancelled: () => session.cancelled,
    onOpen: (moves) => (now = moves),
    onJob: (begun) => (job = begun),
    onProgress: ({ slots, ofSlots, keys }) => session.progress.show(slots, ofSlots, "slots", `${grouped(keys)} keys`),
  });
  session.openNow = () => undefined;
  session.progress.end();
  // The node that we were told of may be the one that failed.
  const stays = [entry, ...survey.members];
  if (failure !== undefined) {
    session.tell(`Stopped after ${slots} of ${moves.length} slots: ${failure.error.message}`);
    if (failure.open.length > 0) session.tell(whatIsOpen(survey, failure.open));
    if (failure.job !== undefined) session.tell(whatGoesOn(survey, failure.job));
    await ends(session, stays);
    return EXIT.unsound;
  }
  session.tell(`Moved ${countOf(slots, "slot")} with ${grouped(keys)} keys.`);
  const code = await ends(session, stays);
  if (slots === moves.length) return code;
  session.tell(`Ended early: ${moves.length - slots} slots were left where they are.`);
  return EXIT.interrupted;
}

function whatIsOpen(survey: Survey, moves: readonly SlotMove[]): string {
  const [{ from, to }] = moves as [SlotMove];
  const slots = describeSlots(moves.map(({ slot }) => slot));
  const where = `${nameOf(survey, from)} and ${nameOf(survey, to)}`;
  return `slots ${slots} may be open between ${where}: "nines cluster fix" ends their move`;
}

function whatGoesOn(survey: Survey, { slots, from, to }: MoveJob): string {
  const where = `from ${nameOf(survey, from)} to ${nameOf(survey, to)}`;
  const how = `"CLUSTER MIGRATE CANCEL ALL" at the former gives it up`;
  return `the nodes may go on to move slots ${describeSlots(slots)} ${where} by themselves: ${how}`;
}

/** Nothing is moved in a cluster that is not sound: one trouble at a time. */
export async function soundLook(session: Session, entry: Address): Promise<Look> {
  const look = await lookAt(session.links, entry);
  if (isSound(look.findings)) return look;
  session.tell(...describeFindings(look.findings), "");
  throw new Refusal(`nothing was done: mend the cluster first ("nines cluster fix ${addressOf(entry)}")`);
}

export function holdings(survey: Survey): Map<string, readonly number[]> {
  return new Map(primariesOf(survey).map((node) => [node.id, node.slots]));
}

export function primaryNamed(survey: Survey, name: string): Member {
  const node = findNode(survey, name);
  if (node === undefined) throw new Refusal(`the cluster has no node '${name}': give its address, or its id`);
  const primary = primariesOf(survey).find((member) => member.id === node.id);
  return primary ?? refuse(`${name} is not a primary that answers`);
}

function refuse(text: string): never {
  throw new Refusal(text);
}
