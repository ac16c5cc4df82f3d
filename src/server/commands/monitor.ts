/** MONITOR: see every command as it is run. */
import { ReplyError } from "../../base/reply-error.ts";
import { type CommandRow, family } from "../../commands/call.ts";
import { docs } from "../../commands/docs.ts";
import type { Connection } from "../connection.ts";
import type { Server } from "../server.ts";

export function monitorCommands(server: Server): CommandRow[] {
  return family("server", {
    MONITOR: {
      arity: 1,
      flags: ["admin", "noscript", "loading", "stale"],
      docs: docs("1.0.0", "None", "Shows every command that the server runs, from now on."),
      run({ reply, session }) {
        if (session.denyBlocking) throw new ReplyError("ERR", "MONITOR isn't allowed for DENY BLOCKING client");
        const connection = session as Connection;
        if (connection.monitor) return;
        server.monitors.add(connection);
        reply.ok();
      },
    },
  });
}
