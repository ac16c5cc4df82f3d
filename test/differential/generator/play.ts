/** Plays a script on both servers and finds the first thing in which they differ. */
import { compare } from "./alike.ts";
import { checkData, takeEvents } from "./check.ts";
import { parseReply, show } from "./reply.ts";
import type { Script, Step } from "./script.ts";
import type { Side, Sides } from "./sides.ts";
import { Wire } from "./wire.ts";

export interface Difference {
  /** "reply", or what was compared at the end. */
  readonly kind: string;
  /** The command, or the key. */
  readonly about: string;
  readonly ours: string;
  readonly theirs: string;
  /** The last unit that was played. */
  readonly unit: number;
}

/** What was sent how often, over all scripts. */
export class Tally {
  commands = 0;
  readonly byName = new Map<string, { sent: number; errors: number }>();
  /** Differences that are known, by why. */
  readonly known = new Map<string, number>();

  count(name: string, failed: boolean): void {
    const entry = this.byName.get(name) ?? { sent: 0, errors: 0 };
    this.byName.set(name, entry);
    this.commands++;
    entry.sent++;
    if (failed) entry.errors++;
  }
}

/** So many requests leave at once. */
const BATCH = 100;
const ERROR = "-".charCodeAt(0);

export async function play(sides: Sides, script: Script, tally = new Tally()): Promise<Difference | null> {
  await prepare(sides, script);
  const queue = new Queue();
  let excused = false;
  const steps = script.units.flatMap((unit, index) => unit.map((step) => ({ step, unit: index })));
  for (let at = 0; at < steps.length; ) {
    const batch = takeBatch(steps, at);
    const requests = batch.map(({ step }) => step.words);
    const [ours, theirs] = await Promise.all(sides.map((side) => askAll(side, requests)));
    for (const [i, { step, unit }] of batch.entries()) {
      const verdict = judge(step.words, queue, ours![i], theirs![i]);
      if (verdict === "") {
        const [our, their] = [ours![i], theirs![i]].map((reply) => (reply ? show(parseReply(reply)) : "no answer"));
        return { kind: "reply", about: nameOf(step.words), ours: our!, theirs: their!, unit };
      }
      tally.count(nameOf(step.words), theirs![i]![0] === ERROR);
      if (verdict === "same") continue;
      excused = true;
      tally.known.set(verdict, (tally.known.get(verdict) ?? 0) + 1);
    }
    const { pauseMs } = batch.at(-1)!.step;
    if (pauseMs) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    at += batch.length;
  }
  const difference = await checkData(sides, script, excused);
  return difference && { ...difference, unit: script.units.length - 1 };
}

async function askAll(side: Side, requests: readonly (readonly string[])[]): Promise<Buffer[]> {
  const replies = await side.main.ask(requests);
  if (replies.length < requests.length) {
    side.main.close();
    side.main = await Wire.open(side.port);
  }
  return replies;
}

async function prepare(sides: Sides, { protocol, config }: Script): Promise<void> {
  const requests = [
    ["RESET"],
    ...config.map((pair) => ["CONFIG", "SET", ...pair]),
    ["FLUSHALL"],
    ["CONFIG", "RESETSTAT"],
  ];
  await Promise.all(sides.map(({ main }) => main.ask(requests)));
  await Promise.all(sides.map(takeEvents));
  await Promise.all(sides.map(({ main }) => main.one("HELLO", `${protocol}`)));
}

type Numbered = { step: Step; unit: number };

/** Up to where something has to be waited for. */
function takeBatch(steps: readonly Numbered[], at: number): readonly Numbered[] {
  let end = at;
  while (end < steps.length && end - at < BATCH) if (steps[end++]!.step.pauseMs) break;
  return steps.slice(at, end);
}

/** The commands that wait for EXEC. */
class Queue {
  words: (readonly string[])[] = [];
}

function judge(words: readonly string[], queue: Queue, ours: Buffer | undefined, theirs: Buffer | undefined): string {
  if (ours === undefined || theirs === undefined) return "";
  const verdict = compare(words, queue.words, ours, theirs);
  if (theirs.equals(QUEUED)) queue.words.push(words);
  else if (/^(exec|discard)$/i.test(words[0]!)) queue.words = [];
  return verdict;
}

const QUEUED = Buffer.from("+QUEUED\r\n");
const CONTAINERS = new Set(["OBJECT", "XGROUP", "XINFO", "COMMAND", "MEMORY", "PFDEBUG"]);

function nameOf(words: readonly string[]): string {
  const name = words[0]!.toUpperCase();
  return CONTAINERS.has(name) && words.length > 1 ? `${name} ${words[1]!.toUpperCase()}` : name;
}
