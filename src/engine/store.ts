/** What all keyspaces and value types of an engine share: one arena, one secret for the hash, one list of running snapshots. */
import { Arena } from "../memory/arena.ts";
import { Containers } from "./containers.ts";
import { Entries } from "./entry.ts";
import { Hashes } from "./hash/hashes.ts";
import { Lists } from "./list/lists.ts";
import type { Policy } from "./policy.ts";
import { Sets } from "./set/sets.ts";
import { Snapshots } from "./snapshot.ts";
import { SortedSets } from "./sorted-set/sorted-sets.ts";
import { Streams } from "./stream/streams.ts";

export class Store {
  readonly arena = new Arena();
  readonly entries = new Entries(this.arena);
  readonly containers = new Containers();
  readonly snapshots = new Snapshots();
  readonly policy: Policy;
  readonly hashes: Hashes;
  readonly lists: Lists;
  readonly sets: Sets;
  readonly sortedSets: SortedSets;
  readonly streams: Streams;
  /** The engine's time, unix ms. */
  now = 0;
  readonly random: () => number;
  /** The secret of the hash. */
  readonly k0: number;
  readonly k1: number;

  constructor(random: () => number, policy: Policy) {
    this.policy = policy;
    this.random = random;
    this.k0 = random() | 0;
    this.k1 = random() | 0;
    this.arena.watch = this.snapshots;
    this.streams = new Streams(this);
    this.hashes = new Hashes(this);
    this.containers.register("hash", this.hashes);
    this.lists = new Lists(this);
    this.sets = new Sets(this);
    this.sortedSets = new SortedSets(this);
  }
}
