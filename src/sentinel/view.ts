/** Instances as SENTINEL MASTERS, REPLICAS and SENTINELS show them: Redis' fields in Redis' order. */
import { type Instance, Master, masterOf, Peer, Replica } from "./instances.ts";
import type { State } from "./state.ts";

export type Field = readonly [name: string, value: string | number];

/** @param now  the moment of asking, on the machine's clock */
export function fieldsOf(s: State, instance: Instance, now: number): Field[] {
  const { link, address } = instance;
  const since = (at: number) => (Number.isFinite(at) ? Math.max(0, Math.round(now - at)) : 0);
  const fields: Field[] = [
    ["name", instance.name],
    ["ip", s.announced(address)],
    ["port", address.port],
    ["runid", instance.runid ?? ""],
    ["flags", flagsOf(instance)],
    ["link-pending-commands", link.pending],
    ["link-refcount", link.refcount],
  ];
  if (instance instanceof Master && instance.inFailover) fields.push(["failover-state", instance.failoverState]);
  fields.push(
    ["last-ping-sent", link.pingPendingSince === null ? 0 : since(link.pingPendingSince)],
    ["last-ok-ping-reply", since(link.availableAt)],
    ["last-ping-reply", since(link.pongAt)],
  );
  if (instance.sdown) fields.push(["s-down-time", since(instance.sdownAt)]);
  if (instance instanceof Master && instance.odown) fields.push(["o-down-time", since(instance.odownAt)]);
  fields.push(["down-after-milliseconds", masterOf(instance).downAfterMs]);
  if (!(instance instanceof Peer)) {
    fields.push(
      ["info-refresh", since(instance.infoAt)],
      ["role-reported", instance.roleReported],
      ["role-reported-time", since(instance.roleReportedAt)],
    );
  }
  if (instance instanceof Master) fields.push(...masterFields(instance));
  if (instance instanceof Replica) fields.push(...replicaFields(instance));
  if (instance instanceof Peer) {
    fields.push(
      ["last-hello-message", since(instance.helloAt)],
      ["voted-leader", instance.leader ?? "?"],
      ["voted-leader-epoch", instance.leaderEpoch],
    );
  }
  return fields;
}

function masterFields(master: Master): Field[] {
  const fields: Field[] = [
    ["config-epoch", master.configEpoch],
    ["num-slaves", master.replicas.size],
    ["num-other-sentinels", master.sentinels.size],
    ["quorum", master.quorum],
    ["failover-timeout", master.failoverTimeoutMs],
    ["parallel-syncs", master.parallelSyncs],
  ];
  if (master.notificationScript !== null) fields.push(["notification-script", master.notificationScript]);
  if (master.clientReconfigScript !== null) fields.push(["client-reconfig-script", master.clientReconfigScript]);
  return fields;
}

function replicaFields(replica: Replica): Field[] {
  return [
    ["master-link-down-time", replica.masterLinkDownMs],
    ["master-link-status", replica.masterLinkUp ? "ok" : "err"],
    ["master-host", replica.masterHost ?? "?"],
    ["master-port", replica.masterPort],
    ["slave-priority", replica.priority],
    ["slave-repl-offset", replica.offset],
    ["replica-announced", replica.announced ? 1 : 0],
  ];
}

function flagsOf(instance: Instance): string {
  const master = instance instanceof Master ? instance : null;
  const replica = instance instanceof Replica ? instance : null;
  const flags: [string, boolean][] = [
    ["s_down", instance.sdown],
    ["o_down", master?.odown === true],
    [instance.kind, true],
    ["disconnected", !instance.link.connected],
    ["master_down", instance instanceof Peer && instance.opinion?.down === true],
    ["failover_in_progress", master?.inFailover === true],
    ["promoted", replica?.promoted === true],
    ["reconf_sent", replica?.reconf === "sent"],
    ["reconf_inprog", replica?.reconf === "inprog"],
    ["reconf_done", replica?.reconf === "done"],
    ["force_failover", master?.forced === true],
    ["script_kill_sent", instance.scriptKillSent],
    ["master_reboot", master?.rebooted === true],
  ];
  return flags
    .filter(([, on]) => on)
    .map(([name]) => name)
    .join(",");
}
