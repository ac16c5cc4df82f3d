/** What a cluster's machine asks of the server around it where there is none: simulated nodes, tests and fuzzing begin with these. */
import type { ClusterFacts, ClusterSettings } from "../../src/cluster/facts.ts";

export const SETTINGS: ClusterSettings = {
  nodeTimeoutMs: 2000,
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
  busPort: 17_000,
};

/** Of a server without data. */
export const FACTS: ClusterFacts = {
  timeOfDay: () => 1_700_000_000_000,
  replicationOffset: () => 0,
  dataAgeMs: () => 0,
  keysIn: () => 0,
  hasKeys: () => false,
};
