/** Keys as texts to find their watchers and waiters by. */
import { createHash } from "node:crypto";
import type { Slice } from "../base/bytes.ts";

/** JavaScript's longest string, with room for what is put in front. A key may be a little longer, and go by its hash then. */
export const LONGEST_TEXT = 2 ** 29 - 64;

/** The name of a key in all databases: no two have the same. */
export function keyName(dbIndex: number, key: Slice): string {
  if (key.length <= LONGEST_TEXT) return `${dbIndex}:${key.latin1()}`;
  return `${dbIndex}#${createHash("sha256").update(key.view()).digest("hex")}`;
}
