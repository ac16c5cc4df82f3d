/** The families of this room: what a server offers for its data. To add one, add its line here. */
import { bitfields } from "./bitfield.ts";
import { bitop } from "./bitop.ts";
import { bits } from "./bits.ts";
import type { CommandRow } from "./call.ts";
import { counters } from "./counters.ts";
import { databaseCommands } from "./databases.ts";
import { dumping } from "./dump.ts";
import { expiry } from "./expiry.ts";
import { geo } from "./geo/rows.ts";
import { hashCounters } from "./hashes/counters.ts";
import { fieldExpiry } from "./hashes/expiring.ts";
import { randomFields } from "./hashes/random.ts";
import { hashReading } from "./hashes/reading.ts";
import { hashScanning } from "./hashes/scan.ts";
import { fieldTimes } from "./hashes/ttl.ts";
import { hashWriting } from "./hashes/writing.ts";
import { hyperLogLogs } from "./hyperloglog/commands.ts";
import { hyperLogLogDebugging } from "./hyperloglog/debug.ts";
import { keyCommands } from "./keys.ts";
import { lcsCommands } from "./lcs.ts";
import { blockingLists } from "./lists/blocking.ts";
import { listElements } from "./lists/elements.ts";
import { listEnds } from "./lists/ends.ts";
import { objects } from "./object.ts";
import { scanning } from "./scan.ts";
import { setAlgebra } from "./sets/algebra.ts";
import { setMembers } from "./sets/members.ts";
import { randomMembers } from "./sets/random.ts";
import { sorting } from "./sort/sort.ts";
import { sortedSetAdding } from "./sorted-sets/adding.ts";
import { blockingSortedSets } from "./sorted-sets/blocking.ts";
import { sortedSetCombining } from "./sorted-sets/combining.ts";
import { sortedSetPopping } from "./sorted-sets/popping.ts";
import { sortedSetRanges } from "./sorted-sets/ranges.ts";
import { sortedSetReading } from "./sorted-sets/reading.ts";
import { sortedSetRemoving } from "./sorted-sets/removing.ts";
import { sortedSetSampling } from "./sorted-sets/sampling.ts";
import { streams } from "./streams/commands.ts";
import { stringRanges } from "./string-ranges.ts";
import { strings } from "./strings.ts";

export const dataFamilies: readonly (readonly CommandRow[])[] = [
  strings,
  stringRanges,
  counters,
  lcsCommands,
  bits,
  bitop,
  bitfields,
  keyCommands,
  expiry,
  scanning,
  objects,
  dumping,
  streams,
  databaseCommands,
  setMembers,
  randomMembers,
  setAlgebra,
  geo,
  sorting,
  hashWriting,
  hashReading,
  hashCounters,
  randomFields,
  hashScanning,
  fieldExpiry,
  fieldTimes,
  listEnds,
  listElements,
  blockingLists,
  sortedSetAdding,
  sortedSetRemoving,
  sortedSetReading,
  sortedSetRanges,
  sortedSetPopping,
  blockingSortedSets,
  sortedSetSampling,
  sortedSetCombining,
  hyperLogLogs,
  hyperLogLogDebugging,
];
