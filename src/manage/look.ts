/** One look at a cluster: the survey, the stray keys, and what follows from them. */
import { waitUntil } from "./clock.ts";
import { examine, type Finding, isSound } from "./health.ts";
import { findStrays } from "./key-places.ts";
import { type Address, type Links, NodeError } from "./links.ts";
import { primariesOf, type Survey, surveyCluster } from "./survey.ts";

const ATTEMPTS = 3;

export interface Look {
  readonly survey: Survey;
  readonly strays: ReadonlyMap<string, ReadonlyMap<number, number>>;
  readonly findings: readonly Finding[];
}

/** @throws NodeError  if the node at `entry` does not answer */
export async function lookAt(links: Links, entry: Address): Promise<Look> {
  for (let attempt = 1; ; attempt++) {
    const survey = await surveyCluster(links, entry);
    try {
      const strays = await straysOf(links, survey);
      return { survey, strays, findings: examine(survey, strays) };
    } catch (error) {
      // A node that was there a moment ago is gone: the next survey will tell of that.
      if (!(error instanceof NodeError) || error.refused || attempt === ATTEMPTS) throw error;
    }
  }
}

async function straysOf(links: Links, survey: Survey): Promise<Look["strays"]> {
  const strays = new Map<string, ReadonlyMap<number, number>>();
  for (const node of primariesOf(survey)) {
    const slots = await findStrays(links, node);
    if (slots.size > 0) strays.set(node.id, slots);
  }
  return strays;
}

/** News of a change takes a moment to be everywhere: looks until all is sound, or the time is over. The last look is given. */
export async function lookUntilSound(links: Links, entry: Address, withinMs: number): Promise<Look> {
  let look = await lookAt(links, entry);
  await waitUntil(links.io.clock, withinMs, async () => {
    if (!isSound(look.findings)) look = await lookAt(links, entry);
    return isSound(look.findings);
  });
  return look;
}
