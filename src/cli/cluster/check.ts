/** `nines cluster check`: how the cluster is. `fix`: what is wrong is mended. */
import { addressOf, isSound } from "../../manage/health.ts";
import { type Address, NodeError } from "../../manage/links.ts";
import { type Look, lookAt, lookUntilSound } from "../../manage/look.ts";
import { defaultMoveOptions, Mover } from "../../manage/move.ts";
import { collectFacts, describeRepair, planRepairs, Repairer, tellOwners } from "../../manage/repair.ts";
import type { Repair } from "../../manage/repair-plan.ts";
import { countOf } from "../../manage/slots.ts";
import type { Survey } from "../../manage/survey.ts";
import { type ClusterFlags, EXIT, type Session } from "./session.ts";
import { clusterJson, describeCluster, describeFindings } from "./text.ts";

export interface FixFlags extends ClusterFlags {
  replace?: boolean;
  withUnreachablePrimaries?: boolean;
}

/** News of a change is everywhere within a second or two. */
const SETTLE_WITHIN_MS = 10_000;
/** What one round uncovers another mends; more than a few would mean that somebody works against us. */
const ROUNDS = 5;

export async function check(session: Session, entry: string): Promise<number> {
  const look = await lookAt(session.links, session.address(entry));
  session.tell(...describeCluster(look.survey), "", ...describeFindings(look.findings));
  session.json(clusterJson(look.survey, look.findings));
  return isSound(look.findings) ? EXIT.done : EXIT.unsound;
}

/**
 * The end of every command that changed something: how it is now.
 * @param entries  nodes that can be asked, one after the other until one answers
 */
export async function conclude(session: Session, entries: readonly Address[]): Promise<number> {
  let failure: unknown;
  for (const entry of entries) {
    try {
      return say(session, await lookUntilSound(session.links, entry, SETTLE_WITHIN_MS));
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      failure ??= error;
    }
  }
  session.tell("", `How the cluster is now cannot be told: ${(failure as Error).message}`);
  return EXIT.unsound;
}

function say(session: Session, { survey, findings }: Look): number {
  session.tell("", ...describeFindings(findings));
  session.json(clusterJson(survey, findings));
  return isSound(findings) ? EXIT.done : EXIT.unsound;
}

export async function fix(session: Session, entry: string, flags: FixFlags): Promise<number> {
  const { links } = session;
  const address = session.address(entry);
  let look = await lookAt(links, address);
  session.tell(...describeCluster(look.survey), "", ...describeFindings(look.findings));
  if (isSound(look.findings)) {
    session.json(clusterJson(look.survey, look.findings));
    return EXIT.done;
  }
  let confirmed = false;
  for (let round = 1; round <= ROUNDS && !session.cancelled; round++) {
    const facts = await collectFacts(links, look.survey, look.strays);
    const steps = planRepairs(look.survey, facts, flags.withUnreachablePrimaries ?? false);
    if (steps.length === 0) break;
    if (!confirmed) {
      session.tell("", "To be done:", ...describeSteps(look, steps));
      if (!(await session.confirm())) return EXIT.unsound;
      confirmed = true;
    }
    const failures = await perform(session, look, steps, flags);
    if (failures > 0) break;
    look = await lookUntilSound(links, address, SETTLE_WITHIN_MS);
    if (isSound(look.findings)) break;
    await tellOwners(links, look.survey);
  }
  if (!confirmed && look.survey.silent.some((node) => node.slots.length > 0) && !flags.withUnreachablePrimaries) {
    session.tell(
      "",
      "Slots of a primary that does not answer are left to it: its replica may yet take them, or it may",
    );
    session.tell("return with its keys. --with-unreachable-primaries gives them to others, empty.");
  }
  if (session.cancelled) session.tell("", "Ended early; run it again to go on.");
  leaveHint(session, look.survey, address);
  return conclude(session, [address, ...look.survey.members]);
}

/** A dead node without slots is nothing that could be mended: it is to return, or to be let go. */
function leaveHint(session: Session, { silent }: Survey, entry: Address): void {
  const [node] = silent.filter((other) => other.slots.length === 0);
  if (node === undefined) return;
  const how = `"nines cluster del-node ${addressOf(entry)} ${addressOf(node)}" lets it go`;
  session.tell("", `${addressOf(node)} does not answer and has no slots: if it will not return, ${how}.`);
}

/** How many steps could not be taken; the others were. */
async function perform(session: Session, look: Look, steps: readonly Repair[], flags: FixFlags): Promise<number> {
  const { links } = session;
  let keys = 0;
  const options = { ...defaultMoveOptions, replace: flags.replace ?? false };
  const mover = new Mover(links, look.survey, options, (count) => (keys += count));
  const repairer = new Repairer(links, look.survey, mover);
  let done = 0;
  let failures = 0;
  for (const batch of Repairer.batches(steps)) {
    if (session.cancelled) break;
    session.openNow = () => `slot ${batch[0]!.slot} is not in order yet; run "nines cluster fix" again`;
    try {
      await repairer.perform(batch);
    } catch (error) {
      failures++;
      session.tell(`could not be done: ${describeRepair(look.survey, batch[0]!)}: ${(error as Error).message}`);
    }
    done += batch.length;
    session.progress.show(done, steps.length, "steps", keys === 0 ? "" : countOf(keys, "key"));
  }
  session.openNow = () => undefined;
  session.progress.end();
  return failures;
}

const SHOWN = 20;

function describeSteps({ survey }: Look, steps: readonly Repair[]): string[] {
  const lines = steps.slice(0, SHOWN).map((step) => `  ${describeRepair(survey, step)}`);
  return steps.length > SHOWN ? [...lines, `  and ${steps.length - SHOWN} more of the kind`] : lines;
}
