/** The commands of a whole server, for rules to name. */

import type { RuleContext } from "../../src/acl/user.ts";
import type { CommandTable } from "../../src/commands/table.ts";
import { withServer } from "../server/with-server.ts";

export interface Commands {
  readonly context: RuleContext;
  readonly table: CommandTable;
}

export async function commandsOfServer(config = ""): Promise<Commands> {
  let found: Commands | undefined;
  await withServer(
    async ({ server }) => {
      found = { context: { vocabulary: server.access.vocabulary, allChannelsByDefault: false }, table: server.table };
    },
    { config },
  );
  return found!;
}
