/**
 * The queue of notification and reconfiguration scripts, with Redis' rules: at most 256 wait, 16 run at once, one that exits
 * with 1 or dies of a signal is tried again, up to ten times and ever later, and one that runs too long is killed.
 */

export interface ScriptJob {
  readonly id: number;
  readonly argv: readonly string[];
  running: boolean;
  /** While it runs, when it began; else, not before. */
  at: number;
  tries: number;
  pid: number;
  killed: boolean;
}

export type ScriptAction =
  | { readonly kind: "run"; readonly job: ScriptJob }
  | { readonly kind: "kill"; readonly job: ScriptJob }
  | { readonly kind: "event"; readonly level: "debug" | "warning"; readonly name: string; readonly text: string };

const MAX_QUEUE = 256;
const MAX_RUNNING = 16;
const MAX_TRIES = 10;

export class ScriptQueue {
  readonly jobs: ScriptJob[] = [];
  #ids = 0;

  get running(): number {
    return this.jobs.filter((job) => job.running).length;
  }

  add(argv: readonly string[]): void {
    this.jobs.push({ id: ++this.#ids, argv, running: false, at: 0, tries: 0, pid: 0, killed: false });
    if (this.jobs.length <= MAX_QUEUE) return;
    const oldest = this.jobs.findIndex((job) => !job.running);
    if (oldest >= 0) this.jobs.splice(oldest, 1);
  }

  /** What is due: to be called often. A job that is told to run counts as running until `ended`. */
  due(now: number, maxRuntimeMs: number): ScriptAction[] {
    const actions: ScriptAction[] = [];
    let running = this.running;
    for (const job of this.jobs) {
      if (job.running) {
        if (job.killed || now - job.at <= maxRuntimeMs) continue;
        job.killed = true;
        actions.push(warning("-script-timeout", `${job.argv[0]} ${job.pid}`), { kind: "kill", job });
      } else if (running < MAX_RUNNING && job.at <= now) {
        job.running = true;
        job.killed = false;
        job.at = now;
        job.tries++;
        running++;
        actions.push({ kind: "run", job });
      }
    }
    return actions;
  }

  /**
   * @param code    the exit code, 0 if a signal ended it
   * @param signal  the number of that signal, or 0; 99 for a script that could not be started
   */
  ended(job: ScriptJob, code: number, signal: number, now: number, retryDelayMs: number): ScriptAction[] {
    const actions: ScriptAction[] = [];
    if (job.pid !== 0)
      actions.push({ kind: "event", level: "debug", name: "-script-child", text: `${job.pid} ${code} ${signal}` });
    job.running = false;
    job.pid = 0;
    const again = signal !== 0 || code === 1;
    if (again && job.tries < MAX_TRIES) {
      job.at = now + retryDelayMs * 2 ** (job.tries - 1);
      return actions;
    }
    if (signal !== 0 || code !== 0) actions.push(warning("-script-error", `${job.argv[0]} ${signal} ${code}`));
    this.jobs.splice(this.jobs.indexOf(job), 1);
    return actions;
  }
}

function warning(name: string, text: string): ScriptAction {
  return { kind: "event", level: "warning", name, text };
}
