/**
 * flock(2) for a runtime that has no call for it. Such a lock belongs to the open file, not to the process that took it: the
 * command `flock` takes it on a file that we opened and hand down, and when it has ended the lock stays with us. The kernel gives
 * it up when we end, however that comes, so nothing stale is ever left.
 */
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { FileLock } from "./disk.ts";

const PATIENCE_MS = 5000;
/** What flock ends with if somebody else has the lock. */
const TAKEN = 1;

/** @throws  when the file cannot be opened */
export function lockFile(path: string): FileLock | "taken" | "unavailable" {
  const file = openSync(path, "a", 0o644);
  const { status } = spawnSync("flock", ["-n", "-x", "3"], {
    stdio: ["ignore", "ignore", "ignore", file],
    timeout: PATIENCE_MS,
  });
  if (status === 0) return { release: () => closeSync(file) };
  closeSync(file);
  return status === TAKEN ? "taken" : "unavailable";
}
