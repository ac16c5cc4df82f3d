/** What a cluster's machine asks of the server around it: here, next to nothing. */
import { FACTS, SETTINGS } from "../sim/cluster/settings.ts";
import type { ClusterFacts, ClusterSettings } from "../src/cluster/facts.ts";

export const CLUSTER_SETTINGS: ClusterSettings = { ...SETTINGS, nodeTimeoutMs: 1000 };

export const CLUSTER_FACTS: ClusterFacts = { ...FACTS, replicationOffset: () => 100 };
