/**
 * What memory goes where, for INFO memory and MEMORY STATS. Data lie outside the JavaScript heap and are counted to the byte;
 * what the program itself needs is what the process has beside them.
 */
import { clientMemory } from "./client-list.ts";
import type { Server } from "./server.ts";

export interface MemoryReport {
  /** Bytes of the data set with its tables: what `maxmemory` bounds. */
  readonly used: number;
  readonly peak: number;
  /** Tables and clients: what is no data. */
  readonly overhead: number;
  readonly dataset: number;
  /** Share of the data set in what is used, in percent. */
  readonly datasetPercent: number;
  readonly peakPercent: number;
  /** Bytes taken from the system for data, used or not. */
  readonly reserved: number;
  readonly rss: number;
  readonly clientsNormal: number;
  readonly clientsReplicas: number;
  readonly keys: number;
  /** Reserved against used, and resident against used. */
  readonly allocatorRatio: number;
  readonly fragmentationRatio: number;
}

export function memoryReport(server: Server): MemoryReport {
  const { engine, stats } = server;
  const used = engine.usedMemory();
  const peak = (stats.peakMemory = Math.max(stats.peakMemory, used));
  let clientsNormal = 0;
  let clientsReplicas = 0;
  for (const connection of server.clients.byId.values()) {
    const { total } = clientMemory(connection);
    if (connection.replica === null) clientsNormal += total;
    else clientsReplicas += total;
  }
  const tables = used - engine.store.arena.used;
  const overhead = tables + clientsNormal + clientsReplicas;
  const dataset = Math.max(0, used - tables);
  const { rss } = server.facts.memory();
  const reserved = Math.max(engine.store.arena.reserved, used);
  return {
    used,
    peak,
    overhead,
    dataset,
    datasetPercent: used === 0 ? 0 : (100 * dataset) / used,
    peakPercent: peak === 0 ? 0 : (100 * used) / peak,
    reserved,
    rss,
    clientsNormal,
    clientsReplicas,
    keys: engine.databases.reduce((sum, db) => sum + db.size, 0),
    allocatorRatio: used === 0 ? 1 : reserved / used,
    fragmentationRatio: used === 0 ? 0 : rss / used,
  };
}
