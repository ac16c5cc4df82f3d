/** INFO stats. */
import type { Server } from "../server.ts";
import type { Lines } from "./info.ts";

export function statsSection(server: Server): Lines {
  const { stats, engine, pubsub, dispatch } = server;
  let { bytesIn, bytesOut } = stats;
  for (const connection of server.clients.byId.values()) {
    bytesIn += connection.bytesIn;
    bytesOut += connection.bytesOut;
  }
  const kilobytes = (rate: { perSecond: number }) => (rate.perSecond / 1024).toFixed(2);
  return [
    `total_connections_received:${stats.connectionsReceived}`,
    `total_commands_processed:${dispatch.commandsProcessed}`,
    `instantaneous_ops_per_sec:${Math.floor(stats.commandsRate.perSecond)}`,
    `total_net_input_bytes:${bytesIn}`,
    `total_net_output_bytes:${bytesOut}`,
    "total_net_repl_input_bytes:0",
    "total_net_repl_output_bytes:0",
    `instantaneous_input_kbps:${kilobytes(stats.inputRate)}`,
    `instantaneous_output_kbps:${kilobytes(stats.outputRate)}`,
    "instantaneous_input_repl_kbps:0.00",
    "instantaneous_output_repl_kbps:0.00",
    `rejected_connections:${stats.rejectedConnections}`,
    `tls_handshake_failures:${server.tls.failedHandshakes}`,
    "sync_full:0",
    "sync_partial_ok:0",
    "sync_partial_err:0",
    `expired_keys:${engine.stats.expiredKeys}`,
    `expired_subkeys:${engine.stats.expiredFields}`,
    `expired_stale_perc:${engine.stats.expiredStalePerc.toFixed(2)}`,
    `expired_time_cap_reached_count:${engine.stats.expiredTimeCapReached}`,
    `expire_cycle_cpu_milliseconds:${Math.floor(engine.stats.expireCycleMicros / 1000)}`,
    `evicted_keys:${engine.stats.evictedKeys}`,
    `evicted_clients:${server.eviction.evicted}`,
    "total_eviction_exceeded_time:0",
    "current_eviction_exceeded_time:0",
    `keyspace_hits:${engine.stats.keyspaceHits}`,
    `keyspace_misses:${engine.stats.keyspaceMisses}`,
    `pubsub_channels:${pubsub.channels.size}`,
    `pubsub_patterns:${pubsub.patterns.size}`,
    `pubsubshard_channels:${pubsub.shardChannels.size}`,
    "latest_fork_usec:0",
    "total_forks:0",
    "migrate_cached_sockets:0",
    "slave_expires_tracked_keys:0",
    "active_defrag_hits:0",
    "active_defrag_misses:0",
    "active_defrag_key_hits:0",
    "active_defrag_key_misses:0",
    "total_active_defrag_time:0",
    "current_active_defrag_time:0",
    "tracking_total_keys:0",
    "tracking_total_items:0",
    "tracking_total_prefixes:0",
    `unexpected_error_replies:${stats.unexpectedErrors}`,
    `total_error_replies:${stats.errorReplies}`,
    `dump_payload_sanitizations:${engine.stats.payloadSanitizations}`,
    `total_reads_processed:${stats.reads}`,
    `total_writes_processed:${stats.writes}`,
    "io_threaded_reads_processed:0",
    "io_threaded_writes_processed:0",
    `client_query_buffer_limit_disconnections:${stats.queryBufferLimitDisconnections}`,
    `client_output_buffer_limit_disconnections:${stats.outputBufferLimitDisconnections}`,
    "reply_buffer_shrinks:0",
    "reply_buffer_expands:0",
    `acl_access_denied_auth:${stats.aclDenied.auth}`,
    `acl_access_denied_cmd:${stats.aclDenied.command}`,
    `acl_access_denied_key:${stats.aclDenied.key}`,
    `acl_access_denied_channel:${stats.aclDenied.channel}`,
  ];
}
