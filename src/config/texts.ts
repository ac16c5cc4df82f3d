/** Directives that are one piece of text: names, passwords, paths. */
import { resolve } from "node:path";
import { quoteWord } from "../base/words.ts";
import { type Directive, directive, Refusal, type Traits } from "./kinds.ts";

/** Text of one character a byte; empty means "not set" where that is the default. */
export function text(fallback: string, traits: Traits<string> = {}): Directive<string> {
  return directive<string>(fallback, traits, {
    kind: "text",
    values: "text",
    parse: ([word]) => word!,
    text: (value) => value,
    lines: (value) => (value === "" && !keepsEmpty(fallback, traits) ? [] : [quoteWord(value)]),
  });
}

/** The name of a file or socket, decoded from UTF-8: a string as the file system takes it. */
export function path(fallback: string, traits: Traits<string> = {}): Directive<string> {
  return directive<string>(fallback, traits, {
    kind: "path",
    values: "a path",
    parse: ([word]) => fromBytes(word!),
    text: toBytes,
    lines: (value) => (value === "" && !keepsEmpty(fallback, traits) ? [] : [quoteWord(toBytes(value))]),
  });
}

/** A name without slashes. */
export function baseName(name: string, word: string, fallback: string, traits: Traits<string> = {}): Directive<string> {
  return path(fallback, {
    ...traits,
    refuse(value) {
      if (value === "" && name !== "dbfilename") return `${name} can't be empty`;
      if (/[/\\]/.test(value)) return `${name} can't be a path, just a ${word}`;
      return traits.refuse?.(value);
    },
  });
}

/** The working directory: always absolute, a relative one continuing from the one before. */
export function directory(traits: Traits<string>): Directive<string> {
  return directive<string>("/", traits, {
    kind: "directory",
    values: "a path",
    parse: ([word], current) => resolve(current, fromBytes(word!)),
    text: toBytes,
    lines: (value) => [quoteWord(toBytes(value))],
    writes: () => true,
  });
}

/** A host name as a node tells it to others. */
export function hostName(traits: Traits<string> = {}): Directive<string> {
  return text("", {
    ...traits,
    refuse(value) {
      if (value.length >= 256) return "Hostnames must be less than 256 characters";
      if (!/^[A-Za-z0-9.-]*$/.test(value)) return "Hostnames may only contain alphanumeric characters, hyphens or dots";
      return traits.refuse?.(value);
    },
  });
}

const TITLE_VARIABLES = new Set([
  "title",
  "listen-addr",
  "server-mode",
  "port",
  "tls-port",
  "unixsocket",
  "config-file",
]);

export function titleTemplate(fallback: string, traits: Traits<string> = {}): Directive<string> {
  const isKnown = (value: string) =>
    !/[{}]/.test(value.replace(/\{([^{}]*)\}/g, (all, name) => (TITLE_VARIABLES.has(name) ? "" : all)));
  return directive<string>(fallback, traits, {
    kind: "text",
    values: `text with ${[...TITLE_VARIABLES].map((name) => `\`{${name}}\``).join(", ")}`,
    parse([word]) {
      if (!isKnown(word!)) throw new Refusal("template format is invalid or contains unknown variables");
      return word!;
    },
    text: (value) => value,
    lines: (value) => [quoteWord(value)],
  });
}

function keepsEmpty(fallback: string, traits: Traits<string>): boolean {
  return fallback !== "" || (traits.keepsEmpty ?? false);
}

function fromBytes(word: string): string {
  return Buffer.from(word, "latin1").toString("utf8");
}

function toBytes(value: string): string {
  return Buffer.from(value, "utf8").toString("latin1");
}
