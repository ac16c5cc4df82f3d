/**
 * What kinds of directives there are: how each reads its words, prints itself for CONFIG GET and writes itself for CONFIG
 * REWRITE. A row of the table is one call of a function of this file; kinds with several words are in `special.ts`.
 *
 * Texts are strings of one character a byte (latin1), as they came from the file or the wire; only a `path` is decoded.
 */

/** Why a value is not taken: the text after the dash in CONFIG SET's error, the last line of a fatal config file error. */
export class Refusal extends Error {}

export interface Traits<T> {
  /** Other names of the same directive: older words, and those of Valkey. */
  readonly aliases?: readonly string[];
  /** Only the file and the command line can set it. */
  readonly immutable?: boolean;
  /** CONFIG GET shows it only when it is named in full. */
  readonly hidden?: boolean;
  /** Its value is kept out of SLOWLOG and MONITOR. */
  readonly sensitive?: boolean;
  /** CONFIG SET takes it only as `enable-protected-configs` says. */
  readonly protected?: boolean;
  /** CONFIG SET does not take it while a data set is being loaded. */
  readonly denyLoading?: boolean;
  /** CONFIG REWRITE keeps a line that says `""`; others are dropped when they are not set. */
  readonly keepsEmpty?: boolean;
  /** CONFIG SET applies it even if the value is what it was: a file is read again. */
  readonly rereads?: boolean;
  /** Accepted without effect, because ignoring it is safe; the reason is shown in docs/configuration.md. */
  readonly inert?: string;
  /** Kept and shown, and takes effect once the named feature is built. */
  readonly awaits?: string;
  /** Not a directive of Redis or Valkey. */
  readonly ours?: string;
  /** Says why a well-formed value is not taken all the same. */
  readonly refuse?: (value: T) => string | undefined;
}

export interface Directive<T> {
  readonly kind: string;
  readonly default: T;
  readonly traits: Traits<T>;
  /** Takes any number of words; the others take one. */
  readonly manyWords: boolean;
  /**
   * @param current  the value so far, for directives of which a line changes a part
   * @param repeated  the same file set it already: further lines add to a list
   * @throws Refusal
   */
  parse(words: readonly string[], current: T, repeated: boolean): T;
  /** As CONFIG GET shows it. */
  text(value: T): string;
  /** As CONFIG REWRITE writes it: one entry a line, without the name. */
  lines(value: T): string[];
  /** Whether CONFIG REWRITE adds `line` to a file that does not have it, rather than leave it out as the default. */
  writes(value: T, line: number): boolean;
  /** What the documentation says of the values. */
  readonly values: string;
}

/** How a kind differs from a directive that reads one word and writes one line. */
export interface Shape<T> {
  kind: string;
  values: string;
  parse(words: readonly string[], current: T, repeated: boolean): T;
  text(value: T): string;
  manyWords?: boolean;
  lines?(value: T): string[];
  writes?(value: T, line: number): boolean;
}

export function directive<T>(fallback: T, traits: Traits<T>, shape: Shape<T>): Directive<T> {
  return {
    kind: shape.kind,
    values: shape.values,
    default: fallback,
    traits,
    manyWords: shape.manyWords ?? false,
    parse(words, current, repeated) {
      const value = shape.parse(words, current, repeated);
      const refusal = traits.refuse?.(value);
      if (refusal !== undefined) throw new Refusal(refusal);
      return value;
    },
    text: shape.text,
    lines: shape.lines ?? ((value) => [shape.text(value)]),
    writes: shape.writes ?? ((value) => shape.text(value) !== shape.text(fallback)),
  };
}

export function yesNo(fallback: boolean, traits: Traits<boolean> = {}): Directive<boolean> {
  return directive<boolean>(fallback, traits, {
    kind: "yes-no",
    values: "`yes`, `no`",
    parse([word]) {
      const answer = word!.toLowerCase();
      if (answer !== "yes" && answer !== "no") throw new Refusal("argument must be 'yes' or 'no'");
      return answer === "yes";
    },
    text: (value) => (value ? "yes" : "no"),
  });
}

/** One word of several. `same` maps a second name of a value to the one that is shown. */
export function oneOf<const Name extends string>(
  names: readonly Name[],
  fallback: Name,
  traits: Traits<Name> & { same?: Readonly<Record<string, Name>> } = {},
): Directive<Name> {
  const { same = {}, ...rest } = traits;
  return directive<Name>(fallback, rest, {
    kind: "enum",
    values: names.map((name) => `\`${name}\``).join(", "),
    parse([word]) {
      const name = names.find((candidate) => candidate === word!.toLowerCase());
      if (name === undefined) throw notOneOf(names);
      return same[name] ?? name;
    },
    text: (value) => value,
  });
}

export function notOneOf(names: readonly string[]): Refusal {
  return new Refusal(`argument(s) must be one of the following: ${names.join(", ")}`);
}
