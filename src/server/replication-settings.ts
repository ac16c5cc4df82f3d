/** The directives of replication under the names that it reads them by. */
import type { Settings } from "../config/directives.ts";
import type { ReplicationSettings } from "../replication/dataset.ts";

/** @param port  where clients reach us: known once we listen */
export function replicationSettings(values: Settings, port: () => number): ReplicationSettings {
  const read: { [Name in keyof ReplicationSettings]: () => ReplicationSettings[Name] } = {
    port,
    replicaAnnounceIp: () => values["replica-announce-ip"],
    replicaAnnouncePort: () => values["replica-announce-port"],
    replicaPriority: () => values["replica-priority"],
    replicaAnnounced: () => values["replica-announced"],
    replicaReadOnly: () => values["replica-read-only"],
    replicaServeStaleData: () => values["replica-serve-stale-data"],
    masteruser: () => values.masteruser,
    masterauth: () => values.masterauth,
    replBacklogSize: () => values["repl-backlog-size"],
    replBacklogTtlSeconds: () => values["repl-backlog-ttl"],
    replTimeoutSeconds: () => values["repl-timeout"],
    replPingReplicaPeriodSeconds: () => values["repl-ping-replica-period"],
    replDisableTcpNodelay: () => values["repl-disable-tcp-nodelay"],
    replDisklessSync: () => values["repl-diskless-sync"],
    replDisklessSyncDelaySeconds: () => values["repl-diskless-sync-delay"],
    replDisklessSyncMaxReplicas: () => values["repl-diskless-sync-max-replicas"],
    minReplicasToWrite: () => values["min-replicas-to-write"],
    minReplicasMaxLagSeconds: () => values["min-replicas-max-lag"],
    replicaOutputLimit: () => values["client-output-buffer-limit"].find((limit) => limit.class === "replica")!,
    shutdownTimeoutSeconds: () => values["shutdown-timeout"],
    bindSourceAddr: () => values["bind-source-addr"],
    dir: () => values.dir,
    replicas: () => values.replicas,
    sentinels: () => values.sentinels,
    sentinelsMasterName: () => values["sentinels-master-name"],
    sentinelsUser: () => values["sentinels-user"],
    sentinelsPass: () => values["sentinels-pass"],
    emptyPrimaryGuard: () => values["empty-primary-guard"],
    lostWritesFile: () => values["lost-writes-file"],
    returningPrimaryPauseMs: () => values["returning-primary-pause"],
    returningPrimaryTimeoutMs: () => values["returning-primary-timeout"],
  };
  const settings = {};
  for (const [name, get] of Object.entries(read)) Object.defineProperty(settings, name, { get, enumerable: true });
  return settings as ReplicationSettings;
}
