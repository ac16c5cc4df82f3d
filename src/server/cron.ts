/** What a server does without being asked, `hz` times a second. */
import type { Timer } from "../io/io.ts";
import type { Server } from "./server.ts";

/** What the active expiry of one turn may take: a quarter of the time at `hz 10` as in Redis, in our shorter slices. */
const EXPIRE_MICROS = 5_000;
/** And how long fields of hashes may. */
const EXPIRE_FIELDS_MICROS = 2_000;
/** The same for what commands left to be tidied. */
const TIDY_MICROS = 1_000;
/** While something is to be freed the next slice of that follows so soon. */
const TIDY_AGAIN_MS = 5;

export class Cron {
  readonly #server: Server;
  #timer: Timer | null = null;
  #tidying: Timer | null = null;

  constructor(server: Server) {
    this.#server = server;
  }

  /** CONFIG SET hz counts from the next turn on. */
  start(): void {
    const { clock, config } = this.#server;
    this.#timer = clock.after(Math.round(1000 / config.values.hz), () => {
      this.start();
      this.#turn();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#tidying?.cancel();
  }

  #turn(): void {
    const server = this.#server;
    if (server.cronPaused) return;
    server.awake();
    const { now } = server.engine;
    server.pause.check(now);
    this.#closeIdle(now);
    for (const connection of server.clients.byId.values()) server.checkOutput(connection);
    server.eviction.weighAll();
    server.chunks.trim(now);
    this.#sampleRates();
    if (!server.loading && server.engine.expiryMode === "delete" && server.activeExpire) this.#expire();
    if (this.#tidying === null) this.#tidy();
    for (const member of server.members) member.cron?.(now);
    server.refreshGuards();
    if (server.outcomes.length > 0) server.tick.schedule();
  }

  /** Ten million elements that were dropped are a second or two of work: not so slow that more is dropped than freed. */
  #tidy(): void {
    const { clock, engine } = this.#server;
    this.#tidying = null;
    if (!engine.resizeStep(TIDY_MICROS) || engine.lazyfree.idle || this.#server.cronPaused) return;
    this.#tidying = clock.after(TIDY_AGAIN_MS, () => this.#tidy());
  }

  #closeIdle(now: number): void {
    const { clients, config, log } = this.#server;
    for (const connection of clients.idle(now, config.values.timeout)) {
      log.verbose("Closing idle client");
      connection.close("idle timeout");
    }
  }

  #expire(): void {
    const { clock, engine, latency } = this.#server;
    const start = clock.monotonicMicros();
    engine.activeExpire(EXPIRE_MICROS, false);
    engine.expireFields(EXPIRE_FIELDS_MICROS);
    latency.add("expire-cycle", clock.monotonicMicros() - start);
  }

  #sampleRates(): void {
    const { clients, clock, dispatch, engine, stats } = this.#server;
    const micros = clock.monotonicMicros();
    let { bytesIn, bytesOut } = stats;
    for (const connection of clients.byId.values()) {
      bytesIn += connection.bytesIn;
      bytesOut += connection.bytesOut;
    }
    stats.commandsRate.sample(dispatch.commandsProcessed, micros);
    stats.inputRate.sample(bytesIn, micros);
    stats.outputRate.sample(bytesOut, micros);
    stats.peakMemory = Math.max(stats.peakMemory, engine.usedMemory());
  }
}
