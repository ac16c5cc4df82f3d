/** INFO keyspace and cluster, and what replication and persistence look like in a server that has neither. */
import type { Server } from "../server.ts";
import type { Lines } from "./info.ts";

const NO_REPLID = "0".repeat(40);

export function keyspaceSection(server: Server): Lines {
  return server.engine.databases
    .filter((db) => db.visibleSize > 0)
    .map((db) => {
      const expiringHashes = server.engine.hashes.expiringCount(db);
      return `db${db.index}:keys=${db.visibleSize},expires=${db.volatileSize},avg_ttl=${db.averageTtl},subexpiry=${expiringHashes}`;
    });
}

export function clusterSection(): Lines {
  return ["cluster_enabled:0"];
}

export function replicationSection(server: Server): Lines {
  return [
    "role:master",
    "connected_slaves:0",
    "master_failover_state:no-failover",
    `master_replid:${server.runId}`,
    `master_replid2:${NO_REPLID}`,
    "master_repl_offset:0",
    "second_repl_offset:-1",
    "repl_backlog_active:0",
    "repl_backlog_size:0",
    "repl_backlog_first_byte_offset:0",
    "repl_backlog_histlen:0",
  ];
}

export function persistenceSection(server: Server): Lines {
  return [
    `loading:${server.loading ? 1 : 0}`,
    "async_loading:0",
    `rdb_changes_since_last_save:${server.call.totalDirty}`,
    "rdb_bgsave_in_progress:0",
    "aof_enabled:0",
    "aof_rewrite_in_progress:0",
  ];
}
