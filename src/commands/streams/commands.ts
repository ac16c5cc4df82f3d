/** The commands on streams. */
import type { CommandRow } from "../call.ts";
import { claimCommands } from "./claiming.ts";
import { entryCommands } from "./entries.ts";
import { groupCommands } from "./groups.ts";
import { infoCommands } from "./info.ts";
import { pendingCommands } from "./pending.ts";
import { rangeCommands } from "./ranges.ts";
import { readCommands } from "./reading.ts";

export const streams: readonly CommandRow[] = [
  ...entryCommands,
  ...rangeCommands,
  ...readCommands,
  ...groupCommands,
  ...pendingCommands,
  ...claimCommands,
  ...infoCommands,
];
