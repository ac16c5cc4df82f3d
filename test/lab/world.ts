import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { nodeIo } from "../../src/io/node-io.ts";
import { NodeProcesses, ownProcess } from "../../src/io/node-processes.ts";
import type { Command } from "../../src/lab/engines.ts";
import type { World } from "../../src/lab/world.ts";

export function realWorld(): World {
  return { io: nodeIo(), processes: new NodeProcesses(), self: ownProcess() };
}

/** This program, run from its sources. */
export const self: Command = {
  command: process.execPath,
  args: ["--import", "tsx", resolve(import.meta.dirname, "../../src/cli/main.ts")],
};

export function temporaryFolder(t: { after(action: () => unknown): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "nines-lab-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Away from where users run things, and spread, since test files run side by side. */
export function somePort(): number {
  return 20_000 + Math.floor(Math.random() * 20_000);
}
