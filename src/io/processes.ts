/** Other processes: the nodes of a lab, and the scripts that Sentinel runs. Node's are in `node-processes.ts`. */

export interface Processes {
  /** Never throws for what the command does: one that cannot be started has `error` in its `Exit`. */
  spawn(options: SpawnOptions): ChildProcess;
  /** Whether that process still runs (not one that came later by the same number). */
  isAlive(id: ProcessId): boolean;
  /** Sends a signal if it still runs; says whether it did. */
  signal(id: ProcessId, signal: Signal): boolean;
}

export type Signal = "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGINT" | "SIGHUP";

export interface SpawnOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** The whole environment; default: ours. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What it prints is appended to this file; without one it is dropped. */
  readonly logPath?: string;
  /** Lives on when we end, and hears no Ctrl-C of our terminal. */
  readonly detached?: boolean;
}

export interface ChildProcess {
  readonly id: ProcessId;
  /** Resolves once, when it is gone. */
  readonly exited: Promise<Exit>;
  readonly hasExited: boolean;
  kill(signal: Signal): void;
}

/** A pid is given again to others; with the time of its start it names one process for good. */
export interface ProcessId {
  /** 0 for one that could not be started. */
  readonly pid: number;
  /** In the system's own unit, opaque; undefined where the system does not say. */
  readonly startTime?: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not be started. */
  readonly error?: Error & { code?: string };
}
