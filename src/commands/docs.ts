/** Small words to write COMMAND DOCS with, so that a row states its arguments in a line or two. */
import type { ArgumentDocs, CommandDocs, KeySpec } from "./call.ts";

/** @param summary  in our own words; one sentence */
export function docs(since: string, complexity: string, summary: string, ...parts: ArgumentDocs[]): CommandDocs {
  return { since, complexity, summary, arguments: parts };
}

/** Of a command that is not for applications: COMMAND DOCS says "syscmd". */
export function internal(documented: CommandDocs): CommandDocs {
  return { ...documented, internal: true };
}

/** Of a command that is not to be used any more. */
export function deprecated(since: string, replacedBy: string, documented: CommandDocs): CommandDocs {
  return { ...documented, deprecated: { since, replacedBy } };
}

export function key(name = "key", keySpecIndex = 0): ArgumentDocs {
  return { name, type: "key", keySpecIndex };
}

export function string(name: string, token?: string): ArgumentDocs {
  return { name, type: "string", token };
}

export function integer(name: string, token?: string): ArgumentDocs {
  return { name, type: "integer", token };
}

export function double(name: string, token?: string): ArgumentDocs {
  return { name, type: "double", token };
}

export function pattern(name: string, token?: string): ArgumentDocs {
  return { name, type: "pattern", token };
}

export function unixTime(name: string, token?: string): ArgumentDocs {
  return { name, type: "unix-time", token };
}

/** A word that stands for itself. */
export function word(token: string): ArgumentDocs {
  return { name: token.toLowerCase(), type: "pure-token", token };
}

export function oneOf(name: string, ...choices: ArgumentDocs[]): ArgumentDocs {
  return { name, type: "oneof", arguments: choices };
}

/** Several that come together, after `token` if there is one. */
export function block(name: string, token: string | null, ...parts: ArgumentDocs[]): ArgumentDocs {
  return { name, type: "block", token: token ?? undefined, arguments: parts };
}

export function optional(argument: ArgumentDocs): ArgumentDocs {
  return { ...argument, flags: ["optional", ...(argument.flags ?? [])] };
}

export function multiple(argument: ArgumentDocs): ArgumentDocs {
  return { ...argument, flags: [...(argument.flags ?? []), "multiple"] };
}

export function since(version: string, argument: ArgumentDocs): ArgumentDocs {
  return { ...argument, since: version };
}

/** The same key specs with a note, as COMMAND INFO shows it. */
export function noted(keys: readonly KeySpec[], notes: string): KeySpec[] {
  return keys.map((spec) => ({ ...spec, notes }));
}
