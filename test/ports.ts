/**
 * Ports for servers of the tests. Test files run side by side, so a port that is merely free may be another file's a moment
 * later (and that file's server would answer in the place of ours): each is claimed by a file of its own name, which holds
 * the process that has it. All lie below those that the system gives to outgoing connections.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = join(tmpdir(), "nines-test-ports");
const single = { first: 13_000, count: 14_000, step: 1 };
/** Groups take ports upward from the first, and their Sentinels the same ones 20,000 higher. */
const groups = { first: 10_000, count: 300, step: 8 };

const mine = new Set<string>();
process.once("exit", () => {
  for (const path of mine) rmSync(path, { force: true });
});

/** A port of 127.0.0.1 where nothing listens, and that no other test file is given while this one runs. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = claimOneOf(single);
    if (await isFree(port)) return port;
  }
}

/** The first of eight ports, with the eight ones 20,000 above them for Sentinels: ours while this test file runs. */
export function groupPort(): number {
  return claimOneOf(groups);
}

function claimOneOf(range: { first: number; count: number; step: number }): number {
  const start = Math.floor(Math.random() * range.count);
  for (let i = 0; i < range.count; i++) {
    const port = range.first + range.step * ((start + i) % range.count);
    if (claim(port)) return port;
  }
  throw new Error(`every test port is claimed; see ${folder}`);
}

function claim(port: number): boolean {
  const path = join(folder, String(port));
  mkdirSync(folder, { recursive: true });
  for (const flag of ["wx", "w"]) {
    try {
      writeFileSync(path, String(process.pid), { flag });
      mine.add(path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      if (ownerLives(path)) return false;
    }
  }
  return false;
}

function ownerLives(path: string): boolean {
  try {
    process.kill(Number(readFileSync(path, "utf8")) || process.pid, 0);
    return true;
  } catch {
    return false;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
