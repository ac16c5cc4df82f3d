/** Where the keys of slots lie: asked of the nodes themselves, who count them without a scan. */
import { SLOTS } from "../base/hash-slot.ts";
import type { Links } from "./links.ts";
import type { Member } from "./survey.ts";

/** So many requests are under way to a node at a time. */
const BATCH = 1024;

/** The number of keys that the node has in each of the slots, in their order. */
export async function countKeys(links: Links, node: Member, slots: readonly number[]): Promise<number[]> {
  const counts: number[] = [];
  for (let from = 0; from < slots.length; from += BATCH) {
    const batch = slots.slice(from, from + BATCH);
    const asked = batch.map((slot) => links.ask(node, "CLUSTER", "COUNTKEYSINSLOT", slot));
    for (const count of await Promise.all(asked)) counts.push(Number(count));
  }
  return counts;
}

/** The slots of which a primary has keys although it does not take them for its own, with how many. */
export async function findStrays(links: Links, node: Member): Promise<Map<number, number>> {
  const strays = new Map<number, number>();
  if (node.keys === 0) return strays;
  const own = await countKeys(links, node, node.slots);
  // Clients write meanwhile, so the sums may differ without a stray; the other way round they agree only by chance.
  if (own.reduce((a, b) => a + b, 0) === node.keys) return strays;
  const isOwn = new Set(node.slots);
  const others = Array.from({ length: SLOTS }, (_, slot) => slot).filter((slot) => !isOwn.has(slot));
  const counts = await countKeys(links, node, others);
  for (const [i, slot] of others.entries()) if (counts[i]! > 0) strays.set(slot, counts[i]!);
  return strays;
}
