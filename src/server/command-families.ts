/** Which families of commands a server has: to add one, add its line here. */
import { bitfields } from "../commands/bitfield.ts";
import { bitop } from "../commands/bitop.ts";
import { bits } from "../commands/bits.ts";
import type { CommandRow } from "../commands/call.ts";
import { counters } from "../commands/counters.ts";
import { databaseCommands } from "../commands/databases.ts";
import { dumping } from "../commands/dump.ts";
import { expiry } from "../commands/expiry.ts";
import { keyCommands } from "../commands/keys.ts";
import { lcsCommands } from "../commands/lcs.ts";
import { objects } from "../commands/object.ts";
import { scanning } from "../commands/scan.ts";
import { stringRanges } from "../commands/string-ranges.ts";
import { strings } from "../commands/strings.ts";
import { CommandTable } from "../commands/table.ts";
import { connectionCommands } from "./commands/connection.ts";
import { operatingCommands } from "./commands/operating.ts";
import { pubsubCommands } from "./commands/pubsub.ts";
import { transactionCommands } from "./commands/transactions.ts";
import type { Server } from "./server.ts";

/** @param members  what the rooms that take part bring along; their rows prevail */
export function buildTable(server: Server, members: readonly (readonly CommandRow[])[]): CommandTable {
  const own = [
    connectionCommands(server),
    transactionCommands(server),
    pubsubCommands(server),
    ...operatingCommands(server),
    ...dataFamilies(),
  ];
  const families = [...own, ...members];
  if (server.sentinelMode)
    return new CommandTable(families.map((rows) => rows.filter((row) => hasFlag(row, "sentinel", "only_sentinel"))));
  return new CommandTable(families.map((rows) => rows.filter((row) => !hasFlag(row, "only_sentinel"))));
}

function dataFamilies(): CommandRow[][] {
  return [
    strings,
    counters,
    stringRanges,
    lcsCommands,
    bits,
    bitop,
    bitfields,
    keyCommands,
    expiry,
    scanning,
    objects,
    databaseCommands,
    dumping,
  ];
}

function hasFlag(row: CommandRow, ...flags: readonly CommandRow["flags"][number][]): boolean {
  return flags.some((flag) => row.flags.includes(flag));
}
