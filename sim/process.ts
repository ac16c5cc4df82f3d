/**
 * One run of a simulated process: what it sees of time and how the world reaches it. Everything that happens to it (a timer, a
 * byte, a connection) goes through `deliver`, which is what makes it possible to stop it, as SIGSTOP does, and to end it.
 */
import type { Clock, Timer } from "../src/io/io.ts";
import type { VirtualClock } from "../src/io/virtual-clock.ts";

export type ProcessState = "running" | "stopped" | "dead";

/** From the first byte that a process reads to the end of its tick: others may be read meanwhile. */
const TICK_MS = 0.02;

export class SimProcess {
  readonly clock: ProcessClock;
  state: ProcessState = "running";
  /** When it was resumed last; its start at first. */
  resumedAt: number;
  /** What happened while it was stopped, in order. */
  #missed: (() => void)[] = [];
  readonly #world: VirtualClock;

  /** @param skewMs  how far its wall clock is from the world's */
  constructor(world: VirtualClock, skewMs = 0) {
    this.#world = world;
    this.clock = new ProcessClock(world, this, skewMs);
    this.resumedAt = world.monotonicMicros() / 1000;
  }

  /** Something happens to the process: now, or when it wakes up, or never. */
  deliver(action: () => void): void {
    if (this.state === "running") action();
    else if (this.state === "stopped") this.#missed.push(action);
  }

  stop(): void {
    if (this.state === "running") this.state = "stopped";
  }

  /** What it missed comes in its order, each as an event of its own. */
  resume(): void {
    if (this.state !== "stopped") return;
    this.state = "running";
    this.resumedAt = this.#world.monotonicMicros() / 1000;
    const missed = this.#missed;
    this.#missed = [];
    for (const action of missed) this.#world.after(0, () => this.deliver(action));
  }

  end(): void {
    this.state = "dead";
    this.#missed = [];
  }
}

class ProcessClock implements Clock {
  /** How far the wall clock is from the world's; monotonic time has no such error. */
  skewMs: number;
  readonly #world: VirtualClock;
  readonly #process: SimProcess;

  constructor(world: VirtualClock, process: SimProcess, skewMs: number) {
    this.#world = world;
    this.#process = process;
    this.skewMs = skewMs;
  }

  now(): number {
    return this.#world.now() + this.skewMs;
  }

  monotonicMicros(): number {
    return this.#world.monotonicMicros();
  }

  after(delayMs: number, action: () => void): Timer {
    let cancelled = false;
    // A timer cancelled in the tick in which the process wakes up must not fire.
    const timer = this.#world.after(delayMs, () => this.#process.deliver(() => cancelled || action()));
    return {
      cancel() {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  /** One that is late fires once and goes on from there, as Node's do. */
  every(periodMs: number, action: () => void): Timer {
    let cancelled = false;
    let timer: Timer;
    const arm = () => {
      timer = this.after(periodMs, () => {
        arm();
        if (!cancelled) action();
      });
    };
    arm();
    return {
      cancel() {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  endOfTick(action: () => void): void {
    this.after(TICK_MS, action);
  }
}
