/** How the value of each type goes into a digest: a row a type, a file beside this one for each container. */
import type { TypeName } from "../../../engine/entry.ts";
import type { StoredValue } from "../../../engine/snapshot.ts";
import type { Store } from "../../../engine/store.ts";
import { digestHash } from "./hash.ts";
import { digestList } from "./list.ts";
import { digestSet } from "./set.ts";
import { digestSortedSet } from "./sorted-set.ts";
import { digestStream } from "./stream.ts";
import type { Digest } from "./sum.ts";

/** Adds a value to the sum, as Redis does for its type; the type's number is in the sum already. */
export type DigestRow = (sum: Digest, value: StoredValue, store: Store) => void;

export const DIGEST_ROWS: Readonly<Partial<Record<TypeName, DigestRow>>> = {
  hash: digestHash,
  list: digestList,
  set: digestSet,
  stream: digestStream,
  string: (sum, value) => sum.mixSlice(value.string),
  zset: digestSortedSet,
};
