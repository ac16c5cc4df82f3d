/** INFO; what it says is in info/. */
import { type CommandRow, family } from "../../commands/call.ts";
import { docs, multiple, optional, string } from "../../commands/docs.ts";
import { infoText } from "../info/info.ts";
import type { Server } from "../server.ts";

export function infoCommands(server: Server): CommandRow[] {
  return family("server", {
    INFO: {
      arity: -1,
      flags: ["loading", "stale", "sentinel"],
      acl: ["dangerous"],
      tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
      docs: docs("1.0.0", "O(1)", "Tells how the server is.", optional(multiple(string("section")))),
      run({ reply }, args) {
        const names: string[] = [];
        while (args.more) names.push(args.next().utf8());
        reply.verbatim(infoText(server, names));
      },
    },
  });
}
