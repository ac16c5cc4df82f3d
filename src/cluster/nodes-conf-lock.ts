/**
 * Two nodes with one nodes.conf would be one node twice, each undoing what the other promised. Whoever has the file locks it, as
 * Redis does; but ours is another file after every write, so what stays locked is one that stands beside it.
 */
import type { Log } from "../base/log.ts";
import type { Disk, FileLock } from "../io/disk.ts";

export class NodesConfLockError extends Error {
  override readonly name = "NodesConfLockError";
}

/** @throws NodesConfLockError  when another node has it, or nobody can */
export function lockNodesConf(disk: Disk, file: string, log: Log): FileLock {
  const locks: FileLock[] = [];
  const release = () => {
    for (const lock of locks) lock.release();
  };
  // The file itself is what a redis-server has locked.
  for (const path of [`${file}.lock`, file]) {
    const lock = take(disk, path);
    if (lock === "unavailable") {
      log.warning(`${path} cannot be locked here: make sure that no other node uses it (flock is missing)`);
    } else if (lock === "taken") {
      release();
      const advice = "Please make sure that different nodes use different cluster configuration files.";
      throw new NodesConfLockError(
        `Sorry, the cluster configuration file ${file} is already used by a different Redis Cluster node. ${advice}`,
      );
    } else locks.push(lock);
  }
  return { release };
}

function take(disk: Disk, path: string): ReturnType<Disk["lockSync"]> {
  try {
    return disk.lockSync(path);
  } catch (error) {
    throw new NodesConfLockError(`Can't open ${path} in order to acquire a lock: ${(error as Error).message}`);
  }
}
