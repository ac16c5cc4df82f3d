/** A group's status in words: a block that is drawn over and over on a terminal, and lines for what changed. Pure. */
import { SLOTS } from "../base/hash-slot.ts";
import { coveredSlots, type GroupStatus, type SentinelStatus, type ServerStatus } from "../lab/status.ts";

/**
 * @param now  unix time in ms, for the age of the last failover
 * @param pids  of the servers, by their names: for those who want to kill one by hand
 */
export function statusBlock(status: GroupStatus, now: number, pids: ReadonlyMap<string, number>): string[] {
  const rows = byShard(status.servers).map((server) => [
    `127.0.0.1:${server.port}`,
    server.up ? String(pids.get(server.name) ?? "") : "",
    server.up ? server.role : "down",
    server.up ? grouped(server.offset) : "",
    server.lagBytes === undefined ? "" : `${grouped(server.lagBytes)} B`,
    serverState(server, status),
  ]);
  const lines = table(
    [["server", "pid", "role", "offset", "lag", ""], ...rows],
    [false, true, false, true, true, false],
  );
  const isCluster = status.servers.some((server) => server.serves !== undefined);
  if (isCluster) lines.push("", `Cluster: ${clusterState(status.servers)}`);
  if (status.sentinels.length > 0) lines.push("", `Sentinels: ${sentinelState(status.sentinels)}`);
  const { lastFailover } = status;
  if (lastFailover) {
    const { at, from, to } = lastFailover;
    const ago = Math.max(0, Math.round((now - at) / 1000));
    lines.push(`Last failover: ${from} -> ${to} at ${timeOfDay(at)} (${duration(ago)} ago)`);
  } else if (status.sentinels.length > 0 || isCluster) {
    lines.push("Last failover: none yet");
  }
  return lines;
}

/** What is worth a line of a log: roles, comings and goings, the Sentinels' views; offsets are not. */
export function statusChanges(before: GroupStatus | undefined, after: GroupStatus): string[] {
  const lines: string[] = [];
  for (const server of after.servers) {
    const was = before?.servers.find((other) => other.name === server.name);
    const now = describeServer(server);
    if (was === undefined || describeServer(was) !== now) lines.push(`127.0.0.1:${server.port} ${now}`);
  }
  for (const sentinel of after.sentinels) {
    const was = before?.sentinels.find((other) => other.name === sentinel.name);
    const now = describeSentinel(sentinel);
    if (was === undefined || describeSentinel(was) !== now) lines.push(`Sentinel 127.0.0.1:${sentinel.port} ${now}`);
  }
  return lines;
}

function describeServer(server: ServerStatus): string {
  if (!server.up) return "does not answer";
  return server.serves === false ? `${describeRole(server)}; takes the cluster for down` : describeRole(server);
}

function describeRole(server: ServerStatus): string {
  if (server.role === "primary")
    return server.slots === undefined ? "is the primary" : `is a primary, ${slotsOf(server)}`;
  if (server.linkUp) return `is a replica of ${server.follows}`;
  return `is a replica of ${server.follows}, ${server.syncing ? "copying its data" : "which it cannot reach"}`;
}

function describeSentinel(sentinel: SentinelStatus): string {
  if (!sentinel.up) return "does not answer";
  return sentinel.primaryPort === undefined ? "knows no primary" : `takes ${sentinel.primaryPort} for the primary`;
}

function serverState(server: ServerStatus, { servers }: GroupStatus): string {
  if (!server.up) return "does not answer";
  if (server.role === "replica") {
    if (server.linkUp) return `follows ${server.follows}`;
    return server.syncing ? `copies the data of ${server.follows}` : `cannot reach ${server.follows}`;
  }
  const followers = servers.filter((other) => other.follows === server.port && other.linkUp).length;
  const inStep = followers === 1 ? "1 replica in step" : `${followers} replicas in step`;
  return server.slots === undefined ? inStep : `${slotsOf(server)}, ${inStep}`;
}

/** Each primary, then those that follow it: of a cluster, its shards. Elsewhere that is the order already. */
function byShard(servers: readonly ServerStatus[]): readonly ServerStatus[] {
  if (!servers.some((server) => server.slots !== undefined)) return servers;
  const firstSlot = ({ slots }: ServerStatus) => (slots ? Number.parseInt(slots, 10) : Number.POSITIVE_INFINITY);
  const heads = servers.filter((server) => server.role === "primary").sort((a, b) => firstSlot(a) - firstSlot(b));
  const sorted = heads.flatMap((head) => [head, ...servers.filter((server) => server.follows === head.port)]);
  return [...sorted, ...servers.filter((server) => !sorted.includes(server))];
}

/** Whether it serves, in a line. */
function clusterState(servers: readonly ServerStatus[]): string {
  const up = servers.filter((server) => server.up);
  const serving = up.filter((server) => server.serves);
  const shards = up.filter((server) => server.slots);
  const bare = shards.filter((shard) => !up.some((server) => server.follows === shard.port && server.linkUp));
  const parts = [`${up.length} of ${servers.length} nodes answer`];
  if (serving.length === up.length) parts.push("all serve");
  else if (serving.length === 0) parts.push("none serves: the cluster is down");
  else parts.push(`${up.length - serving.length} of them take the cluster for down`);
  parts.push(`${grouped(coveredSlots(servers))} of ${grouped(SLOTS)} slots on ${shards.length} shards`);
  if (bare.length > 0 && servers.length > shards.length) {
    parts.push(`without a replica in step: ${bare.map((shard) => shard.port).join(", ")}`);
  }
  return parts.join("; ");
}

function slotsOf({ slots }: ServerStatus): string {
  if (slots === "") return "no slots";
  const ranges = slots!.split(" ");
  return ranges.length > 3
    ? `slots ${ranges.slice(0, 2).join(" ")} and ${ranges.length - 2} more ranges`
    : `slots ${slots}`;
}

function sentinelState(sentinels: readonly SentinelStatus[]): string {
  const up = sentinels.filter((sentinel) => sentinel.up);
  const views = [...new Set(up.map((sentinel) => sentinel.primaryPort))];
  const counted = `${up.length} of ${sentinels.length} answer`;
  if (views.length === 0) return counted;
  if (views.length === 1) return `${counted}, all take ${views[0]} for the primary`;
  return `${counted}; they do not agree: ${views.join(", ")}`;
}

export function table(rows: string[][], right: boolean[]): string[] {
  const widths = right.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const cell = (text: string, column: number) =>
    right[column] ? text.padStart(widths[column]!) : text.padEnd(widths[column]!);
  return rows.map((row) => row.map(cell).join("  ").trimEnd());
}

export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

export function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

export function timeOfDay(unixMs: number): string {
  const date = new Date(unixMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
