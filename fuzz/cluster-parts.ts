/** What a cluster's machine asks of the server around it: here, next to nothing. */
import type { ClusterFacts, ClusterSettings } from "../src/cluster/facts.ts";

export const CLUSTER_SETTINGS: ClusterSettings = {
  nodeTimeoutMs: 1000,
  replicaValidityFactor: 10,
  migrationBarrier: 1,
  allowReplicaMigration: true,
  requireFullCoverage: true,
  replicaNoFailover: false,
  forgetMs: 60_000,
  manualFailoverMs: 5000,
  replPingMs: 10_000,
  announceIp: "",
  announceHostname: "",
  announceHumanName: "",
  port: 7000,
  plainPort: 0,
  busPort: 17000,
};

export const CLUSTER_FACTS: ClusterFacts = {
  replicationOffset: () => 100,
  dataAgeMs: () => 0,
  keysIn: () => 0,
  hasKeys: () => false,
};
