/** Which slots go where: reshard, rebalance, drain. Pure, and the same answer for the same question. */

export interface SlotMove {
  readonly slot: number;
  readonly from: string;
  readonly to: string;
}

/** What each primary has now. */
export type Holdings = ReadonlyMap<string, readonly number[]>;

/**
 * Parts a whole number by weights so that the parts add up: each gets what is due to it, rounded down, and what is left goes
 * to those who lost most by that.
 */
export function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  if (sum <= 0) return weights.map(() => 0);
  const due = weights.map((weight) => (total * weight) / sum);
  const parts = due.map(Math.floor);
  const left = total - parts.reduce((a, b) => a + b, 0);
  const order = due.map((_, i) => i).sort((a, b) => due[b]! - parts[b]! - (due[a]! - parts[a]!) || a - b);
  for (const i of order.slice(0, left)) parts[i]!++;
  return parts;
}

/** Takes `count` slots from `from`, from each in the measure of what it has. Fewer if they do not have so many. */
export function planReshard(holdings: Holdings, from: readonly string[], to: string, count: number): SlotMove[] {
  const sources = from.filter((id) => id !== to);
  const sizes = sources.map((id) => holdings.get(id)!.length);
  const total = sizes.reduce((a, b) => a + b, 0);
  const parts = apportion(Math.min(count, total), sizes);
  return sources.flatMap((id, i) => take(holdings, id, parts[i]!).map((slot) => ({ slot, from: id, to })));
}

/**
 * Brings each primary to its share by its weight. If no one is further from it than the threshold, nothing moves.
 * @param weights  of those that take part; 0: it is to have none. A primary that is not named keeps what it has.
 * @param thresholdPercent  of the share that is due
 */
export function planRebalance(
  holdings: Holdings,
  weights: ReadonlyMap<string, number>,
  thresholdPercent: number,
): SlotMove[] {
  const ids = [...weights.keys()];
  const sizes = ids.map((id) => holdings.get(id)!.length);
  const total = sizes.reduce((a, b) => a + b, 0);
  const shares = apportion(
    total,
    ids.map((id) => weights.get(id)!),
  );
  const isFar = ids.some((_, i) => {
    const [size, share] = [sizes[i]!, shares[i]!];
    return share === 0 ? size > 0 : (Math.abs(size - share) / share) * 100 > thresholdPercent;
  });
  if (!isFar) return [];
  return level(
    holdings,
    ids,
    sizes.map((size, i) => size - shares[i]!),
  );
}

/** Gives all slots of one primary to the others, more to those with fewer, and to each a piece: the map of slots stays short. */
export function planDrain(holdings: Holdings, id: string, to: readonly string[]): SlotMove[] {
  const slots = holdings.get(id)!;
  const sizes = to.map((other) => holdings.get(other)!.length);
  const parts = sizes.map(() => 0);
  if (sizes.length === 0) return [];
  for (let left = slots.length; left > 0; left--) {
    const least = sizes.indexOf(Math.min(...sizes));
    sizes[least]!++;
    parts[least]!++;
  }
  let from = 0;
  return to.flatMap((other, i) => {
    const piece = slots.slice(from, (from += parts[i]!));
    return piece.map((slot) => ({ slot, from: id, to: other }));
  });
}

/** From those that have too much to those that have too little, the largest first: few pairs, long ranges. */
function level(holdings: Holdings, ids: readonly string[], surplus: number[]): SlotMove[] {
  const left = new Map(ids.map((id) => [id, [...holdings.get(id)!]]));
  const order = ids.map((_, i) => i).sort((a, b) => surplus[b]! - surplus[a]!);
  const moves: SlotMove[] = [];
  let giver = 0;
  let taker = order.length - 1;
  while (giver < taker) {
    const [g, t] = [order[giver]!, order[taker]!];
    const count = Math.min(surplus[g]!, -surplus[t]!);
    if (count > 0) {
      const slots = left.get(ids[g]!)!.splice(0, count);
      for (const slot of slots) moves.push({ slot, from: ids[g]!, to: ids[t]! });
      surplus[g]! -= count;
      surplus[t]! += count;
    }
    if (surplus[g]! <= 0) giver++;
    else if (surplus[t]! >= 0) taker--;
  }
  return moves;
}

function take(holdings: Holdings, id: string, count: number): readonly number[] {
  return holdings.get(id)!.slice(0, count);
}
