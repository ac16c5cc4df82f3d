/** `group.json`: what runs, for whoever comes later: a drill, or the next `up`, which must recognise what is left over. */
import { join } from "node:path";
import type { Disk } from "../io/disk.ts";
import type { ProcessId } from "../io/processes.ts";
import type { Command, EngineName } from "./engines.ts";
import type { GroupKind } from "./plan.ts";
import type { TlsFiles } from "./tls.ts";

export interface GroupFile {
  readonly version: 1;
  readonly kind: GroupKind;
  readonly engine: EngineName;
  readonly masterName: string;
  readonly downAfterMs: number;
  readonly failoverTimeoutMs: number;
  /** With it all nodes speak TLS alone. */
  readonly tls?: TlsFiles;
  /** Who started the group and will end it. */
  readonly supervisor: ProcessId;
  readonly nodes: readonly NodeFile[];
}

export interface NodeFile {
  readonly name: string;
  readonly kind: "server" | "sentinel";
  readonly host: string;
  readonly port: number;
  readonly folder: string;
  readonly logPath: string;
  readonly run: Command;
  readonly process: ProcessId;
}

export function groupFilePath(folder: string): string {
  return join(folder, "group.json");
}

/** The group that was last started in this folder, or undefined if there is none. */
export function readGroupFile(disk: Disk, folder: string): GroupFile | undefined {
  const bytes = disk.readSync(groupFilePath(folder));
  if (bytes === undefined) return undefined;
  let group: GroupFile;
  try {
    group = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    throw new Error(`${groupFilePath(folder)} is damaged; remove it if no group runs there`);
  }
  if (group.version !== 1) throw new Error(`${groupFilePath(folder)} is of another version of nines`);
  return group;
}

export function writeGroupFile(disk: Disk, folder: string, group: GroupFile): void {
  disk.replaceSync(groupFilePath(folder), Buffer.from(`${JSON.stringify(group, null, 2)}\n`));
}

/** The same group with another process behind one of its nodes: after a restart. */
export function withProcess(group: GroupFile, name: string, process: ProcessId): GroupFile {
  return { ...group, nodes: group.nodes.map((node) => (node.name === name ? { ...node, process } : node)) };
}
