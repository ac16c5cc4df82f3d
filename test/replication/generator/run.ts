/**
 * Generated commands on a primary, and what its replicas make of them. One client's scripts can be shrunk; several clients
 * at once, whose links are cut meanwhile, cannot, so there the last commands on the key are told.
 */
import { grammars } from "../../differential/generator/grammars/index.ts";
import type { Difference } from "../../differential/generator/play.ts";
import { type Script, ScriptMaker, type Vocabulary, vocabularyOf } from "../../differential/generator/script.ts";
import { type Shrunk, shrink } from "../../differential/generator/shrink.ts";
import { commonCommands, samplePayloads } from "../../differential/generator/sides.ts";
import { Wire } from "../../differential/generator/wire.ts";
import { House } from "../house.ts";
import { closeGroup, compareData, followAll, type Group, type Layout, linksUp, openGroup, settle } from "./group.ts";

export interface ReplicationRun {
  readonly layout: Layout;
  readonly seed: number;
  /** For one client, and as many again for several. */
  readonly commands: number;
  readonly families?: readonly string[];
  readonly shrinkMs?: number;
  /** Nothing new begins after so long. */
  readonly forMs?: number;
}

export interface ReplicationResult {
  readonly commands: number;
  /** What differs, as text; empty if nothing does. */
  readonly difference: string | Shrunk | null;
}

interface Supply {
  readonly vocabulary: Vocabulary;
  readonly payloads: readonly string[];
}

const SCRIPT_LENGTH = 600;
const CLIENTS = 4;

export async function runReplication(run: ReplicationRun): Promise<ReplicationResult> {
  await using house = new House();
  const group = await openGroup(house, run.layout);
  try {
    const supply = await supplyFor(group, run.families ?? Object.keys(grammars));
    const until = performance.now() + (run.forMs ?? Number.POSITIVE_INFINITY);
    const crowd = await playCrowd(group, supply, run, until);
    if (crowd.difference !== null) return crowd;
    const alone = await playAlone(group, supply, run, until);
    return { commands: crowd.commands + alone.commands, difference: alone.difference };
  } finally {
    closeGroup(group);
  }
}

async function supplyFor(group: Group, families: readonly string[]): Promise<Supply> {
  const members = [group.primary, ...group.replicas];
  const names = families.flatMap((family) => Object.keys(grammars[family]!).map((name) => name.split(" ")));
  const common = await commonCommands(members, names);
  return {
    vocabulary: vocabularyOf(families, (words) => common.has(words.join(" "))),
    // The last one makes them.
    payloads: await samplePayloads(members.sort((member) => (member.peer.name === "redis" ? 1 : -1))),
  };
}

/** Script after script by one client. */
async function playAlone(group: Group, supply: Supply, run: ReplicationRun, until: number): Promise<ReplicationResult> {
  let commands = 0;
  for (let seed = run.seed; commands < run.commands && performance.now() < until; seed++) {
    const script = new ScriptMaker(seed, supply.vocabulary, supply.payloads, true).make(SCRIPT_LENGTH);
    commands += script.units.length;
    const difference = await playScript(group, script);
    if (difference === null) continue;
    const shrunk = await shrink((shorter) => playScript(group, shorter), script, difference, run.shrinkMs);
    return { commands, difference: shrunk };
  }
  return { commands, difference: null };
}

async function playScript(group: Group, script: Script): Promise<Difference | null> {
  const { main } = group.primary;
  await main.ask([["RESET"], ["FLUSHALL"]]);
  await configure(group, script);
  let batch: (readonly string[])[] = [];
  for (const { words, pauseMs } of script.units.flat()) {
    batch.push(words);
    if (batch.length < 100 && !pauseMs) continue;
    await main.ask(batch);
    batch = [];
    if (pauseMs) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  await main.ask(batch);
  await settle(group);
  const difference = await compareData(group);
  return difference && { ...difference, unit: script.units.length - 1 };
}

async function configure({ primary, replicas }: Group, { config }: Script): Promise<void> {
  for (const { main } of [primary, ...replicas]) await main.ask(config.map((pair) => ["CONFIG", "SET", ...pair]));
}

/** Several clients at once, while the replicas begin to follow and their links are cut. */
async function playCrowd(group: Group, supply: Supply, run: ReplicationRun, until: number): Promise<ReplicationResult> {
  const makers = Array.from({ length: CLIENTS }, (_, i) => {
    return new ScriptMaker(run.seed * 1000 + i, supply.vocabulary, supply.payloads, true);
  });
  await configure(group, makers[0]!.make(1));
  for (const { main } of group.replicas) await main.one("CONFIG", "RESETSTAT");
  const log: string[] = [];
  let sent = 0;
  let stopped = false;
  const done = () => stopped || sent >= run.commands || performance.now() > until;
  const client = async (maker: ScriptMaker, index: number): Promise<void> => {
    const wire = await Wire.open(group.primary.peer.port);
    while (!done()) {
      const batch = maker.make(20).units.flatMap((unit) => unit.map(({ words }) => words));
      for (const words of batch) log.push(`${index}: ${words.map((word) => JSON.stringify(word)).join(" ")}`);
      const replies = await wire.ask(batch);
      if (replies.length < batch.length)
        throw new Error(`no answer to one of:\n${log.slice(-batch.length).join("\n")}`);
      sent += batch.length;
    }
    wire.close();
  };
  const playing = Promise.all(makers.map(client)).finally(() => (stopped = true));
  // Not unhandled while the links are being cut.
  playing.catch(() => {});
  await followUnderLoad(group, () => (stopped ? 1 : sent / run.commands));
  await playing;
  await settle(group);
  const difference = await compareData(group);
  return { commands: sent, difference: difference && explain(difference, log) };
}

/** A full synchronisation at a quarter of the way, partial ones at the half and at three quarters. */
async function followUnderLoad(group: Group, progress: () => number): Promise<void> {
  const reached = async (part: number) => {
    for (let waits = 0; progress() < part && waits < 2000; waits++)
      await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await reached(0.25);
  await followAll(group);
  for (const part of [0.5, 0.75]) {
    await reached(part);
    await linksUp(group);
    for (const { link } of group.replicas) link.cut();
  }
  await linksUp(group);
}

const LAST_COMMANDS = 40;

function explain({ kind, about, ours, theirs }: Difference, log: readonly string[]): string {
  const key = /"(.*)"$/.exec(about)?.[0];
  const lines = key === undefined ? log : log.filter((line) => line.includes(key));
  return [`${kind}: ${about}`, ...lines.slice(-LAST_COMMANDS), `  has:     ${ours}`, `  primary: ${theirs}`].join("\n");
}
