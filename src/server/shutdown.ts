/**
 * The orderly end of a server, asked for by SHUTDOWN or a signal: writes wait until the replicas have all there is, the data
 * are saved if they are to be, then everything is closed and the process ends.
 */
import { ReplyError } from "../base/reply-error.ts";
import type { Timer } from "../io/io.ts";
import type { Server } from "./server.ts";

export interface ShutdownOptions {
  /** "auto": if there are save points. */
  readonly save: "auto" | "save" | "nosave";
  /** Does not wait for replicas. */
  readonly now: boolean;
  /** Ends even if the data could not be saved. */
  readonly force: boolean;
}

export const NOT_SHUT_DOWN = new ReplyError("ERR", "Errors trying to SHUTDOWN. Check logs.");

/** How many replicas there are, and how many of them have all that was written. */
export interface ReplicasInSync {
  readonly total: number;
  readonly inSync: number;
}

const PAUSED = "shutdown_in_progress";
const POLL_MS = 10;

export class Shutdown {
  readonly #server: Server;
  #waiting: { until: number; options: ShutdownOptions; timer: Timer } | null = null;
  #onFailure: (() => void)[] = [];
  #ending = false;

  constructor(server: Server) {
    this.#server = server;
  }

  /** While it waits for replicas: how long it will at most. Null otherwise. */
  get millisecondsLeft(): number | null {
    return this.#waiting && Math.max(0, this.#waiting.until - this.#server.clock.now());
  }

  /**
   * Begins the end.
   * @param failed  called when it was given up: by `abort`, or because the data could not be saved
   */
  begin(options: ShutdownOptions, failed: () => void = () => {}): void {
    if (this.#ending) return;
    this.#onFailure.push(failed);
    if (this.#waiting) return;
    const server = this.#server;
    server.log.notice("User requested shutdown...");
    const timeoutMs = server.config.values["shutdown-timeout"] * 1000;
    const { total, inSync } = this.#replicas();
    if (options.now || timeoutMs === 0 || inSync === total) {
      // Not at once: whoever asked is in the middle of a request.
      server.clock.endOfTick(() => void this.#finish(options));
      return;
    }
    server.log.notice("Waiting for replicas before shutting down.");
    server.pause.begin(PAUSED, "write", Number.POSITIVE_INFINITY);
    const timer = server.clock.every(POLL_MS, () => this.#look());
    this.#waiting = { until: server.clock.now() + timeoutMs, options, timer };
  }

  /** SHUTDOWN ABORT; false if there is nothing to abort. */
  abort(): boolean {
    if (!this.#waiting) return false;
    this.#server.log.notice("Shutdown manually aborted.");
    this.#giveUp();
    return true;
  }

  #look(): void {
    const { until, options } = this.#waiting!;
    const { total, inSync } = this.#replicas();
    if (inSync < total && this.#server.clock.now() < until) return;
    this.#waiting!.timer.cancel();
    this.#waiting = null;
    void this.#finish(options);
  }

  #replicas(): ReplicasInSync {
    for (const member of this.#server.members) {
      const replicas = member.replicasInSync?.();
      if (replicas) return replicas;
    }
    return { total: 0, inSync: 0 };
  }

  async #finish(options: ShutdownOptions): Promise<void> {
    const { log } = this.#server;
    const { total, inSync } = this.#replicas();
    if (total > 0) log.notice(`${inSync} of ${total} replicas are in sync when shutting down.`);
    if (!this.#save(options)) {
      if (!options.force) {
        log.warning("Error trying to save the DB, can't exit.");
        log.warning("Errors trying to shut down the server. Check the logs for more information.");
        this.#giveUp();
        return;
      }
      log.warning("Error trying to save the DB. Exiting anyway.");
    }
    this.#ending = true;
    await this.#server.stop();
    log.warning(`${this.#server.sentinelMode ? "Sentinel" : "Redis"} is now ready to exit, bye bye...`);
    this.#server.options.exit(0);
  }

  /** Whether the data are safe, or need not be. */
  #save({ save }: ShutdownOptions): boolean {
    const server = this.#server;
    if (save === "nosave" || server.sentinelMode || server.loading) return true;
    if (save === "auto" && server.config.values.save.length === 0) return true;
    const saver = server.members.find((member) => member.saveBeforeExit);
    if (!saver) return true;
    server.log.notice("Saving the final RDB snapshot before exiting.");
    return saver.saveBeforeExit!();
  }

  #giveUp(): void {
    this.#waiting?.timer.cancel();
    this.#waiting = null;
    this.#server.pause.end(PAUSED);
    const told = this.#onFailure;
    this.#onFailure = [];
    for (const failed of told) failed();
  }
}
