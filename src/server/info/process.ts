/** INFO server and cpu: the process and the machine below it. */
import type { Server } from "../server.ts";
import type { Lines } from "./info.ts";

const SECONDS_A_DAY = 86400;

export function serverSection(server: Server): Lines {
  const { facts, config, options } = server;
  const uptime = Math.floor((server.now - server.startedAt) / 1000);
  const lines = [
    `redis_version:${server.version.redis}`,
    `nines_version:${server.version.nines}`,
    "redis_git_sha1:00000000",
    "redis_git_dirty:0",
    "redis_build_id:0",
    `redis_mode:${server.sentinelMode ? "sentinel" : "standalone"}`,
    `os:${facts.os}`,
    `arch_bits:${facts.archBits}`,
    "monotonic_clock:POSIX clock_gettime",
    "multiplexing_api:libuv",
    "atomicvar_api:none",
    "gcc_version:0.0.0",
    `node_version:${facts.runtime}`,
    `process_id:${options.pid}`,
    "process_supervised:no",
    `run_id:${server.runId}`,
    `tcp_port:${server.listeners.port || server.listeners.tlsPort}`,
    `server_time_usec:${server.now * 1000}`,
    `uptime_in_seconds:${uptime}`,
    `uptime_in_days:${Math.floor(uptime / SECONDS_A_DAY)}`,
    `hz:${config.values.hz}`,
    `configured_hz:${config.values.hz}`,
    `lru_clock:${Math.floor(server.now / 1000) & 0xffffff}`,
    `executable:${facts.executable}`,
    `config_file:${options.configFile ?? ""}`,
    "io_threads_active:0",
    ...listenerLines(server),
  ];
  const left = server.shutdown.millisecondsLeft;
  if (left !== null) lines.push(`shutdown_in_milliseconds:${left}`);
  return lines;
}

function listenerLines(server: Server): string[] {
  const { bind, unixsocket } = server.config.values;
  const { port, tlsPort } = server.listeners;
  const addresses = bind.map((address) => `bind=${address},`).join("");
  const listeners: string[] = [];
  if (port !== 0) listeners.push(`name=tcp,${addresses}port=${port}`);
  if (unixsocket !== "") listeners.push(`name=unix,bind=${unixsocket}`);
  if (tlsPort !== 0) listeners.push(`name=tls,${addresses}port=${tlsPort}`);
  return listeners.map((text, i) => `listener${i}:${text}`);
}

export function cpuSection({ facts }: Server): Lines {
  const { user, system } = facts.cpu();
  return [
    `used_cpu_sys:${system.toFixed(6)}`,
    `used_cpu_user:${user.toFixed(6)}`,
    "used_cpu_sys_children:0.000000",
    "used_cpu_user_children:0.000000",
    `used_cpu_sys_main_thread:${system.toFixed(6)}`,
    `used_cpu_user_main_thread:${user.toFixed(6)}`,
  ];
}
