/** The configuration files of simulated nodes: Redis' defaults, with the waits shortened that a short world has no time for. */

export interface ServerConfig {
  readonly address: string;
  /** The primary it follows at first. */
  readonly primary: string | null;
  readonly saves: boolean;
  readonly lines: readonly string[];
}

export function serverConfig({ address, primary, saves, lines }: ServerConfig): string {
  return [
    `bind ${address}`,
    "port 6379",
    "protected-mode no",
    saves ? "save 2 1" : 'save ""',
    "repl-diskless-sync-delay 0",
    "repl-backlog-size 32kb",
    "repl-timeout 10",
    "repl-ping-replica-period 2",
    ...(primary === null ? [] : [`replicaof ${primary} 6379`]),
    ...lines,
    "",
  ].join("\n");
}

export interface SentinelConfig {
  readonly address: string;
  readonly primary: string;
  readonly quorum: number;
  readonly downAfterMs: number;
  readonly failoverTimeoutMs: number;
}

export function sentinelConfig({ address, primary, quorum, downAfterMs, failoverTimeoutMs }: SentinelConfig): string {
  return [
    `bind ${address}`,
    "port 26379",
    "protected-mode no",
    `sentinel monitor mymaster ${primary} 6379 ${quorum}`,
    `sentinel down-after-milliseconds mymaster ${downAfterMs}`,
    `sentinel failover-timeout mymaster ${failoverTimeoutMs}`,
    "",
  ].join("\n");
}
