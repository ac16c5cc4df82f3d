/** Makes a script that shows a difference as short as it gets: whatever can go without the difference going, goes. */
import type { Difference } from "./play.ts";
import type { Script, Unit } from "./script.ts";

export interface Shrunk {
  readonly script: Script;
  readonly difference: Difference;
}

/** @param replay  plays a script again, and answers how the servers differ then */
export async function shrink(
  replay: (script: Script) => Promise<Difference | null>,
  script: Script,
  difference: Difference,
  budgetMs = 20_000,
): Promise<Shrunk> {
  const until = Date.now() + budgetMs;
  let best: Shrunk = { script: { ...script, units: script.units.slice(0, difference.unit + 1) }, difference };

  /** Takes the units if they still differ in the same way. */
  const attempt = async (units: readonly Unit[]): Promise<boolean> => {
    const shorter = { ...script, units };
    const now = await replay(shorter);
    if (now === null || now.kind !== difference.kind || sort(now) !== sort(difference)) return false;
    best = { script: { ...shorter, units: units.slice(0, now.unit + 1) }, difference: now };
    return true;
  };

  if (difference.kind === "reply") await attempt(related(best.script.units));
  await removeChunks(() => best.script.units, attempt, until);
  await attempt(best.script.units.flatMap((unit) => (unit.some(isFickle) ? [unit] : unit.map((step) => [step]))));
  await removeChunks(() => best.script.units, attempt, until);
  await removeWords(() => best.script.units, attempt, until);
  return best;
}

/** Of a reply the command; of what is compared at the end anything but the key. */
function sort({ kind, about }: Difference): string {
  return kind === "event" ? "" : about.replace(/"[^"]*"/, "");
}

function isFickle({ words }: Unit[number], at: number, unit: Unit): boolean {
  return (
    words[1] === "errno" || words[1] === "CREATECONSUMER" || (unit[at + 1]?.words[0] === "DEL" && words.length > 1)
  );
}

/** Units that share a word that looks like a key with the last one, or with those that do. */
function related(units: readonly Unit[]): readonly Unit[] {
  const wordsOf = (unit: Unit) => unit.flatMap(({ words }) => words.slice(1)).filter((word) => /^\w+:\d$/.test(word));
  const keys = new Set(wordsOf(units.at(-1)!));
  const kept: Unit[] = [];
  for (const unit of [...units].reverse()) {
    const words = wordsOf(unit);
    if (!words.some((word) => keys.has(word)) && !/^(select|swapdb|flush)/i.test(unit[0]!.words[0]!)) continue;
    if (words.length < 5) for (const word of words) keys.add(word);
    kept.push(unit);
  }
  return kept.reverse();
}

async function removeChunks(
  units: () => readonly Unit[],
  attempt: (units: readonly Unit[]) => Promise<boolean>,
  until: number,
): Promise<void> {
  for (let size = Math.ceil(units().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = units().length - size; at > -size && Date.now() < until; at -= size) {
      const from = Math.max(0, at);
      const rest = [...units().slice(0, from), ...units().slice(from + size)];
      if (rest.length > 0 && rest.length < units().length) await attempt(rest);
    }
  }
}

/** Makes long commands shorter: half of their words goes, then a quarter... */
async function removeWords(
  units: () => readonly Unit[],
  attempt: (units: readonly Unit[]) => Promise<boolean>,
  until: number,
): Promise<void> {
  for (let at = 0; at < units().length; at++) {
    const wordsOf = () => units()[at]?.[0]?.words ?? [];
    if (units()[at]!.length > 1 || wordsOf().length < LONG) continue;
    for (let size = wordsOf().length >> 1; size >= 1; size >>= 1) {
      for (let from = wordsOf().length - size; from >= 2 && Date.now() < until; from -= size) {
        const shorter = wordsOf().filter((_, i) => i < from || i >= from + size);
        const tried = units().map((unit, i) => (i === at ? [{ ...unit[0]!, words: shorter }] : unit));
        await attempt(tried);
      }
    }
  }
}

const LONG = 6;
