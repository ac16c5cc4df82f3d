/** What a group looks like from outside, taken apart from INFO and the Sentinels' answers. Pure. */
import { commaFields } from "../client/replies.ts";
import type { NodeFile } from "./group-file.ts";

export interface ServerStatus {
  readonly name: string;
  readonly port: number;
  readonly up: boolean;
  readonly role: "primary" | "replica" | "unknown";
  /** How far it is in the replication stream. */
  readonly offset: number;
  /** For a replica: the port of the primary it follows, and whether the link stands. */
  readonly follows?: number;
  readonly linkUp?: boolean;
  readonly syncing?: boolean;
  /** For a replica of a primary that answers: bytes that it has yet to receive. */
  readonly lagBytes?: number;
  /** For a primary of a cluster: its slots, as `0-5460`; "" for none. */
  readonly slots?: string;
  /** Of a cluster: whether this node takes it for up, and so serves. */
  readonly serves?: boolean;
}

export interface SentinelStatus {
  readonly name: string;
  readonly port: number;
  readonly up: boolean;
  /** The port of the primary, as this Sentinel sees it. */
  readonly primaryPort?: number;
}

export interface Failover {
  /** Unix time in ms when we heard of it. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

export interface GroupStatus {
  readonly servers: readonly ServerStatus[];
  readonly sentinels: readonly SentinelStatus[];
  readonly lastFailover?: Failover;
}

/** @param info  the fields of INFO replication, or undefined for a server that does not answer */
export function serverStatus({ name, port }: NodeFile, info: Map<string, string> | undefined): ServerStatus {
  if (info === undefined) return { name, port, up: false, role: "unknown", offset: 0 };
  if (info.get("role") === "master") {
    return { name, port, up: true, role: "primary", offset: Number(info.get("master_repl_offset") ?? 0) };
  }
  return {
    name,
    port,
    up: true,
    role: "replica",
    offset: Number(info.get("slave_repl_offset") ?? 0),
    follows: Number(info.get("master_port")),
    linkUp: info.get("master_link_status") === "up",
    syncing: info.get("master_sync_in_progress") === "1",
  };
}

/** The same servers, each replica with the distance to its primary. */
export function withLag(servers: readonly ServerStatus[]): ServerStatus[] {
  return servers.map((server) => {
    const primary = servers.find((other) => other.role === "primary" && other.port === server.follows);
    // The two were asked one after the other: a replica may seem ahead.
    return primary ? { ...server, lagBytes: Math.max(0, primary.offset - server.offset) } : server;
  });
}

/** `mymaster 127.0.0.1 6379 127.0.0.1 6380`, as +switch-master says it. */
export function parseSwitch(payload: string, at: number): Failover | undefined {
  const words = payload.split(" ");
  return words.length === 5 ? { at, from: Number(words[2]), to: Number(words[4]) } : undefined;
}

/** In a cluster nobody announces a failover: one that followed another is a primary with slots now. */
export function findFailover(before: GroupStatus, after: GroupStatus, at: number): Failover | undefined {
  for (const server of after.servers) {
    if (!server.up || server.role !== "primary" || !server.slots) continue;
    const was = before.servers.find((other) => other.name === server.name);
    if (was?.role === "replica") return { at, from: was.follows!, to: server.port };
  }
  return undefined;
}

/** How many slots the primaries that answer have, of text as `0-5460 7`. */
export function coveredSlots(servers: readonly ServerStatus[]): number {
  let covered = 0;
  for (const server of servers) {
    for (const range of (server.slots ?? "").split(" ")) {
      const ends = /^(\d+)(?:-(\d+))?$/.exec(range);
      if (server.up && ends) covered += Number(ends[2] ?? ends[1]) - Number(ends[1]) + 1;
    }
  }
  return covered;
}

/** How many replicas the primary counts as being in step. */
export function onlineReplicas(info: Map<string, string>): number {
  let online = 0;
  for (const [name, value] of info) {
    if (/^slave\d+$/.test(name) && commaFields(value).get("state") === "online") online++;
  }
  return online;
}
