import type { ReplicationSettings } from "../../src/replication/dataset.ts";

/** Redis' defaults, and ours. */
export function defaultSettings(): ReplicationSettings {
  return {
    port: 6379,
    replicaAnnounceIp: "",
    replicaAnnouncePort: 0,
    replicaPriority: 100,
    replicaAnnounced: true,
    replicaReadOnly: true,
    replicaServeStaleData: true,
    masteruser: "",
    masterauth: "",
    replBacklogSize: 1024 * 1024,
    replBacklogTtlSeconds: 3600,
    replTimeoutSeconds: 60,
    replPingReplicaPeriodSeconds: 10,
    replDisableTcpNodelay: false,
    replDisklessSync: true,
    replDisklessSyncDelaySeconds: 5,
    replDisklessSyncMaxReplicas: 0,
    minReplicasToWrite: 0,
    minReplicasMaxLagSeconds: 10,
    replicaOutputLimit: { hardBytes: 256 * 1024 * 1024, softBytes: 64 * 1024 * 1024, softSeconds: 60 },
    shutdownTimeoutSeconds: 10,
    bindSourceAddr: "",
    dir: ".",
    replicas: [],
    sentinels: [],
    sentinelsMasterName: "",
    sentinelsUser: "",
    sentinelsPass: "",
    emptyPrimaryGuard: true,
    lostWritesFile: true,
    returningPrimaryPauseMs: 500,
    returningPrimaryTimeoutMs: 5000,
  };
}
