/** nines for your program: servers and groups of them inside your process. See docs/embedding.md. */
export { TestClock } from "../io/test-clock.ts";
export {
  type Directives,
  EmbeddedGroup,
  EmbeddedNode,
  type NodeOptions,
  type ReplicaSetOptions,
  type SentinelGroupOptions,
  startReplicaSet,
  startSentinelGroup,
  startServer,
} from "./embedded.ts";
export { type ClusterOptions, EmbeddedCluster, startCluster } from "./embedded-cluster.ts";
export type { TlsMaterial } from "./embedded-tls.ts";
