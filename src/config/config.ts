/**
 * The configuration of one server: a value for each directive of the table (`directives.ts`), how CONFIG GET and SET read
 * and change them, and who is told. `file.ts` loads redis.conf into one, `rewrite.ts` writes it back.
 */
import { Slice } from "../base/bytes.ts";
import { matchGlob } from "../base/glob.ts";
import { errors, ReplyError } from "../base/reply-error.ts";
import { splitWords } from "../base/words.ts";
import { allNames, type DirectiveName, directives, findDirective, type Known, type Settings } from "./directives.ts";
import { type Directive, Refusal } from "./kinds.ts";
import { Rewrite, type RewriteLines } from "./rewrite.ts";

export interface ConfigOptions {
  /** The working directory, absolute: what `dir` is until it is set, and what a relative one continues from. */
  readonly directory: string;
  /** A Sentinel's: another port, no protected mode, no snapshots. */
  readonly sentinel?: boolean;
}

/** Who sends CONFIG SET, and when. */
export interface SetContext {
  /** From this machine: what "local" in `enable-protected-configs` allows. */
  readonly local?: boolean;
  readonly loading?: boolean;
}

/** What CONFIG SET is to set, by which of its names: errors repeat that one. */
interface Chosen extends Known {
  readonly called: string;
}

/** Why the new values cannot be applied, or undefined when they are; either at once or later. */
export type Applied = string | undefined | Promise<string | undefined>;

/** @param blamed  the first of its directives that changed: the one that an error names */
type Apply = (blamed: string) => Applied;

const DEFAULTS = Object.fromEntries(Object.entries(directives).map(([name, row]) => [name, row.default])) as Settings;

export class Config {
  /** Read them freely; written by `set`, `assign` and the file alone. */
  readonly values: Settings;
  readonly #sentinel: boolean;
  readonly #checks = new Map<DirectiveName, ((value: never) => string | undefined)[]>();
  readonly #appliers: { names: readonly DirectiveName[]; apply: Apply }[] = [];
  readonly #listeners = new Map<DirectiveName, ((value: never) => void)[]>();
  /** What the lines of a file read so far have set: further lines add to it. */
  readonly #loaded = new Set<DirectiveName>();

  constructor(options: ConfigOptions) {
    this.#sentinel = options.sentinel ?? false;
    this.values = { ...DEFAULTS };
    this.values.dir = options.directory;
    if (!this.#sentinel) return;
    this.values.port = 26379;
    this.values["protected-mode"] = false;
    this.values.save = [];
  }

  // --- who takes part ---------------------------------------------------------------------------------------------------

  /** `check` says why a value is refused, whether it comes from a file or from CONFIG SET. */
  check<Name extends DirectiveName>(name: Name, check: (value: Settings[Name]) => string | undefined): void {
    append(this.#checks, name, check);
  }

  /**
   * `apply` is called once after a CONFIG SET changed any of `names`; the new values stand in `values`. If it says why they
   * cannot be applied all of the CONFIG SET is taken back, and `apply` is called again to restore what was.
   */
  onApply(names: readonly DirectiveName[], apply: Apply): void {
    this.#appliers.push({ names, apply });
  }

  /** `listener` is told the value when it has changed for good, by CONFIG SET or `assign`. */
  onChange<Name extends DirectiveName>(name: Name, listener: (value: Settings[Name]) => void): void {
    append(this.#listeners, name, listener);
  }

  // --- CONFIG GET -------------------------------------------------------------------------------------------------------

  /** Names and texts for CONFIG GET: names spelled out give themselves, patterns all that match and are not hidden. */
  get(patterns: readonly string[]): [name: string, text: string][] {
    const found = new Map<string, [string, string]>();
    for (const pattern of patterns) {
      if (!/[[*?]/.test(pattern)) {
        const one = findDirective(pattern);
        if (one && !found.has(pattern.toLowerCase())) found.set(pattern.toLowerCase(), [pattern, this.#text(one)]);
        continue;
      }
      const glob = new Slice(Buffer.from(pattern, "latin1"));
      for (const [name, one] of allNames) {
        if (one.row.traits.hidden || found.has(name)) continue;
        if (matchGlob(glob, new Slice(Buffer.from(name, "latin1")), true)) found.set(name, [name, this.#text(one)]);
      }
    }
    return [...found.values()];
  }

  /** As CONFIG GET shows it. */
  text(name: DirectiveName): string {
    return this.#text({ name, row: directives[name] as Directive<unknown> });
  }

  #text({ name, row }: Known): string {
    return row.text(this.values[name]);
  }

  /** Whether the value of this directive (any of its names) must not be shown to others. */
  static isSensitive(name: string): boolean {
    return findDirective(name)?.row.traits.sensitive ?? false;
  }

  // --- CONFIG SET -------------------------------------------------------------------------------------------------------

  /**
   * Sets all of `pairs` or none.
   * @returns  a promise if something has to be waited for (a port to be opened): it rejects as this would have thrown
   * @throws ReplyError  with Redis' text
   */
  set(pairs: readonly (readonly [name: string, value: string])[], context: SetContext = {}): void | Promise<void> {
    const chosen = this.#choose(pairs, context);
    const before = { ...this.values };
    const changed: Chosen[] = [];
    for (const [i, one] of chosen.entries()) {
      try {
        const value = this.#parse(one, wordsOf(one.row, pairs[i]![1]), false);
        if (one.row.traits.rereads || !isSame(value, this.values[one.name])) changed.push(one);
        this.#store(one.name, value);
      } catch (error) {
        this.#restore(chosen, before);
        if (error instanceof Refusal) throw setFailed(one.called, error.message);
        throw error;
      }
    }
    return this.#apply(changed, before);
  }

  /** The rows that `pairs` name, if all of them may be set. */
  #choose(pairs: readonly (readonly [string, string])[], context: SetContext): Chosen[] {
    const chosen: Chosen[] = [];
    for (const [name] of pairs) {
      const one = findDirective(name);
      if (!one) throw new ReplyError("ERR", `Unknown option or number of arguments for CONFIG SET - '${name}'`);
      const { traits } = one.row;
      if (traits.immutable) throw setFailed(name, "can't set immutable config");
      if (traits.protected && !this.#allowsProtected(context)) throw setFailed(name, "can't set protected config");
      if (traits.denyLoading && context.loading) throw errors.loading;
      if (chosen.some((other) => other.name === one.name)) throw setFailed(name, "duplicate parameter");
      chosen.push({ ...one, called: name.toLowerCase() });
    }
    return chosen;
  }

  #allowsProtected({ local = false }: SetContext): boolean {
    const allowed = this.values["enable-protected-configs"];
    return allowed === "yes" || (allowed === "local" && local);
  }

  #apply(changed: readonly Chosen[], before: Settings): void | Promise<void> {
    const due = this.#appliers.filter(({ names }) => changed.some(({ name }) => names.includes(name)));
    const culprit = (i: number) => changed.find(({ name }) => due[i]!.names.includes(name))!.called;
    const next = (from: number): void | Promise<void> => {
      for (let i = from; i < due.length; i++) {
        const refusal = due[i]!.apply(culprit(i));
        if (typeof refusal === "string")
          return this.#takeBack(changed, before, due.slice(0, i + 1), culprit(i), refusal);
        if (refusal === undefined) continue;
        return refusal.then((late) =>
          late === undefined ? next(i + 1) : this.#takeBack(changed, before, due.slice(0, i + 1), culprit(i), late),
        );
      }
      for (const { name } of changed) this.#tell(name);
    };
    return next(0);
  }

  #takeBack(
    changed: readonly Known[],
    before: Settings,
    applied: readonly { apply: Apply }[],
    name: string,
    refusal: string,
  ): Promise<never> {
    this.#restore(changed, before);
    const failed = setFailed(name, refusal);
    const late = applied.map(({ apply }) => apply(name)).filter((one) => one instanceof Promise);
    if (late.length === 0) throw failed;
    return Promise.all(late).then(() => {
      throw failed;
    });
  }

  /** Only what was set: while one CONFIG SET waits for a port another may have set something else. */
  #restore(rows: readonly Known[], before: Settings): void {
    for (const { name } of rows) this.#store(name, before[name]);
  }

  // --- the server itself and the file -----------------------------------------------------------------------------------

  /** Sets a value that changed otherwise than by CONFIG SET: REPLICAOF changes `replicaof`. Nothing is checked. */
  assign<Name extends DirectiveName>(name: Name, value: Settings[Name]): void {
    this.#store(name, value);
    this.#tell(name);
  }

  /**
   * Sets what a line of a file says.
   * @throws Refusal
   */
  load(one: Known, words: readonly string[]): void {
    if (!one.row.manyWords && words.length !== 1) throw new Refusal("wrong number of arguments");
    // Several words in one pair of quotes, as the command line gives them: --save "900 1".
    const single = one.row.manyWords && words.length === 1 && words[0] !== "" ? splitWords(words[0]!) : null;
    this.#store(one.name, this.#parse(one, single ?? words, this.#loaded.has(one.name)));
    this.#loaded.add(one.name);
  }

  /**
   * The text that CONFIG REWRITE puts in the place of `old`: comments and order are kept, lines of changed directives say
   * the new value, what is neither there nor a default follows at the end. Values passed through latin1.
   * @param lines  lines that are not directives of the table: users, a Sentinel's state
   */
  rewrite(old: string, lines: RewriteLines = {}): string {
    const rewrite = new Rewrite(old);
    for (const [name, row] of Object.entries(directives) as [DirectiveName, Directive<unknown>][]) {
      const value = this.values[name];
      if (!(this.#sentinel && name === "save")) {
        for (const [i, line] of row.lines(value).entries()) rewrite.line(name, `${name} ${line}`, row.writes(value, i));
      }
      rewrite.processed(name);
    }
    rewrite.others(lines);
    return rewrite.text();
  }

  #parse({ name, row }: Known, words: readonly string[], repeated: boolean): unknown {
    const value = row.parse(words, this.values[name], repeated);
    for (const check of this.#checks.get(name) ?? []) {
      const refusal = check(value as never);
      if (refusal !== undefined) throw new Refusal(refusal);
    }
    return value;
  }

  #store(name: DirectiveName, value: unknown): void {
    (this.values as Record<DirectiveName, unknown>)[name] = value;
  }

  #tell(name: DirectiveName): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(this.values[name] as never);
  }
}

/** Values are numbers, texts, or lists and records of them. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function append<Key, Item>(map: Map<Key, Item[]>, key: Key, item: unknown): void {
  const list = map.get(key);
  if (list) list.push(item as Item);
  else map.set(key, [item as Item]);
}

/** CONFIG SET gives the words of a directive in one argument; a blank more is an empty word, as in Redis. */
function wordsOf(row: Directive<unknown>, value: string): string[] {
  return row.manyWords ? value.split(" ") : [value];
}

function setFailed(name: string, reason: string): ReplyError {
  return new ReplyError("ERR", `CONFIG SET failed (possibly related to argument '${name}') - ${reason}`);
}
