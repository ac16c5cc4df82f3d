/**
 * INFO: sections of lines `field:value`, under Redis' names and in its order. A section is a function of the server; members
 * (replication, persistence, Sentinel) fill in the fields they know, see `withMembers`.
 */
import type { Server } from "../server.ts";
import { clientsSection } from "./clients.ts";
import { commandStatsSection, errorStatsSection, latencyStatsSection } from "./commands.ts";
import { clusterSection, keyspaceSection, persistenceSection, replicationSection } from "./data.ts";
import { memorySection } from "./memory.ts";
import { cpuSection, serverSection } from "./process.ts";
import { statsSection } from "./stats.ts";

export type Lines = readonly string[];

interface Section {
  readonly title: string;
  /** Shown by INFO without arguments. */
  readonly byDefault: boolean;
  readonly lines: (server: Server) => Lines;
  /** A member has it, if it is there: then `lines` is not asked. */
  readonly ofMember?: boolean;
}

const shown = (title: string, lines: Section["lines"]): Section => ({ title, byDefault: true, lines });
const onDemand = (title: string, lines: Section["lines"]): Section => ({ title, byDefault: false, lines });

/** In the order in which they are shown. */
const SECTIONS: readonly Section[] = [
  shown("Server", serverSection),
  shown("Clients", clientsSection),
  shown("Memory", memorySection),
  { ...shown("Persistence", persistenceSection), ofMember: true },
  shown("Stats", statsSection),
  { ...shown("Replication", replicationSection), ofMember: true },
  shown("CPU", cpuSection),
  shown("Modules", () => []),
  onDemand("Commandstats", commandStatsSection),
  shown("Errorstats", errorStatsSection),
  onDemand("Latencystats", latencyStatsSection),
  shown("Cluster", clusterSection),
  shown("Keyspace", keyspaceSection),
];

/** What a Sentinel has to tell. */
const SENTINEL_SECTIONS: readonly Section[] = [
  shown("Server", serverSection),
  shown("Clients", clientsSection),
  shown("CPU", cpuSection),
  shown("Stats", statsSection),
  shown("Sentinel", () => []),
];

/** @param names  sections, or "default", "all" and "everything"; none means the default. Unknown ones add nothing. */
export function infoText(server: Server, names: readonly string[]): string {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  const all = wanted.has("all") || wanted.has("everything");
  const usual = wanted.size === 0 || wanted.has("default");
  const texts: string[] = [];
  for (const section of server.sentinelMode ? SENTINEL_SECTIONS : SECTIONS) {
    const isWanted = all || (usual && section.byDefault) || wanted.has(section.title.toLowerCase());
    if (!isWanted) continue;
    const lines = withMembers(server, section);
    texts.push(`# ${section.title}\r\n${lines.map((line) => `${line}\r\n`).join("")}`);
  }
  return texts.join("\r\n");
}

/**
 * The section, where members have put their lines in the place of ours, and those of new fields behind. A section that
 * belongs to a member is its alone.
 */
function withMembers(server: Server, section: Section): Lines {
  const lines = new Map<string, string>();
  const take = (some: Lines) => {
    for (const line of some) lines.set(line.slice(0, line.indexOf(":")), line);
  };
  const theirs = server.members.flatMap(({ info }) =>
    Object.entries(info ?? {})
      .filter(([name]) => name.toLowerCase() === section.title.toLowerCase())
      .map(([, write]) => write),
  );
  if (theirs.length === 0 || !section.ofMember) take(section.lines(server));
  for (const write of theirs) take(write());
  return [...lines.values()];
}
