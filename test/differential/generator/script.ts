/** Makes scripts: what is sent to both servers, all of it drawn from one seed. */
import { Dice } from "./dice.ts";
import type { Grammar } from "./grammars/grammar.ts";
import { grammars } from "./grammars/index.ts";
import { kinds, type Scene } from "./kinds.ts";
import { oddCase, parseTemplate, type Template } from "./template.ts";
import { spoil } from "./wrong.ts";

export interface Step {
  readonly words: readonly string[];
  /** How long to wait when it was answered, for what expires then. */
  readonly pauseMs?: number;
}

/** Steps that make sense together only: what shrinks a script takes all of them or none. */
export type Unit = readonly Step[];

export interface Script {
  readonly name: string;
  readonly protocol: 2 | 3;
  /** Sent first; what one side does not know is no difference. */
  readonly config: readonly (readonly [directive: string, value: string])[];
  readonly units: readonly Unit[];
}

interface Choice {
  readonly words: readonly string[];
  readonly weight: number;
  readonly template: Template;
}

export interface Vocabulary {
  readonly choices: readonly Choice[];
  /** What one of the servers lacks. */
  readonly skipped: readonly string[];
}

/** @param knows  whether both servers have the command, by its words */
export function vocabularyOf(families: readonly string[], knows: (name: readonly string[]) => boolean): Vocabulary {
  const choices: Choice[] = [];
  const skipped: string[] = [];
  for (const family of families)
    for (const [name, rule] of Object.entries(grammars[family] as Grammar)) {
      const words = name.split(" ");
      const [weight, template] = typeof rule === "string" ? [1, rule] : rule;
      if (knows(words)) choices.push({ words, weight, template: parseTemplate(template, kinds) });
      else skipped.push(name);
    }
  return { choices, skipped };
}

/** Encodings change where a user says; so some scripts have them change early, so that all of it happens often. */
const SMALL_LIMITS: Script["config"] = [
  ["hash-max-listpack-entries", "8"],
  ["hash-max-listpack-value", "16"],
  ["list-max-listpack-size", "4"],
  ["set-max-intset-entries", "6"],
  ["set-max-listpack-entries", "6"],
  ["set-max-listpack-value", "16"],
  ["zset-max-listpack-entries", "8"],
  ["zset-max-listpack-value", "16"],
  ["stream-node-max-entries", "3"],
  ["hll-sparse-max-bytes", "60"],
];
const USUAL_LIMITS: Script["config"] = [
  ["hash-max-listpack-entries", "128"],
  ["hash-max-listpack-value", "64"],
  ["list-max-listpack-size", "-2"],
  ["set-max-intset-entries", "512"],
  ["set-max-listpack-entries", "128"],
  ["set-max-listpack-value", "64"],
  ["zset-max-listpack-entries", "128"],
  ["zset-max-listpack-value", "64"],
  ["stream-node-max-entries", "100"],
  ["hll-sparse-max-bytes", "3000"],
];

const SPOILED = 0.09;

export class ScriptMaker {
  readonly #dice: Dice;
  readonly #scene: Scene;
  readonly #choices: readonly Choice[];
  readonly #total: number;
  readonly #name: string;

  /** @param live  whether what chance and the clock decide may stand: replies will not be compared */
  constructor(seed: number, vocabulary: Vocabulary, payloads: readonly string[], live = false) {
    this.#name = `seed ${seed}`;
    this.#dice = new Dice(seed);
    this.#scene = { dice: this.#dice, key: "", count: 0, clock: 1, live, payloads };
    this.#choices = vocabulary.choices;
    this.#total = vocabulary.choices.reduce((sum, { weight }) => sum + weight, 0);
  }

  make(commands: number): Script {
    const dice = this.#dice;
    const config = dice.chance(0.5) ? SMALL_LIMITS : USUAL_LIMITS;
    const policy = dice.chance(0.15) ? "allkeys-lfu" : "noeviction";
    const units: Unit[] = [];
    for (let steps = 0; steps < commands; ) {
      const unit = this.#unit();
      units.push(unit);
      steps += unit.length;
    }
    const protocol = dice.chance(0.5) ? 3 : 2;
    return { name: this.#name, protocol, config: [...config, ["maxmemory-policy", policy]], units };
  }

  #unit(): Unit {
    const { dice } = this.#scene;
    const kind = dice.int(0, 999);
    if (kind < 25) return this.#transaction();
    if (kind < 35) return this.#expiring();
    if (kind < 55) return [{ words: ["COMMAND", dice.pick(["GETKEYS", "GETKEYSANDFLAGS"]), ...this.#command()] }];
    return this.#step();
  }

  #step(): Unit {
    const words = this.#command();
    return this.#scene.live ? [{ words }] : withCleanup(words);
  }

  #command(): string[] {
    const { dice } = this.#scene;
    let at = (dice.int(0, 999_999) / 1_000_000) * this.#total;
    const choice = this.#choices.find(({ weight }) => (at -= weight) < 0) ?? this.#choices[0]!;
    const words = [...choice.words];
    choice.template(this.#scene, words);
    const sent = dice.chance(SPOILED) ? spoil(words, dice) : words;
    if (dice.chance(0.03)) sent[0] = oddCase(sent[0]!, this.#scene);
    return sent;
  }

  #transaction(): Unit {
    const { dice } = this.#scene;
    const steps: Step[] = [];
    const say = (...words: string[]) => steps.push({ words });
    if (dice.chance(0.3)) say("WATCH", kinds["key"]!(this.#scene) as string);
    if (dice.chance(0.15)) steps.push(...this.#step());
    if (dice.chance(0.05)) say("UNWATCH");
    say("MULTI");
    for (let i = dice.int(0, 6); i > 0; i--) steps.push(...this.#step());
    if (dice.chance(0.03)) say(dice.pick(["MULTI", "WATCH"]), ...(dice.chance(0.5) ? ["key"] : []));
    if (dice.chance(0.03)) say("NOSUCHCOMMAND", "a");
    say(...(dice.chance(0.9) ? ["EXEC"] : dice.chance(0.8) ? ["DISCARD"] : ["EXEC", "x"]));
    if (dice.chance(0.05)) say(dice.pick(["EXEC", "DISCARD"]));
    return steps;
  }

  /** A key expires while nobody looks. */
  #expiring(): Unit {
    const { dice } = this.#scene;
    const key = kinds["key"]!(this.#scene) as string;
    const first = dice.chance(0.7) ? ["PEXPIRE", key, "4"] : ["SET", key, "brief", "PX", "4"];
    const later = dice.pick([
      ["GET", key],
      ["EXISTS", key],
      ["TYPE", key],
      ["TTL", key],
      ["RENAME", key, "str:0"],
      ["PERSIST", key],
    ]);
    return [{ words: first, pauseMs: 10 }, { words: later }];
  }
}

/** What chance or the clock decided is deleted at once, so that both go on with the same data. */
function withCleanup(words: string[]): Unit {
  // redis-server's SORT fails if any command before it left an ERANGE behind; this one clears it.
  if (/^sort/i.test(words[0]!)) return [{ words: ["INCRBYFLOAT", "errno", "x"] }, ...withoutChance(words)];
  return [...consumersOf(words).map((words) => ({ words })), ...withoutChance(words)];
}

/** 7.2 creates a consumer even if there is nothing to claim or to read for it; 7.0 does not. So it is created before. */
function consumersOf(words: readonly string[]): string[][] {
  if (/^x(auto)?claim$/i.test(words[0]!) && words.length > 3)
    return [["XGROUP", "CREATECONSUMER", ...words.slice(1, 4)]];
  if (!/^xreadgroup$/i.test(words[0]!)) return [];
  const after = (name: string) => words.findIndex((word) => word.toUpperCase() === name) + 1;
  const [group, streams] = [after("GROUP"), after("STREAMS")];
  if (group === 0 || streams === 0) return [];
  return words.slice(streams).map((key) => ["XGROUP", "CREATECONSUMER", key, ...words.slice(group, group + 2)]);
}

function withoutChance(words: string[]): Unit {
  return isFickle(words) ? [{ words }, { words: ["DEL", ...words.slice(1)] }] : [{ words }];
}

function isFickle(words: readonly string[]): boolean {
  const has = (word: string) => words.some((other) => other.toUpperCase() === word);
  switch (words[0]!.toUpperCase()) {
    case "SPOP":
      return words.length > 1;
    case "XADD":
      return words.includes("*");
    case "SORT":
      // What is equal by its pattern's value, or not sorted at all, may stand in any order.
      return has("STORE") && (has("BY") || has("ALPHA"));
    default:
      return false;
  }
}
