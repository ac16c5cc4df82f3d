/** Runs what `ScriptQueue` says is due. Children inherit no file descriptor of ours: Node opens all close-on-exec. */
import type { Clock } from "../io/io.ts";
import type { ChildProcess, Processes } from "../io/processes.ts";
import type { ScriptAction, ScriptJob, ScriptQueue } from "./scripts.ts";
import type { Timings } from "./settings.ts";

/** As Linux numbers them: events and operators' scripts know signals by number. */
const SIGNALS: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};

/** The exit code of a child that could not become the script: it is not tried again. */
const NOT_RUNNABLE = 2;

export class ScriptRunner {
  readonly #queue: ScriptQueue;
  readonly #processes: Processes;
  readonly #clock: Clock;
  readonly #timings: Timings;
  readonly #tell: (action: Extract<ScriptAction, { kind: "event" }>) => void;
  readonly #children = new Map<number, ChildProcess>();

  constructor(options: {
    queue: ScriptQueue;
    processes: Processes;
    clock: Clock;
    timings: Timings;
    tell: (action: Extract<ScriptAction, { kind: "event" }>) => void;
  }) {
    this.#queue = options.queue;
    this.#processes = options.processes;
    this.#clock = options.clock;
    this.#timings = options.timings;
    this.#tell = options.tell;
  }

  /** Starts what is due and kills what runs too long. */
  run(): void {
    this.#perform(this.#queue.due(this.#now(), this.#timings.scriptMaxRuntimeMs));
  }

  /** Running scripts are left to end by themselves; nothing more is started. */
  stop(): void {
    this.#children.clear();
  }

  #perform(actions: ScriptAction[]): void {
    for (const action of actions) {
      if (action.kind === "run") this.#start(action.job);
      else if (action.kind === "kill") this.#children.get(action.job.id)?.kill("SIGKILL");
      else this.#tell(action);
    }
  }

  #start(job: ScriptJob): void {
    const [command, ...args] = job.argv as [string, ...string[]];
    const child = this.#processes.spawn({ command, args });
    job.pid = child.id.pid;
    this.#children.set(job.id, child);
    if (job.pid !== 0) this.#tell({ kind: "event", level: "debug", name: "+script-child", text: String(job.pid) });
    child.exited.then(({ code, signal, error }) => {
      if (!this.#children.delete(job.id)) return;
      const exitCode = error ? NOT_RUNNABLE : (code ?? 0);
      const number = signal === null ? 0 : (SIGNALS[signal] ?? 99);
      this.#perform(this.#queue.ended(job, exitCode, number, this.#now(), this.#timings.scriptRetryDelayMs));
    });
  }

  #now(): number {
    return this.#clock.monotonicMicros() / 1000;
  }
}
