/** How a slot that is not as it should be is brought in order: one owner, all its keys there, nothing open. Pure. */

/** What the primaries that answer say of one slot. */
export interface SlotFacts {
  readonly slot: number;
  /** Those that take it for theirs, with their epochs. */
  readonly claims: ReadonlyMap<string, number>;
  /** Open outwards: at whom, and to whom. */
  readonly migrating: ReadonlyMap<string, string>;
  /** Open inwards: at whom, and from whom. */
  readonly importing: ReadonlyMap<string, string>;
  /** How many of its keys lie where; who has none need not be named. */
  readonly keys: ReadonlyMap<string, number>;
}

/** One step. They are taken in their order. */
export type Repair =
  /** The slot becomes this node's, whatever anyone believes: its epoch is raised above all. */
  | { readonly kind: "own"; readonly slot: number; readonly node: string; readonly why: string }
  /** This node no longer takes the slot for its own; its keys stay until they are gathered. */
  | { readonly kind: "disown"; readonly slot: number; readonly node: string; readonly owner: string }
  /** The keys that lie at a node that is not the owner go to the owner. */
  | { readonly kind: "gather"; readonly slot: number; readonly from: string; readonly owner: string }
  /** A move that was begun is ended: the rest of the keys, then the slot itself. */
  | { readonly kind: "finish"; readonly slot: number; readonly from: string; readonly to: string }
  /** The node forgets that the slot was open. */
  | { readonly kind: "close"; readonly slot: number; readonly node: string };

/**
 * @param primaries  those that answer, with how many slots each has: who gets a slot that nobody has and that holds no key
 */
export function planRepair(facts: SlotFacts, primaries: ReadonlyMap<string, number>): Repair[] {
  const { slot, claims, migrating, importing, keys } = facts;
  const steps: Repair[] = [];
  const keysAt = (id: string) => keys.get(id) ?? 0;
  const owner = chooseOwner(facts, primaries);
  if (owner === undefined) return [];
  if (claims.size === 0) {
    const why = keysAt(owner) > 0 ? "it has most of its keys" : "it has the fewest slots";
    steps.push({ kind: "own", slot, node: owner, why });
  }
  for (const other of claims.keys()) if (other !== owner) steps.push({ kind: "disown", slot, node: other, owner });
  if (claims.size > 1) steps.push({ kind: "own", slot, node: owner, why: "its claim is the newest" });
  const to = migrating.get(owner);
  const goesOn = claims.size === 1 && to !== undefined && to !== owner && primaries.has(to);
  const third = [...primaries.keys()].some((other) => other !== owner && other !== to && keysAt(other) > 0);
  // A move is only ended if its other end knows of it, or has keys already: else closing it costs nothing. Nor is one ended while a
  // third node has keys: the owner would not take them.
  const ends = goesOn && !third && (importing.get(to) === owner || keysAt(to) > 0);
  for (const other of primaries.keys()) {
    if (other === owner || (ends && other === to)) continue;
    if (keysAt(other) > 0 || (claims.has(other) && claims.size > 1)) {
      steps.push({ kind: "gather", slot, from: other, owner });
    } else if (importing.has(other) || migrating.has(other)) {
      steps.push({ kind: "close", slot, node: other });
    }
  }
  if (ends) steps.push({ kind: "finish", slot, from: owner, to });
  else if (migrating.has(owner) || importing.has(owner)) steps.push({ kind: "close", slot, node: owner });
  return inOrder(steps);
}

/**
 * Whoever gives up a claim does so before another raises its epoch: on hearing of it, it would drop the slot's keys. An owner is
 * closed before keys are brought to it: while its slot is on its way out it answers ASK for all that it does not have.
 */
const ORDER: Repair["kind"][] = ["disown", "own", "close", "gather", "finish"];

export function inOrder(steps: readonly Repair[]): Repair[] {
  return [...steps].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || a.slot - b.slot);
}

/**
 * The one that claims it; of several the one with the newest epoch, since the others drop their keys as soon as they hear of
 * it; of none the one with most keys, else the one with the fewest slots.
 */
function chooseOwner({ claims, keys }: SlotFacts, primaries: ReadonlyMap<string, number>): string | undefined {
  const rank = (id: string): number[] =>
    claims.size > 0
      ? [claims.get(id) ?? -1, keys.get(id) ?? 0, -(primaries.get(id) ?? 0)]
      : [keys.get(id) ?? 0, -(primaries.get(id) ?? 0)];
  const candidates = claims.size > 0 ? [...claims.keys()] : [...primaries.keys()];
  return candidates.sort((a, b) => compare(rank(b), rank(a)) || (a < b ? -1 : 1))[0];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
