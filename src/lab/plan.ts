/** What a group consists of: which nodes, on which ports, with which configuration. Pure: nothing is started here. */
import { join } from "node:path";
import { quoteWord } from "../base/words.ts";
import { type Command, type EngineName, sentinelCommand, serverCommand } from "./engines.ts";
import { type TlsFiles, tlsLines } from "./tls.ts";

export type GroupKind = "replication" | "sentinel" | "cluster";

export interface GroupOptions {
  readonly kind: GroupKind;
  readonly engine: EngineName;
  /** Default 2; in a cluster of each primary, default 1. */
  readonly replicas?: number;
  /** Primaries of a cluster, default 3. */
  readonly shards?: number;
  /** `cluster-node-timeout` of a cluster, default 2000. */
  readonly nodeTimeoutMs?: number;
  /** Default 3 in a Sentinel group. */
  readonly sentinels?: number;
  /** All that is said is encrypted, and everybody shows a certificate. */
  readonly tls?: boolean;
}

export interface NodePlan {
  /** Also its folder's name: `server-6379`, `sentinel-26379`. */
  readonly name: string;
  readonly kind: "server" | "sentinel";
  readonly host: string;
  readonly port: number;
  /** Of a cluster's node. */
  readonly busPort: number;
  readonly folder: string;
  readonly configPath: string;
  readonly logPath: string;
  readonly config: string;
  readonly run: Command;
}

/** The name under which the Sentinels guard the primary. */
export const MASTER_NAME = "mymaster";
export const HOST = "127.0.0.1";

/**
 * A lab wants to see a failover, not to wait for one: a silent primary is given up after a second, and an attempt that
 * failed is repeated after ten (Sentinel waits twice the failover timeout).
 */
export const DOWN_AFTER_MS = 1000;
export const FAILOVER_TIMEOUT_MS = 5000;
export const NODE_TIMEOUT_MS = 2000;

export function serverCount(options: GroupOptions): number {
  if (options.kind === "cluster") return shardCount(options) * (1 + (options.replicas ?? 1));
  return 1 + (options.replicas ?? 2);
}

export function shardCount(options: GroupOptions): number {
  return options.shards ?? 3;
}

export function sentinelCount(options: GroupOptions): number {
  return options.kind === "sentinel" ? (options.sentinels ?? 3) : 0;
}

/** How many Sentinels must agree: the majority of those there are. */
export function quorumOf(sentinels: number): number {
  return Math.floor(sentinels / 2) + 1;
}

/** The primary, or those of a cluster, first, then the replicas, then the Sentinels. */
export function planNodes(
  options: GroupOptions,
  folder: string,
  self: Command,
  serverPorts: readonly number[],
  sentinelPorts: readonly number[],
  busPorts: readonly number[] = [],
  tls?: TlsFiles,
): NodePlan[] {
  const primaryPort = serverPorts[0]!;
  const node = (kind: NodePlan["kind"], port: number, lines: string[], busPort = 0): NodePlan => {
    const name = `${kind}-${port}`;
    const home = join(folder, name);
    const configPath = join(home, kind === "server" ? "redis.conf" : "sentinel.conf");
    const command = kind === "server" ? serverCommand : sentinelCommand;
    const ports = tls === undefined ? [`port ${port}`] : tlsLines(tls, port, options.kind === "cluster");
    const common = [...ports, `bind ${HOST}`, `dir ${quoteWord(latin1Of(home))}`, 'logfile ""'];
    return {
      name,
      kind,
      host: HOST,
      port,
      busPort,
      folder: home,
      configPath,
      logPath: join(home, `${name}.log`),
      config: `${[...common, ...lines].join("\n")}\n`,
      run: command(options.engine, self, configPath),
    };
  };
  if (options.kind === "cluster") {
    return serverPorts.map((port, i) =>
      node("server", port, clusterLines(busPorts[i]!, options.nodeTimeoutMs), busPorts[i]),
    );
  }
  return [
    ...serverPorts.map((port) => node("server", port, serverLines(port === primaryPort ? undefined : primaryPort))),
    ...sentinelPorts.map((port) => node("sentinel", port, sentinelLines(primaryPort, sentinelPorts.length))),
  ];
}

/** DEBUG is for the drills: they compare what the nodes hold by DEBUG DIGEST. Nothing is kept over a restart of the lab. */
function serverLines(primaryPort: number | undefined): string[] {
  const lines = ['save ""', "appendonly no", "repl-diskless-sync-delay 0", "enable-debug-command local"];
  if (primaryPort !== undefined) lines.push(`replicaof ${HOST} ${primaryPort}`);
  return lines;
}

function clusterLines(busPort: number, nodeTimeoutMs = NODE_TIMEOUT_MS): string[] {
  return [
    ...serverLines(undefined),
    "cluster-enabled yes",
    `cluster-port ${busPort}`,
    `cluster-node-timeout ${nodeTimeoutMs}`,
  ];
}

function sentinelLines(primaryPort: number, sentinels: number): string[] {
  return [
    `sentinel monitor ${MASTER_NAME} ${HOST} ${primaryPort} ${quorumOf(sentinels)}`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${MASTER_NAME} ${FAILOVER_TIMEOUT_MS}`,
    `sentinel parallel-syncs ${MASTER_NAME} 1`,
  ];
}

/** Configuration is bytes; `quoteWord` wants one character a byte. */
function latin1Of(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
