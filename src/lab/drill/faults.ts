/** How a drill breaks the primary, and how it mends it. */
import { RedisConnection } from "../../client/connection.ts";
import { type GroupFile, type NodeFile, readGroupFile, withProcess, writeGroupFile } from "../group-file.ts";
import type { World } from "../world.ts";

export type Fault = "kill" | "pause" | "switchover";
/** What can be done to a cluster besides. */
export type ClusterFault = Fault | "reshard";

export const faults: Record<Fault, string> = {
  kill: "the primary is killed (SIGKILL) and, after the failover, started again",
  pause: "the primary is stopped (SIGSTOP) and, after the failover, resumed (SIGCONT)",
  switchover: "the Sentinels are asked to make another server the primary (SENTINEL FAILOVER)",
};

/** One fault on one primary. `heal` is safe to call at any time, also when nothing is broken. */
export class Injection {
  readonly #world: World;
  readonly #folder: string;
  readonly #group: GroupFile;
  readonly #fault: Fault;
  readonly #primary: NodeFile;
  #broken = false;

  constructor(world: World, folder: string, group: GroupFile, fault: Fault, primary: NodeFile) {
    this.#world = world;
    this.#folder = folder;
    this.#group = group;
    this.#fault = fault;
    this.#primary = primary;
  }

  /** Whether the old primary is away, so that it has to return. */
  get takesAway(): boolean {
    return this.#fault !== "switchover";
  }

  async inject(): Promise<void> {
    if (this.#fault === "switchover") return this.#askForFailover();
    const signal = this.#fault === "kill" ? "SIGKILL" : "SIGSTOP";
    this.#broken = true;
    if (this.#world.processes.signal(this.#primary.process, signal)) return;
    this.#broken = false;
    throw new Error(`the primary ${this.#primary.name} (process ${this.#primary.process.pid}) is not running`);
  }

  heal(): void {
    if (!this.#broken) return;
    this.#broken = false;
    if (this.#fault === "pause") this.#world.processes.signal(this.#primary.process, "SIGCONT");
    if (this.#fault === "kill") this.#restart();
  }

  /** As it was started first, in its own folder; whoever ends the group finds the new process in group.json. */
  #restart(): void {
    const { run, folder, logPath, name } = this.#primary;
    const child = this.#world.processes.spawn({ ...run, cwd: folder, logPath, detached: true });
    const { disk } = this.#world.io;
    const group = readGroupFile(disk, this.#folder);
    if (group) {
      writeGroupFile(disk, this.#folder, withProcess(group, name, child.id));
    } else {
      // The group was ended meanwhile: nobody would end this one.
      child.kill("SIGKILL");
    }
  }

  async #askForFailover(): Promise<void> {
    const { host, port } = this.#group.nodes.find((node) => node.kind === "sentinel")!;
    const connection = new RedisConnection(this.#world.io, { host, port }, { timeoutMs: 5000 });
    try {
      await connection.call("SENTINEL", "FAILOVER", this.#group.masterName);
    } finally {
      connection.close();
    }
  }
}
