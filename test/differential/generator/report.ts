/** A difference as a person can use it: what to send, what each answered. */
import type { Tally } from "./play.ts";
import type { Shrunk } from "./shrink.ts";

export function describe({ script, difference }: Shrunk): string {
  const { kind, about, ours, theirs } = difference;
  const steps = script.units.flat();
  // One that could not be shrunk is found again by its seed.
  const shown = steps.slice(-MOST_STEPS);
  const lines = shown.map(({ words, pauseMs }) => {
    return `    ${words.map(quote).join(" ")}${pauseMs ? `    (then ${pauseMs} ms)` : ""}`;
  });
  const settings = script.config.map(([name, value]) => `${name} ${value}`).join(", ");
  return [
    `${kind}: ${about} (${script.name}, RESP${script.protocol})`,
    ...(shown.length < steps.length ? [`    (${steps.length - shown.length} commands before)`] : []),
    ...lines,
    `  nines:        ${clip(ours)}`,
    `  redis-server: ${clip(theirs)}`,
    `  settings: ${settings}`,
  ].join("\n");
}

const MOST_STEPS = 25;

function quote(word: string): string {
  return /^[\w:.*+()[\]#-]+$/.test(word) ? word : JSON.stringify(word).replace(/\\u00/g, "\\x");
}

function clip(text: string): string {
  return text.length > 600 ? `${text.slice(0, 600)}... (${text.length})` : text;
}

/** How often each command was sent, and how often it failed. */
export function describeTally(tally: Tally): string {
  const rows = [...tally.byName]
    .filter(([name]) => /^[A-Z_ ]+$/.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { sent, errors }]) => `${name} ${sent} (${Math.round((100 * errors) / sent)} % errors)`);
  return rows.join(", ");
}
