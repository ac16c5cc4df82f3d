/** The families for those who run a server: what it does, who is connected, how it is. To add one, add its line here. */
import type { CommandRow } from "../../commands/call.ts";
import type { Server } from "../server.ts";
import { aclCommands } from "./acl.ts";
import { adminCommands } from "./admin.ts";
import { clientCommands } from "./client.ts";
import { commandCommands } from "./command.ts";
import { debugCommands } from "./debug.ts";
import { infoCommands } from "./info.ts";
import { latencyCommands } from "./latency.ts";
import { memoryCommands } from "./memory.ts";
import { moduleCommands } from "./module.ts";
import { monitorCommands } from "./monitor.ts";
import { slowlogCommands } from "./slowlog.ts";

export function operatingCommands(server: Server): CommandRow[][] {
  return [
    aclCommands(server),
    clientCommands(server),
    commandCommands(server),
    infoCommands(server),
    debugCommands(server),
    monitorCommands(server),
    slowlogCommands(server),
    latencyCommands(server),
    memoryCommands(server),
    moduleCommands(server),
    adminCommands(server),
  ];
}
