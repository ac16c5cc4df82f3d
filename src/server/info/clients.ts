/** INFO clients. */
import { clientMemory } from "../client-list.ts";
import type { Server } from "../server.ts";
import type { Lines } from "./info.ts";

export function clientsSection(server: Server): Lines {
  let connected = 0;
  let blocked = 0;
  let subscribers = 0;
  let maxInput = 0;
  let maxOutput = 0;
  for (const connection of server.clients.byId.values()) {
    if (connection.replica === null && !connection.fromPrimary) connected++;
    if (connection.blocked !== null) blocked++;
    if (connection.subscriptions > 0) subscribers++;
    const memory = clientMemory(connection);
    maxInput = Math.max(maxInput, memory.query + memory.queryFree);
    maxOutput = Math.max(maxOutput, memory.output);
  }
  const pause = server.pause.describe(server.now);
  return [
    `connected_clients:${connected}`,
    "cluster_connections:0",
    `maxclients:${server.config.values.maxclients}`,
    `client_recent_max_input_buffer:${maxInput}`,
    `client_recent_max_output_buffer:${maxOutput}`,
    `blocked_clients:${blocked}`,
    "tracking_clients:0",
    `pubsub_clients:${subscribers}`,
    `watching_clients:${server.watches.watchers}`,
    `clients_in_timeout_table:${server.blocking.withTimeout}`,
    `total_watched_keys:${server.watches.keys}`,
    `total_blocking_keys:${server.blocking.keys}`,
    `total_blocking_keys_on_nokey:${server.blocking.keysOnMissing}`,
    `paused_reason:${pause.reason}`,
    `paused_actions:${pause.actions}`,
    `paused_timeout_milliseconds:${pause.timeoutMs}`,
  ];
}
