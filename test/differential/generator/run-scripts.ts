/** Script after script, seed after seed, until enough was sent or enough has gone wrong. */
import { grammars } from "./grammars/index.ts";
import { play, Tally } from "./play.ts";
import { ScriptMaker, vocabularyOf } from "./script.ts";
import { type Shrunk, shrink } from "./shrink.ts";
import { commonCommands, type Sides, samplePayloads, withSides } from "./sides.ts";

export interface RunOptions {
  readonly commands: number;
  /** Of the first script; the next has the next one. */
  readonly seed: number;
  /** How many commands a script has. */
  readonly scriptLength?: number;
  readonly families?: readonly string[];
  /** Stops after so many differences of different commands. */
  readonly most?: number;
  readonly shrinkMs?: number;
  /** Stops when so much time has passed. */
  readonly forMs?: number;
  readonly onDifference?: (shrunk: Shrunk) => void;
}

export interface RunResult {
  readonly tally: Tally;
  readonly differences: readonly Shrunk[];
  readonly skipped: readonly string[];
  readonly scripts: number;
}

export function runScripts(options: RunOptions): Promise<RunResult> {
  return withSides((sides) => runOn(sides, options));
}

async function runOn(sides: Sides, options: RunOptions): Promise<RunResult> {
  const { families = Object.keys(grammars), scriptLength = 1000, most = 1, forMs = Number.POSITIVE_INFINITY } = options;
  const names = families.flatMap((family) => Object.keys(grammars[family]!).map((name) => name.split(" ")));
  const common = await commonCommands(sides, names);
  const vocabulary = vocabularyOf(families, (words) => common.has(words.join(" ")));
  const payloads = await samplePayloads(sides);
  const until = performance.now() + forMs;
  const tally = new Tally();
  const differences: Shrunk[] = [];
  const seen = new Set<string>();
  let scripts = 0;
  while (tally.commands < options.commands && differences.length < most && performance.now() < until) {
    const script = new ScriptMaker(options.seed + scripts++, vocabulary, payloads).make(scriptLength);
    const difference = await play(sides, script, tally);
    if (difference === null) continue;
    // One example of a kind is enough.
    const sort = `${difference.kind} ${difference.about.replace(/"[^"]*"/, "")}`;
    if (seen.has(sort)) continue;
    seen.add(sort);
    const shrunk = await shrink((shorter) => play(sides, shorter), script, difference, options.shrinkMs);
    differences.push(shrunk);
    options.onDifference?.(shrunk);
  }
  return { tally, differences, skipped: vocabulary.skipped, scripts };
}
