/**
 * The course that every drill takes: clients write for a while, the primary is broken, another takes its place, the broken one returns
 * and follows, and some time later all is over. `drill.ts` and `cluster-drill.ts` say what that is in their kind of group.
 */
import { ConnectionError } from "../../client/connection-error.ts";
import { monotonicMs, sleep, type World } from "../world.ts";
import type { ClusterFault, Injection } from "./faults.ts";
import type { Switch, Timeline } from "./history.ts";
import type { RoleWatch } from "./roles.ts";
import type { Writer } from "./writers.ts";

export interface CourseOptions {
  readonly fault: ClusterFault;
  /** The lab's folder, absolute. */
  readonly folder: string;
  /** How long the fault and its mending may take, all in all; default 30 000. */
  readonly limitMs?: number;
  readonly onProgress?: (text: string) => void;
  /** Asked often: true ends the drill early, mended, with an error. */
  readonly cancelled?: () => boolean;
}

const DEFAULT_LIMIT_MS = 30_000;
const WARM_UP_MS = 1_000;
const WARM_UP_WITHIN_MS = 10_000;
/** The new primary is given this time before the old one returns, as an operator or a supervisor would. */
const AWAY_MS = 1_500;
/** What goes on after all is mended: late harm shows here. */
const AFTERMATH_MS = 1_500;
/** For what the nodes still have to tell each other when the clients have gone. */
export const SETTLE_WITHIN_MS = 15_000;

export abstract class Course {
  readonly switches: Switch[] = [];
  protected readonly world: World;
  protected readonly options: CourseOptions;
  protected readonly writers: readonly Writer[];
  protected faultAt = Number.POSITIVE_INFINITY;
  /** The same moment on the wall clock, which the logs go by. */
  protected faultTime = 0;
  protected promotedAt: number | undefined;
  protected replicaAt: number | undefined;
  /** Whether all has been seen, or will never be: whoever looks on stops. */
  protected over = false;
  /** What looks on, and ends when it is over. */
  protected readonly onlookers: Promise<void>[] = [];

  constructor(world: World, options: CourseOptions, writers: readonly Writer[]) {
    this.world = world;
    this.options = options;
    this.writers = writers;
  }

  /** Asks for the roles of the servers from now on. */
  protected abstract watchRoles(): RoleWatch;
  /** Does the harm; `injection` mends it. */
  protected abstract strike(injection: Injection): Promise<void>;

  now(): number {
    return monotonicMs(this.world.io.clock);
  }

  /** @throws Error  if the clients cannot write, or it was cancelled; what was broken is mended all the same, and nobody writes any more */
  protected async take(injection: Injection, oldPrimaryPort: number): Promise<Timeline> {
    const writing = this.writers.map((writer) => writer.run());
    const roles = this.watchRoles();
    const startedAt = this.now();
    let returnedAt: number | undefined;
    try {
      await this.#warmUp();
      this.tell(`${this.writers.length} clients write; now: ${this.options.fault}, primary ${oldPrimaryPort}`);
      this.switches.length = 0;
      this.faultAt = this.now();
      this.faultTime = this.world.io.clock.now();
      returnedAt = await this.breakAndMend(injection, this.faultAt + (this.options.limitMs ?? DEFAULT_LIMIT_MS));
      await this.#pause(AFTERMATH_MS);
    } finally {
      this.over = true;
      injection.heal();
      for (const writer of this.writers) writer.stop();
      roles.stop();
      await Promise.all([...writing, ...this.onlookers]);
    }
    const { faultAt, promotedAt, replicaAt, switches } = this;
    this.tell("the clients have stopped; comparing what the nodes hold");
    return { startedAt, faultAt, promotedAt, returnedAt, replicaAt, stoppedAt: this.now(), switches };
  }

  /** From the fault until the old primary follows the new one. @returns  when it returned, if it was away */
  protected async breakAndMend(injection: Injection, deadline: number): Promise<number | undefined> {
    await this.strike(injection);
    await this.#until(deadline, () => this.promotedAt !== undefined);
    if (this.promotedAt !== undefined) {
      this.tell(`another primary after ${Math.round(this.promotedAt - this.faultAt)} ms`);
      await this.#until(deadline, () => this.#allWriteAgain());
    }
    let returnedAt: number | undefined;
    if (injection.takesAway) {
      await this.#pause(AWAY_MS);
      returnedAt = this.now();
      injection.heal();
      this.tell("the old primary returns");
    }
    await this.#until(deadline, () => this.replicaAt !== undefined);
    return returnedAt;
  }

  protected tell(text: string): void {
    this.options.onProgress?.(text);
  }

  /** @throws Error  if it was cancelled */
  protected heedCancel(): void {
    heedCancel(this.options);
  }

  /** Reads what the nodes hold in the end. One that changes its role meanwhile breaks its connections: then it is read once more. */
  protected async readTwice<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      return read();
    }
  }

  /** Until every client has written for a while: a gap needs two ends. */
  async #warmUp(): Promise<void> {
    const end = this.now() + WARM_UP_WITHIN_MS;
    if (!(await this.#until(end, () => this.writers.every((writer) => writer.acks.length >= 20)))) {
      const errors = this.writers.flatMap((writer) => [...writer.errors.keys()]);
      const which = [...new Set(errors)].join(", ");
      throw new Error(`not every client could write within ${WARM_UP_WITHIN_MS} ms: ${which || "no answer"}`);
    }
    await this.#pause(WARM_UP_MS);
  }

  #allWriteAgain(): boolean {
    const since = this.promotedAt!;
    return this.writers.every((writer) => writer.kind === "direct" || (writer.acks.at(-1)?.at ?? 0) > since);
  }

  async #pause(ms: number): Promise<void> {
    await this.#until(this.now() + ms, () => false);
  }

  /** Waits for `condition`, but not beyond `deadline`; says whether it came true. */
  async #until(deadline: number, condition: () => boolean): Promise<boolean> {
    for (;;) {
      this.heedCancel();
      if (condition()) return true;
      if (this.now() >= deadline) return false;
      await sleep(this.world.io.clock, 5);
    }
  }
}

export function heedCancel({ cancelled }: CourseOptions): void {
  if (cancelled?.()) throw new Error("the drill was interrupted");
}
