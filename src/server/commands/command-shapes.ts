/**
 * How COMMAND INFO and COMMAND DOCS describe a command.
 * @see https://redis.io/docs/latest/commands/command/ and https://redis.io/docs/latest/commands/command-docs/
 */
import { aclCategories } from "../../commands/acl-categories.ts";
import type { ArgumentDocs, CommandRow, Flag, KeyFlag, KeySpec } from "../../commands/call.ts";
import { KEY_FLAGS, legacyRange } from "../../commands/key-specs.ts";
import type { ReplyWriter } from "../../resp/reply-writer.ts";
import { historyOf } from "./history.ts";

/** In Redis' order. "may_replicate", "sentinel", "only_sentinel" and "protected" are nobody's business. */
const SHOWN_FLAGS: readonly Flag[] = [
  "write",
  "readonly",
  "denyoom",
  "admin",
  "pubsub",
  "noscript",
  "blocking",
  "loading",
  "stale",
  "skip_monitor",
  "skip_slowlog",
  "asking",
  "fast",
  "no_auth",
  "no_mandatory_keys",
  "no_async_loading",
  "no_multi",
  "movablekeys",
  "allow_busy",
];

export function writeCommandInfo(reply: ReplyWriter, row: CommandRow): void {
  const range = legacyRange(row);
  const flags = SHOWN_FLAGS.filter((flag) => row.flags.includes(flag) || (flag === "movablekeys" && range.movable));
  reply.array(10);
  reply.bulkText(row.name);
  reply.integer(row.arity);
  writeNames(reply, flags);
  reply.integer(range.first);
  reply.integer(range.last);
  reply.integer(range.step);
  writeNames(
    reply,
    [...aclCategories(row)].map((category) => `@${category}`),
  );
  reply.set(row.tips.length);
  for (const tip of row.tips) reply.bulkText(tip);
  reply.set(row.keys.length);
  for (const spec of row.keys) writeKeySpec(reply, spec);
  if (row.subcommands === undefined) {
    reply.set(0);
    return;
  }
  reply.array(row.subcommands.size);
  for (const subcommand of row.subcommands.values()) writeCommandInfo(reply, subcommand);
}

export function writeKeyFlags(reply: ReplyWriter, flags: readonly KeyFlag[]): void {
  writeNames(
    reply,
    KEY_FLAGS.filter((flag) => flags.includes(flag)),
  );
}

function writeNames(reply: ReplyWriter, names: readonly string[]): void {
  reply.set(names.length);
  for (const name of names) reply.simple(name);
}

function writeKeySpec(reply: ReplyWriter, { flags, begin, find, notes }: KeySpec): void {
  reply.map(notes === undefined ? 3 : 4);
  if (notes !== undefined) writeText(reply, "notes", notes);
  reply.bulkText("flags");
  writeKeyFlags(reply, flags);
  reply.bulkText("begin_search");
  if (begin === "unknown") writeSpec(reply, "unknown", {});
  else if ("index" in begin) writeSpec(reply, "index", { index: begin.index });
  else writeSpec(reply, "keyword", { keyword: begin.keyword, startfrom: begin.startFrom });
  reply.bulkText("find_keys");
  if (find === "unknown") writeSpec(reply, "unknown", {});
  else if ("lastKey" in find)
    writeSpec(reply, "range", { lastkey: find.lastKey, keystep: find.step, limit: find.limit });
  else writeSpec(reply, "keynum", { keynumidx: find.keyNumIndex, firstkey: find.firstKey, keystep: find.step });
}

function writeSpec(reply: ReplyWriter, type: string, spec: Record<string, string | number>): void {
  reply.map(2);
  writeText(reply, "type", type);
  reply.bulkText("spec");
  const fields = Object.entries(spec);
  reply.map(fields.length);
  for (const [name, value] of fields) {
    reply.bulkText(name);
    if (typeof value === "number") reply.integer(value);
    else reply.bulkText(value);
  }
}

/** A map whose fields that have nothing to say are left out. */
class OptionalFields {
  readonly #fields: [string, () => void][] = [];
  readonly #reply: ReplyWriter;

  constructor(reply: ReplyWriter) {
    this.#reply = reply;
  }

  text(name: string, value: string | undefined): this {
    return value === undefined ? this : this.add(name, () => this.#reply.bulkText(value));
  }

  add(name: string, write: () => void): this {
    this.#fields.push([name, write]);
    return this;
  }

  write(): void {
    this.#reply.map(this.#fields.length);
    for (const [name, write] of this.#fields) {
      this.#reply.bulkText(name);
      write();
    }
  }
}

export function writeCommandDocs(reply: ReplyWriter, row: CommandRow): void {
  const { docs, subcommands } = row;
  const fields = new OptionalFields(reply)
    .text("summary", docs.summary)
    .text("since", docs.since)
    .text("group", docs.group ?? row.family)
    .text("complexity", docs.complexity);
  const flags = [...(docs.deprecated === undefined ? [] : ["deprecated"]), ...(docs.internal ? ["syscmd"] : [])];
  if (flags.length > 0) fields.add("doc_flags", () => writeNames(reply, flags));
  if (docs.deprecated !== undefined)
    fields.text("deprecated_since", docs.deprecated.since).text("replaced_by", docs.deprecated.replacedBy);
  const history = historyOf(row.name);
  if (history.length > 0) fields.add("history", () => writeHistory(reply, history));
  const parts = docs.arguments ?? [];
  if (parts.length > 0) fields.add("arguments", () => writeArguments(reply, parts));
  if (subcommands !== undefined)
    fields.add("subcommands", () => {
      reply.map(subcommands.size);
      for (const subcommand of subcommands.values()) {
        reply.bulkText(subcommand.name);
        writeCommandDocs(reply, subcommand);
      }
    });
  fields.write();
}

function writeHistory(reply: ReplyWriter, history: readonly [string, string][]): void {
  reply.set(history.length);
  for (const [version, what] of history) {
    reply.array(2);
    reply.bulkText(version);
    reply.bulkText(what);
  }
}

function writeArguments(reply: ReplyWriter, parts: readonly ArgumentDocs[]): void {
  reply.array(parts.length);
  for (const part of parts) {
    const inner = part.arguments;
    const fields = new OptionalFields(reply).text("name", part.name).text("type", part.type);
    if (inner === undefined) fields.text("display_text", part.name);
    if (part.keySpecIndex !== undefined) fields.add("key_spec_index", () => reply.integer(part.keySpecIndex!));
    fields.text("token", part.token).text("since", part.since);
    if (part.flags !== undefined && part.flags.length > 0) fields.add("flags", () => writeNames(reply, part.flags!));
    if (inner !== undefined) fields.add("arguments", () => writeArguments(reply, inner));
    fields.write();
  }
}

function writeText(reply: ReplyWriter, name: string, value: string): void {
  reply.bulkText(name);
  reply.bulkText(value);
}
