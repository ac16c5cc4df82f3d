/** What INFO's section `replication` and ROLE say, in Redis' fields and order. */
import type { ReplyWriter } from "../resp/reply-writer.ts";
import type { ReplicationSettings } from "./dataset.ts";
import { type LinkState, NEVER } from "./follower.ts";
import type { ReplicationMachine } from "./machine.ts";
import { type AttachedReplica, lagSeconds } from "./primary.ts";

export interface InfoParts {
  readonly machine: ReplicationMachine;
  readonly settings: ReplicationSettings;
  /** Bytes that came from the primary and were not run yet. */
  readonly unapplied: number;
  readonly lostWrites: { files: number; bytes: number };
  /** We stood still, and do not know yet whether we were replaced. */
  readonly holdsWrites: boolean;
}

export function replicationInfo(parts: InfoParts, now: number): string {
  const { machine, settings, lostWrites, holdsWrites } = parts;
  const { history, primary } = machine;
  const lines: [string, string | number][] = [["role", machine.role]];
  if (machine.role === "slave") lines.push(...slaveLines(parts, now));
  lines.push(["connected_slaves", primary.replicas.size]);
  if (settings.minReplicasToWrite > 0 && settings.minReplicasMaxLagSeconds > 0) {
    lines.push(["min_slaves_good_slaves", primary.goodReplicas(now)]);
  }
  let index = 0;
  for (const replica of primary.replicas.values()) lines.push([`slave${index++}`, replicaLine(replica, now)]);
  const { backlog } = history;
  lines.push(
    ["master_failover_state", machine.failover.state],
    ["master_replid", history.replid],
    ["master_replid2", history.replid2],
    ["master_repl_offset", history.offset],
    ["second_repl_offset", history.secondOffset],
    ["repl_backlog_active", backlog === null ? 0 : 1],
    ["repl_backlog_size", backlog?.size ?? settings.replBacklogSize],
    ["repl_backlog_first_byte_offset", backlog?.first ?? 0],
    ["repl_backlog_histlen", backlog?.length ?? 0],
    // Ours:
    ["lost_writes_files", lostWrites.files],
    ["lost_writes_bytes", lostWrites.bytes],
    ["returning_primary_hold", holdsWrites ? 1 : 0],
  );
  return lines.map(([name, value]) => `${name}:${value}\r\n`).join("");
}

function slaveLines({ machine, settings, unapplied }: InfoParts, now: number): [string, string | number][] {
  const { follower, history } = machine;
  const up = follower.state === "connected";
  const offset = history.resumable ? history.offset : 0;
  const seconds = (since: number) => Math.max(0, Math.floor((now - since) / 1000));
  const lines: [string, string | number][] = [
    ["master_host", follower.endpoint?.host ?? ""],
    ["master_port", follower.endpoint?.port ?? 0],
    ["master_link_status", up ? "up" : "down"],
    ["master_last_io_seconds_ago", up ? seconds(follower.lastIoAt) : -1],
    ["master_sync_in_progress", follower.state === "transfer" ? 1 : 0],
    ["slave_read_repl_offset", offset + unapplied],
    ["slave_repl_offset", offset],
  ];
  if (follower.state === "transfer") {
    const total = Math.max(0, follower.rdbSize);
    lines.push(
      ["master_sync_total_bytes", total],
      ["master_sync_read_bytes", follower.rdbRead],
      ["master_sync_left_bytes", total - follower.rdbRead],
      ["master_sync_perc", (total > 0 ? (follower.rdbRead / total) * 100 : 0).toFixed(2)],
      ["master_sync_last_io_seconds_ago", seconds(follower.lastIoAt)],
    );
  }
  if (!up) {
    // -1, as in Redis, tells a Sentinel that there is nothing here of which it could be too old.
    const downFor = follower.downSince === NEVER ? -1 : seconds(follower.downSince);
    lines.push(["master_link_down_since_seconds", downFor]);
    if (follower.hold !== "") lines.push(["master_link_held", follower.hold]);
  }
  lines.push(
    ["slave_priority", settings.replicaPriority],
    ["slave_read_only", settings.replicaReadOnly ? 1 : 0],
    ["replica_announced", settings.replicaAnnounced ? 1 : 0],
  );
  return lines;
}

function replicaLine(replica: AttachedReplica, now: number): string {
  const { introduction, host, state, ackOffset } = replica;
  const lag = state === "online" ? lagSeconds(replica, now) : 0;
  return `ip=${introduction.ip || host},port=${introduction.listeningPort},state=${state},offset=${ackOffset},lag=${lag}`;
}

const ROLE_STATES: Record<LinkState, string> = {
  none: "none",
  connect: "connect",
  connecting: "connecting",
  receive_ping_reply: "handshake",
  handshake: "handshake",
  receive_psync_reply: "handshake",
  transfer: "sync",
  connected: "connected",
};

export function writeRole(machine: ReplicationMachine, reply: ReplyWriter): void {
  const { history, primary, follower } = machine;
  if (machine.role === "master") {
    const online = [...primary.replicas.values()].filter((replica) => replica.state === "online");
    reply.array(3);
    reply.bulkText("master");
    reply.integer(history.offset);
    reply.array(online.length);
    for (const { introduction, host, ackOffset } of online) {
      reply.array(3);
      reply.bulkText(introduction.ip || host);
      reply.bulkText(String(introduction.listeningPort));
      reply.bulkText(String(ackOffset));
    }
    return;
  }
  reply.array(5);
  reply.bulkText("slave");
  reply.bulkText(follower.endpoint?.host ?? "");
  reply.integer(follower.endpoint?.port ?? 0);
  reply.bulkText(ROLE_STATES[follower.state]);
  reply.integer(follower.state === "connected" ? history.offset : -1);
}
