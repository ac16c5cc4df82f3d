/** All grammars by family. */
import { fieldExpiry } from "./field-expiry.ts";
import { geo } from "./geo.ts";
import type { Grammar } from "./grammar.ts";
import { hashes } from "./hashes.ts";
import { hyperLogLog } from "./hyperloglog.ts";
import { keys } from "./keys.ts";
import { lists } from "./lists.ts";
import { sets } from "./sets.ts";
import { sortedSets } from "./sorted-sets.ts";
import { blockingStreams, streams } from "./streams.ts";
import { strings } from "./strings.ts";

export const grammars: Readonly<Record<string, Grammar>> = {
  strings,
  keys,
  lists,
  hashes,
  fieldExpiry,
  sets,
  sortedSets,
  geo,
  hyperLogLog,
  streams,
  blockingStreams,
};
