/**
 * The orderly end of a server, asked for by SHUTDOWN or a signal: writes wait until the replicas have all there is, the data
 * are saved if they are to be, then everything is closed and the process ends.
 */
import { ReplyError } from "../base/reply-error.ts";
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

/** The words of `shutdown-on-sigterm` and `shutdown-on-sigint`. */
export function shutdownOptions(words: readonly ("save" | "nosave" | "now" | "force")[]): ShutdownOptions {
  const save = words.includes("save") ? "save" : words.includes("nosave") ? "nosave" : "auto";
  return { save, now: words.includes("now"), force: words.includes("force") };
}

export class Shutdown {
  readonly #server: Server;
  /** Set while it waits for replicas: when it will wait no longer, in Unix ms. */
  #waitingUntil: number | null = null;
  #ending = false;
  #onFailure: (() => void)[] = [];

  constructor(server: Server) {
    this.#server = server;
  }

  /** Whether it is under way. */
  get begun(): boolean {
    return this.#ending || this.#waitingUntil !== null;
  }

  /** While it waits for replicas: how long it will at most. Null otherwise. */
  get millisecondsLeft(): number | null {
    return this.#waitingUntil === null ? null : Math.max(0, this.#waitingUntil - this.#server.clock.now());
  }

  /**
   * Begins the end; nothing happens before the end of this tick.
   * @param failed  called when it was given up: by `abort`, or because the data could not be saved
   */
  begin(options: ShutdownOptions, failed: () => void = () => {}): void {
    this.#onFailure.push(failed);
    if (this.begun) return;
    const { log, clock } = this.#server;
    log.warning("User requested shutdown...");
    if (options.now) {
      this.#ending = true;
      clock.endOfTick(() => void this.#finish(options));
    } else clock.endOfTick(() => void this.#wait(options));
    this.#waitingUntil = options.now ? null : clock.now() + this.#server.config.values["shutdown-timeout"] * 1000;
  }

  /** SHUTDOWN ABORT; false if there is nothing to abort. */
  abort(): boolean {
    if (this.#waitingUntil === null) return false;
    this.#server.log.notice("Shutdown manually aborted.");
    this.#waitingUntil = null;
    for (const member of this.#server.members) member.abortHandOver?.();
    this.#giveUp();
    return true;
  }

  async #wait(options: ShutdownOptions): Promise<void> {
    for (const member of this.#server.members) {
      if (this.#waitingUntil === null) return;
      await member.handOver?.();
    }
    if (this.#waitingUntil === null) return;
    this.#waitingUntil = null;
    this.#ending = true;
    await this.#finish(options);
  }

  async #finish(options: ShutdownOptions): Promise<void> {
    const { log, sentinelMode } = this.#server;
    if (!this.#save(options)) {
      if (!options.force) {
        log.warning("Error trying to save the DB, can't exit.");
        log.warning("Errors trying to shut down the server. Check the logs for more information.");
        this.#ending = false;
        this.#giveUp();
        return;
      }
      log.warning("Error trying to save the DB. Exiting anyway.");
    }
    await this.#server.stop();
    log.warning(`${sentinelMode ? "Sentinel" : "Redis"} is now ready to exit, bye bye...`);
    this.#server.options.exit(0);
  }

  /** Whether the data are safe, or need not be. */
  #save({ save }: ShutdownOptions): boolean {
    const server = this.#server;
    if (save === "nosave" || server.sentinelMode || server.loading) return true;
    if (save === "auto" && server.config.values.save.length === 0) return true;
    const keeper = server.members.find((member) => member.saveBeforeExit);
    if (!keeper) return true;
    server.log.notice("Saving the final RDB snapshot before exiting.");
    return keeper.saveBeforeExit!();
  }

  #giveUp(): void {
    const told = this.#onFailure;
    this.#onFailure = [];
    for (const failed of told) failed();
  }
}
