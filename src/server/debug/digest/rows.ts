/** How the value of each type goes into a digest: a row a type, a file beside this one for each container. */
import type { TypeName } from "../../../engine/entry.ts";
import type { StoredValue } from "../../../engine/snapshot.ts";
import type { Store } from "../../../engine/store.ts";
import { digestSet } from "./set.ts";
import type { Digest } from "./sum.ts";

import { digestStream } from "./stream.ts";
/** Adds a value to the sum, as Redis does for its type; the type's number is in the sum already. */
export type DigestRow = (sum: Digest, value: StoredValue, store: Store) => void;

export const DIGEST_ROWS: Readonly<Partial<Record<TypeName, DigestRow>>> = {
  set: digestSet,
  string: (sum, value) => sum.mixSlice(value.string),
};
  stream: digestStream,
  zset: digestSortedSet,
