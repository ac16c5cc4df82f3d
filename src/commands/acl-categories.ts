/**
 * ACL categories of commands. A row does not list them: most follow from its family and flags, as in Redis, and only the
 * rare extra stands in the row's `acl`.
 */
import type { CommandRow, Flag } from "./call.ts";

/** All there are, in the order in which COMMAND INFO and ACL CAT show them. */
export const ACL_CATEGORIES = [
  "keyspace",
  "read",
  "write",
  "set",
  "sortedset",
  "list",
  "hash",
  "string",
  "bitmap",
  "hyperloglog",
  "geo",
  "stream",
  "pubsub",
  "admin",
  "fast",
  "slow",
  "blocking",
  "dangerous",
  "connection",
  "transaction",
  "scripting",
] as const;

export type AclCategory = (typeof ACL_CATEGORIES)[number];

/** Families whose commands share a category, containers of subcommands apart. */
const OF_FAMILY: Readonly<Record<string, AclCategory>> = {
  generic: "keyspace",
  keyspace: "keyspace",
  set: "set",
  "sorted-set": "sortedset",
  list: "list",
  hash: "hash",
  string: "string",
  bitmap: "bitmap",
  hyperloglog: "hyperloglog",
  geo: "geo",
  stream: "stream",
  connection: "connection",
  transactions: "transaction",
  scripting: "scripting",
};

const OF_FLAG: Partial<Record<Flag, readonly AclCategory[]>> = {
  write: ["write"],
  readonly: ["read"],
  admin: ["admin", "dangerous"],
  pubsub: ["pubsub"],
  fast: ["fast"],
  blocking: ["blocking"],
};

const cache = new WeakMap<CommandRow, ReadonlySet<string>>();

/** The categories of a command, without "@". */
export function aclCategories(row: CommandRow): ReadonlySet<string> {
  let categories = cache.get(row);
  if (categories === undefined) cache.set(row, (categories = derive(row)));
  return categories;
}

function derive(row: CommandRow): ReadonlySet<string> {
  const found = new Set<string>(row.acl);
  const ofFamily = OF_FAMILY[row.family];
  if (ofFamily !== undefined && row.subcommands === undefined) found.add(ofFamily);
  for (const flag of row.flags) for (const category of OF_FLAG[flag] ?? []) found.add(category);
  // What a script reads and writes is told by the commands it calls.
  if (found.has("scripting")) {
    found.delete("read");
    found.delete("write");
  }
  if (!found.has("fast")) found.add("slow");
  return new Set(ACL_CATEGORIES.filter((category) => found.has(category)));
}
