import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { nodeIo } from "../../src/io/node-io.ts";
import { NodeProcesses, ownProcess } from "../../src/io/node-processes.ts";
import type { Command } from "../../src/lab/engines.ts";
import type { World } from "../../src/lab/world.ts";

export function realWorld(): World {
  return { io: nodeIo(), processes: new NodeProcesses(), self: ownProcess() };
}

const root = resolve(import.meta.dirname, "../..");
const built = join(root, "dist/cli.js");

/** This program: as it was built (`npm test` builds it first), else from its sources, which takes longer to start. */
export const self: Command = {
  command: process.execPath,
  args: existsSync(built) ? [built] : ["--import", "tsx", join(root, "src/cli/main.ts")],
};

export function temporaryFolder(t: { after(action: () => unknown): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "nines-lab-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
