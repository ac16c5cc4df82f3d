/**
 * Values that are not strings, as far as keys are concerned: an entry holds the root of a container, a ref that its type
 * alone understands. A type is registered once a store and asked whenever a key with such a value goes, is copied or looked at.
 */
import type { Marks } from "../memory/marks.ts";
import { TYPES, type TypeName } from "./entry.ts";
import type { Keyspace } from "./keyspace.ts";
import type { FreeJob, Lazyfree } from "./lazyfree.ts";
import type { ValueWalk } from "./value-walk.ts";

export interface ContainerType {
  /** About how many objects there are to free. */
  effort(root: number): number;
  /** A job that frees it all, the root included. */
  freeing(root: number): FreeJob;
  /** A walk through the value in slices, if it is worth one. */
  walk?(root: number, marks: Marks): ValueWalk | null;
  /** The root of a copy. */
  clone(root: number): number;
  /** Bytes it takes; `samples` elements are looked at, 0 for all. */
  bytes(root: number, samples: number): number;
  /** The word of OBJECT ENCODING. */
  encoding(root: number): string;
  /** It is the value of a key of this keyspace now; `hash` is that of the key. */
  attached?(root: number, keyspace: Keyspace, hash: number): void;
  /** It is so no more: the key goes, or goes elsewhere. */
  detached?(root: number, keyspace: Keyspace): void;
}

/** What is freed later where that is asked for: beyond this the detour is worth it (as in Redis). */
const LAZY_EFFORT = 64;
/** What is freed later in any case: everybody would wait for it (a millisecond or two). */
export const GREAT_EFFORT = 4096;

export class Containers {
  readonly #types: (ContainerType | undefined)[] = [];

  register(name: TypeName, type: ContainerType): void {
    this.#types[TYPES.indexOf(name)] = type;
  }

  /** By the number that stands in an entry. */
  of(type: number): ContainerType {
    const found = this.#types[type];
    if (found === undefined) throw new Error(`no container of type ${TYPES[type]}`);
    return found;
  }

  /** Frees a container: now, or in slices if it is large. */
  drop(type: number, root: number, lazy: boolean, lazyfree: Lazyfree): void {
    const container = this.of(type);
    const effort = container.effort(root);
    const job = container.freeing(root);
    if (effort > (lazy ? LAZY_EFFORT : GREAT_EFFORT)) lazyfree.add(job);
    else while (job.pending > 0) job.step(Number.MAX_SAFE_INTEGER);
  }
}
