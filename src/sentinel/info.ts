import type { SentinelShell } from "./shell.ts";

/** The lines of INFO's section "Sentinel". */
export function sentinelInfo({ state: s, scripts, now }: SentinelShell): string[] {
  const lines = [
    `sentinel_masters:${s.masters.size}`,
    `sentinel_tilt:${s.tilt ? 1 : 0}`,
    `sentinel_tilt_since_seconds:${s.tilt ? Math.floor((now - s.tiltStartedAt) / 1000) : -1}`,
    `sentinel_total_tilt:${s.totalTilt}`,
    `sentinel_running_scripts:${scripts.running}`,
    `sentinel_scripts_queue_length:${scripts.jobs.length}`,
    `sentinel_simulate_failure_flags:${(s.crashAfterElection ? 1 : 0) + (s.crashAfterPromotion ? 2 : 0)}`,
  ];
  let at = 0;
  for (const { name: masterName, address, odown, sdown, replicas, sentinels } of s.masters.values()) {
    const status = odown ? "odown" : sdown ? "sdown" : "ok";
    const where = `${s.announced(address)}:${address.port}`;
    const counts = `slaves=${replicas.size},sentinels=${sentinels.size + 1}`;
    lines.push(`master${at++}:name=${masterName},status=${status},address=${where},${counts}`);
  }
  return lines;
}
