/** INFO memory. */
import { memoryReport } from "../memory-report.ts";
import type { Server } from "../server.ts";
import type { Lines } from "./info.ts";

export function memorySection(server: Server): Lines {
  const report = memoryReport(server);
  const { facts, config, engine } = server;
  const rss = Math.max(report.rss, 0);
  return [
    ...bytes("used_memory", report.used),
    ...bytes("used_memory_rss", rss),
    ...bytes("used_memory_peak", report.peak),
    `used_memory_peak_perc:${report.peakPercent.toFixed(2)}%`,
    `used_memory_overhead:${report.overhead}`,
    "used_memory_startup:0",
    `used_memory_dataset:${report.dataset}`,
    `used_memory_dataset_perc:${report.datasetPercent.toFixed(2)}%`,
    `allocator_allocated:${report.used}`,
    `allocator_active:${report.reserved}`,
    `allocator_resident:${report.reserved}`,
    ...bytes("total_system_memory", facts.systemMemory),
    "used_memory_lua:0",
    "used_memory_vm_eval:0",
    "used_memory_lua_human:0B",
    "used_memory_scripts_eval:0",
    "number_of_cached_scripts:0",
    "number_of_functions:0",
    "number_of_libraries:0",
    "used_memory_vm_functions:0",
    "used_memory_vm_total:0",
    "used_memory_vm_total_human:0B",
    "used_memory_functions:0",
    "used_memory_scripts:0",
    "used_memory_scripts_human:0B",
    ...bytes("maxmemory", config.values.maxmemory),
    `maxmemory_policy:${config.values["maxmemory-policy"]}`,
    `allocator_frag_ratio:${report.allocatorRatio.toFixed(2)}`,
    `allocator_frag_bytes:${report.reserved - report.used}`,
    "allocator_rss_ratio:1.00",
    "allocator_rss_bytes:0",
    `rss_overhead_ratio:${(report.reserved === 0 ? 0 : rss / report.reserved).toFixed(2)}`,
    `rss_overhead_bytes:${rss - report.reserved}`,
    `mem_fragmentation_ratio:${report.fragmentationRatio.toFixed(2)}`,
    `mem_fragmentation_bytes:${rss - report.used}`,
    "mem_not_counted_for_evict:0",
    "mem_replication_backlog:0",
    "mem_total_replication_buffers:0",
    `mem_clients_slaves:${report.clientsReplicas}`,
    `mem_clients_normal:${report.clientsNormal}`,
    "mem_cluster_links:0",
    "mem_aof_buffer:0",
    "mem_allocator:nines",
    "active_defrag_running:0",
    `lazyfree_pending_objects:${engine.lazyfree.pending}`,
    `lazyfreed_objects:${engine.lazyfree.freed}`,
  ];
}

/** The field, and the same for people. */
function bytes(name: string, value: number): [string, string] {
  return [`${name}:${value}`, `${name}_human:${humanBytes(value)}`];
}

/** As Redis writes amounts for people: "64B", "1.50M". */
export function humanBytes(value: number): string {
  const units = ["K", "M", "G", "T", "P"];
  if (value < 1024) return `${value}B`;
  let amount = value / 1024;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${amount.toFixed(2)}${units[unit]}`;
}
