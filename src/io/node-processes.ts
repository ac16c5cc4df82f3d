/** Node's child processes behind `Processes`. */
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { ChildProcess, Exit, Processes, ProcessId, Signal, SpawnOptions } from "./processes.ts";

export class NodeProcesses implements Processes {
  spawn(options: SpawnOptions): ChildProcess {
    let log: number | undefined;
    try {
      log = options.logPath === undefined ? undefined : openSync(options.logPath, "a", 0o644);
      return new NodeChild(options, log);
    } catch (error) {
      return new FailedChild(error as Error);
    } finally {
      if (log !== undefined) closeSync(log);
    }
  }

  isAlive(id: ProcessId): boolean {
    if (id.pid <= 0) return false;
    const stat = processStat(id.pid);
    if (stat !== undefined) {
      // A zombie has ended; only its parent has not asked yet.
      return stat.state !== "Z" && (id.startTime === undefined || id.startTime === stat.startTime);
    }
    try {
      process.kill(id.pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "EPERM";
    }
  }

  signal(id: ProcessId, signal: Signal): boolean {
    if (!this.isAlive(id)) return false;
    try {
      process.kill(id.pid, signal);
      return true;
    } catch {
      return false;
    }
  }
}

class NodeChild implements ChildProcess {
  readonly id: ProcessId;
  readonly exited: Promise<Exit>;
  hasExited = false;
  readonly #kill: (signal: Signal) => void;

  constructor(options: SpawnOptions, log: number | undefined) {
    const output = log ?? "ignore";
    const child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: options.env,
      detached: options.detached,
      stdio: ["ignore", output, output],
    });
    if (options.detached) child.unref();
    this.#kill = (signal) => child.kill(signal);
    this.exited = new Promise((resolve) => {
      const end = (exit: Exit) => {
        this.hasExited = true;
        resolve(exit);
      };
      child.once("error", (error) => end({ code: null, signal: null, error }));
      child.once("exit", (code, signal) => end({ code, signal }));
    });
    const pid = child.pid ?? 0;
    this.id = { pid, startTime: pid > 0 ? processStat(pid)?.startTime : undefined };
  }

  kill(signal: Signal): void {
    if (!this.hasExited) this.#kill(signal);
  }
}

class FailedChild implements ChildProcess {
  readonly id = { pid: 0 };
  readonly hasExited = true;
  readonly exited: Promise<Exit>;

  constructor(error: Error) {
    this.exited = Promise.resolve({ code: null, signal: null, error });
  }

  kill(): void {}
}

/** Where the system has /proc (Linux). The name, in parentheses, may hold anything: the rest starts behind the last ")". */
function processStat(pid: number): { state: string; startTime: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0]!, startTime: fields[19]! };
  } catch {
    return undefined;
  }
}

export function ownProcess(): ProcessId {
  return { pid: process.pid, startTime: processStat(process.pid)?.startTime };
}
