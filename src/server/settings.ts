/** Directives whose values are kept in other places as well, where the hot path reads them. */
import type { DirectiveName, Settings } from "../config/directives.ts";
import type { Policy } from "../engine/policy.ts";

export function obeyPolicy(policy: Policy, values: Settings): void {
  policy.maxmemoryPolicy = values["maxmemory-policy"];
  policy.maxmemorySamples = values["maxmemory-samples"];
  policy.maxmemoryEvictionTenacity = values["maxmemory-eviction-tenacity"];
  policy.lfuLogFactor = values["lfu-log-factor"];
  policy.lfuDecayTime = values["lfu-decay-time"];
  policy.lazyfreeLazyEviction = values["lazyfree-lazy-eviction"];
  policy.lazyfreeLazyExpire = values["lazyfree-lazy-expire"];
  policy.lazyfreeLazyServerDel = values["lazyfree-lazy-server-del"];
  policy.lazyfreeLazyUserDel = values["lazyfree-lazy-user-del"];
  policy.lazyfreeLazyUserFlush = values["lazyfree-lazy-user-flush"];
  policy.activeExpireEffort = values["active-expire-effort"];
  policy.streamNodeMaxBytes = values["stream-node-max-bytes"];
  policy.streamNodeMaxEntries = values["stream-node-max-entries"];
  policy.protoMaxBulkLen = values["proto-max-bulk-len"];
  policy.listMaxListpackSize = values["list-max-listpack-size"];
  policy.hashMaxListpackEntries = values["hash-max-listpack-entries"];
  policy.hashMaxListpackValue = values["hash-max-listpack-value"];
  policy.setMaxIntsetEntries = values["set-max-intset-entries"];
  policy.setMaxListpackEntries = values["set-max-listpack-entries"];
  policy.setMaxListpackValue = values["set-max-listpack-value"];
  policy.zsetMaxListpackEntries = values["zset-max-listpack-entries"];
  policy.zsetMaxListpackValue = values["zset-max-listpack-value"];
  policy.hllSparseMaxBytes = values["hll-sparse-max-bytes"];
  policy.sanitizeDumpPayload = values["sanitize-dump-payload"];
}

/** What `Server.applySettings` carries over after a CONFIG SET. */
export const KEPT_ELSEWHERE: readonly DirectiveName[] = [
  "active-expire-effort",
  "client-output-buffer-limit",
  "hash-max-listpack-entries",
  "hash-max-listpack-value",
  "hll-sparse-max-bytes",
  "latency-monitor-threshold",
  "lazyfree-lazy-eviction",
  "lazyfree-lazy-expire",
  "lazyfree-lazy-server-del",
  "lazyfree-lazy-user-del",
  "lazyfree-lazy-user-flush",
  "lfu-decay-time",
  "lfu-log-factor",
  "list-max-listpack-size",
  "maxmemory",
  "maxmemory-clients",
  "maxmemory-eviction-tenacity",
  "maxmemory-policy",
  "maxmemory-samples",
  "notify-keyspace-events",
  "proto-max-bulk-len",
  "sanitize-dump-payload",
  "set-max-intset-entries",
  "set-max-listpack-entries",
  "set-max-listpack-value",
  "slowlog-log-slower-than",
  "slowlog-max-len",
  "stream-node-max-bytes",
  "stream-node-max-entries",
  "zset-max-listpack-entries",
  "zset-max-listpack-value",
];
