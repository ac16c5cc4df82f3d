/** Slots as text: "0-99 200-200", as Valkey writes them. */
import { SLOTS } from "../../base/hash-slot.ts";

export function formatSlots(slots: Iterable<number>): string {
  const ranges: [number, number][] = [];
  for (const slot of [...slots].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === slot - 1) last[1] = slot;
    else ranges.push([slot, slot]);
  }
  return ranges.map(([first, last]) => `${first}-${last}`).join(" ");
}

/** "5", "5-9" and several of them, in ascending order; null for what is no list of slots, or names one twice. */
export function parseSlots(words: readonly string[]): number[] | null {
  const slots = new Set<number>();
  for (const word of words) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(word);
    if (match === null) return null;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (first > last || last >= SLOTS) return null;
    for (let slot = first; slot <= last; slot++) {
      if (slots.has(slot)) return null;
      slots.add(slot);
    }
  }
  return slots.size === 0 ? null : [...slots].sort((a, b) => a - b);
}
