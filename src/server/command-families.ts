/** Which families of commands a server has: to add one, add its line here. */

import { clusterCommands } from "../cluster/commands.ts";
import type { CommandRow } from "../commands/call.ts";
import { dataFamilies } from "../commands/data-families.ts";
import { BadRename, CommandTable } from "../commands/table.ts";
import { badLine } from "../config/file.ts";
import { connectionCommands } from "./commands/connection.ts";
import { migrateCommands } from "./commands/migrate.ts";
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
    migrateCommands(server),
    ...dataFamilies,
    // In a node of a cluster that room's own rows prevail.
    clusterCommands(null),
  ];
  const known = [...own, ...members].map((rows) =>
    rows.filter((row) =>
      server.sentinelMode ? hasFlag(row, "sentinel", "only_sentinel") : !hasFlag(row, "only_sentinel"),
    ),
  );
  const lines = server.options.extras?.renames ?? [];
  const renames = lines.map(({ words }) => ({ from: words[1]!, to: words[2]! }));
  try {
    return new CommandTable(known, renames);
  } catch (error) {
    if (error instanceof BadRename) throw badLine(lines[renames.indexOf(error.rename as never)]!, error.message);
    throw error;
  }
}

function hasFlag(row: CommandRow, ...flags: readonly CommandRow["flags"][number][]): boolean {
  return flags.some((flag) => row.flags.includes(flag));
}
