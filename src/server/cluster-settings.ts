/** The directives of a cluster under the names that it reads them by. */
import type { ClusterSettings } from "../cluster/facts.ts";
import type { RoutingSettings } from "../cluster/routing.ts";
import type { Settings } from "../config/directives.ts";

/** Where others reach this node, before anything is announced otherwise: known once it listens. */
export interface ClusterPorts {
  /** Of clients that speak plain text; 0 for none. */
  readonly port: number;
  /** Of those that speak TLS; 0 for none. */
  readonly tlsPort: number;
  readonly busPort: number;
}

/**
 * The port that others are told first is that of the links: replicas come to it, and it is TLS' with `tls-cluster`. The plain one is
 * told beside it then.
 */
function clientPorts(values: Settings, ports: ClusterPorts): { port: number; plainPort: number } {
  const plain = values["cluster-announce-port"] || ports.port || ports.tlsPort;
  if (!values["tls-cluster"]) return { port: plain, plainPort: 0 };
  const announced = values["cluster-announce-tls-port"];
  if (announced !== 0) return { port: announced, plainPort: values["cluster-announce-port"] };
  return { port: values["cluster-announce-port"] || ports.tlsPort || ports.port, plainPort: ports.port };
}

export function clusterSettings(values: Settings, ports: ClusterPorts): ClusterSettings {
  return getters<ClusterSettings>({
    nodeTimeoutMs: () => values["cluster-node-timeout"],
    replicaValidityFactor: () => values["cluster-replica-validity-factor"],
    migrationBarrier: () => values["cluster-migration-barrier"],
    allowReplicaMigration: () => values["cluster-allow-replica-migration"],
    requireFullCoverage: () => values["cluster-require-full-coverage"],
    replicaNoFailover: () => values["cluster-replica-no-failover"],
    forgetMs: () => values["cluster-blacklist-ttl"] * 1000,
    manualFailoverMs: () => values["cluster-manual-failover-timeout"],
    replPingMs: () => values["repl-ping-replica-period"] * 1000,
    announceIp: () => values["cluster-announce-ip"],
    announceHostname: () => values["cluster-announce-hostname"],
    announceHumanName: () => values["cluster-announce-human-nodename"],
    port: () => clientPorts(values, ports).port,
    plainPort: () => clientPorts(values, ports).plainPort,
    busPort: () => values["cluster-announce-bus-port"] || ports.busPort,
  });
}

export function routingSettings(values: Settings): RoutingSettings {
  return getters<RoutingSettings>({
    allowReadsWhenDown: () => values["cluster-allow-reads-when-down"],
    allowPubsubShardWhenDown: () => values["cluster-allow-pubsubshard-when-down"],
    preferredEndpoint: () => values["cluster-preferred-endpoint-type"],
  });
}

function getters<Shape>(read: { [Name in keyof Shape]: () => Shape[Name] }): Shape {
  const settings = {};
  for (const [name, get] of Object.entries(read)) {
    Object.defineProperty(settings, name, { get: get as () => unknown, enumerable: true });
  }
  return settings as Shape;
}
