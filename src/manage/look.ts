/** One look at a cluster: the survey, the stray keys, and what follows from them. */
import { waitUntil } from "./clock.ts";
import { examine, type Finding, isSound } from "./health.ts";
import { findStrays } from "./key-places.ts";
import type { Address, Links } from "./links.ts";
import { primariesOf, type Survey, surveyCluster } from "./survey.ts";

export interface Look {
  readonly survey: Survey;
  readonly strays: ReadonlyMap<string, ReadonlyMap<number, number>>;
  readonly findings: readonly Finding[];
}

export async function lookAt(links: Links, entry: Address): Promise<Look> {
  const survey = await surveyCluster(links, entry);
  const strays = new Map<string, ReadonlyMap<number, number>>();
  for (const node of primariesOf(survey)) {
    const slots = await findStrays(links, node);
    if (slots.size > 0) strays.set(node.id, slots);
  }
  return { survey, strays, findings: examine(survey, strays) };
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
