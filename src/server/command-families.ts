/** Which families of commands a server has: to add one, add its line here. */
import type { CommandRow } from "../commands/call.ts";
import { dataFamilies } from "../commands/data-families.ts";
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
    ...dataFamilies,
  ];
  const families = [...own, ...members];
  if (server.sentinelMode)
    return new CommandTable(families.map((rows) => rows.filter((row) => hasFlag(row, "sentinel", "only_sentinel"))));
  return new CommandTable(families.map((rows) => rows.filter((row) => !hasFlag(row, "only_sentinel"))));
}

function hasFlag(row: CommandRow, ...flags: readonly CommandRow["flags"][number][]): boolean {
  return flags.some((flag) => row.flags.includes(flag));
}
