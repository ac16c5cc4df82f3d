/** Puts a server together: the core, the rooms that take part, the commands of all. */
import { configCommands } from "../config/commands.ts";
import { ClusterMember } from "./cluster-member.ts";
import { buildTable } from "./command-families.ts";
import { ServerConfigHost } from "./config-host.ts";
import { PersistenceMember } from "./persistence-member.ts";
import { ReplicationMember } from "./replication-member.ts";
import { SentinelMember } from "./sentinel-member.ts";
import { Server, type ServerOptions } from "./server.ts";

export function assemble(options: ServerOptions): Server {
  const server = new Server(options);
  if (server.sentinelMode) {
    const sentinel = new SentinelMember(server, options.processes);
    server.sentinel = sentinel.shell;
    server.members.push(sentinel);
  } else {
    const replication = new ReplicationMember(server);
    server.replication = replication.replication;
    server.members.push(new PersistenceMember(server, replication), replication);
    if (server.config.values["cluster-enabled"]) {
      server.cluster = new ClusterMember(server, replication);
      server.members.push(server.cluster);
    }
  }
  const families = [configCommands(new ServerConfigHost(server))];
  for (const member of server.members) families.push(...(member.families ?? []).map((rows) => [...rows]));
  server.equip(buildTable(server, families));
  return server;
}
