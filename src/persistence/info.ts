/** INFO persistence. */
import type { Persistence } from "./persistence.ts";

/** Lines `field:value`, in Redis' order. Nothing forks here, so what tells of copied pages is 0. */
export function persistenceSection(persistence: Persistence): string[] {
  const { host, loading } = persistence;
  const { processed, total } = persistence.savedKeys;
  const lines = [
    `loading:${loading.active && !loading.async ? 1 : 0}`,
    `async_loading:${loading.active && loading.async ? 1 : 0}`,
    "current_cow_peak:0",
    "current_cow_size:0",
    "current_cow_size_age:0",
    `current_fork_perc:${(total === 0 ? 0 : (processed * 100) / total).toFixed(2)}`,
    `current_save_keys_processed:${processed}`,
    `current_save_keys_total:${total}`,
    `rdb_changes_since_last_save:${host.dirty}`,
    `rdb_bgsave_in_progress:${persistence.saving ? 1 : 0}`,
    `rdb_last_save_time:${persistence.lastSaveAt}`,
    `rdb_last_bgsave_status:${persistence.lastBgsaveOk ? "ok" : "err"}`,
    `rdb_last_bgsave_time_sec:${persistence.lastBgsaveSeconds}`,
    `rdb_current_bgsave_time_sec:${persistence.currentBgsaveSeconds}`,
    `rdb_saves:${persistence.saves}`,
    "rdb_last_cow_size:0",
    `rdb_last_load_keys_expired:${loading.keysExpired}`,
    `rdb_last_load_keys_loaded:${loading.keysLoaded}`,
    "aof_enabled:0",
    "aof_rewrite_in_progress:0",
    "aof_rewrite_scheduled:0",
    "aof_last_rewrite_time_sec:-1",
    "aof_current_rewrite_time_sec:-1",
    "aof_last_bgrewrite_status:ok",
    "aof_rewrites:0",
    "aof_rewrites_consecutive_failures:0",
    "aof_last_write_status:ok",
    "aof_last_cow_size:0",
    "module_fork_in_progress:0",
    "module_fork_last_cow_size:0",
  ];
  if (!loading.active) return lines;
  const share = loading.totalBytes === 0 ? 0 : (loading.loadedBytes * 100) / loading.totalBytes;
  return [
    ...lines,
    `loading_start_time:${loading.startedAt}`,
    `loading_total_bytes:${loading.totalBytes}`,
    `loading_rdb_used_mem:${loading.rdbUsedMemory}`,
    `loading_loaded_bytes:${loading.loadedBytes}`,
    `loading_loaded_perc:${share.toFixed(2)}`,
    `loading_eta_seconds:${loading.secondsLeft(host.clock.now())}`,
  ];
}
