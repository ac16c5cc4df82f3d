/** Slots as people write them: `0-5460 6000`. */
import { SLOTS } from "../base/hash-slot.ts";

/** Ranges of ascending slots, neighbours joined; both ends belong to a range. */
export function rangesOf(slots: Iterable<number>): [first: number, last: number][] {
  const ranges: [number, number][] = [];
  for (const slot of [...slots].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && slot - last[1] <= 1) last[1] = slot;
    else ranges.push([slot, slot]);
  }
  return ranges;
}

/** At most `most` ranges, and how many more there are. */
export function describeSlots(slots: Iterable<number>, most = 6): string {
  const ranges = rangesOf(slots);
  const shown = ranges.slice(0, most).map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  const more = ranges.length - shown.length;
  return more > 0 ? `${shown.join(" ")} and ${countOf(more, "more range")}` : shown.join(" ");
}

/** Takes `0-99,200` or `0-99 200` apart; undefined if it is no such list. */
export function parseSlots(text: string): number[] | undefined {
  const slots = new Set<number>();
  for (const part of text.split(/[ ,]/)) {
    const ends = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (ends === null) return undefined;
    const first = Number(ends[1]);
    const last = Number(ends[2] ?? ends[1]);
    if (first > last || last >= SLOTS) return undefined;
    for (let slot = first; slot <= last; slot++) slots.add(slot);
  }
  return [...slots].sort((a, b) => a - b);
}

export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
