/**
 * What the gates of dispatch.ts ask of the server before a command is run, and tell it behind it: one line each where another room knows, and
 * the few answers that are nobody else's.
 */
import { ReplyError } from "../base/reply-error.ts";
import type { Args } from "../commands/args.ts";
import { type CommandRow, FlagBit, type KeyWait } from "../commands/call.ts";
import type { Connection } from "./connection.ts";
import type { DispatchHost } from "./dispatch.ts";
import type { Server } from "./server.ts";

export class Gates implements DispatchHost {
  readonly clock: Server["clock"];
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    this.clock = server.clock;
  }

  makeRoom(): boolean {
    const server = this.#server;
    const { values } = server.config;
    // While writes wait (a failover, CLIENT PAUSE) the data stand still, so nothing is evicted either; a replica evicts
    // what its primary evicts, unless it is to see to its own memory.
    if (values.maxmemory === 0 || server.pause.mode !== null) return true;
    if (values["replica-ignore-maxmemory"] && server.isReplica) return true;
    const start = this.clock.monotonicMicros();
    const result = server.engine.evict(values.maxmemory);
    server.latency.add("eviction-cycle", this.clock.monotonicMicros() - start);
    return result !== "fail";
  }

  isPaused(row: CommandRow, bits: number): boolean {
    if (!this.#server.pause.holds(row, bits)) return false;
    this.#server.stats.pausedActions++;
    return true;
  }

  redirection(connection: Connection, row: CommandRow, args: Args): ReplyError | null {
    return this.#server.cluster?.routing.refusal(connection, row, args) ?? null;
  }

  deny(connection: Connection, row: CommandRow, args: Args): ReplyError | null {
    return this.#server.access.deny(connection, row, args);
  }

  refuseWrite(): ReplyError | null {
    for (const member of this.#server.members) {
      const refused = member.refuseWrite?.() ?? null;
      if (refused) return refused;
    }
    return null;
  }

  refuseProtected(connection: Connection, row: CommandRow): ReplyError | null {
    const name = row.name.split("|")[0]!;
    const directive = `enable-${name}-command` as "enable-debug-command" | "enable-module-command";
    const allowed = this.#server.config.values[directive];
    if (allowed === "yes" || (allowed === "local" && connection.isLocal)) return null;
    return new ReplyError(
      "ERR",
      `${name.toUpperCase()} command not allowed. If the ${directive} option is set to "local", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.`,
    );
  }

  monitor(connection: Connection, row: CommandRow, args: Args): void {
    this.#server.monitors.feed(connection, row, args);
  }

  slow(connection: Connection, args: Args, row: CommandRow, micros: number): void {
    if (!this.#server.sentinelMode) this.#server.slowlog.add(connection, args, row, micros);
  }

  late(row: CommandRow, micros: number): void {
    this.#server.latency.add((row.bits & FlagBit.fast) !== 0 ? "fast-command" : "command", micros);
  }

  failed(error: ReplyError): void {
    this.#server.failed(error);
  }

  strayed(command: string, error: ReplyError): void {
    this.#server.stats.unexpectedErrors++;
    this.#server.log.warning(
      `== CRITICAL == This replica is sending an error to its master: '${error.message}' after processing the command '${command}'`,
    );
  }

  wrote(connection: Connection): void {
    connection.writeOffset = this.#server.streamOffset();
  }

  park(connection: Connection, row: CommandRow, args: Args, wait: KeyWait, micros: number, silent: boolean): void {
    this.#server.blocking.park(connection, row, args, wait, micros, silent);
  }

  serveWaiting(): void {
    this.#server.blocking.serve();
  }

  bug(error: unknown, row: CommandRow | null): void {
    this.#server.bug(error, row);
  }

  flushedAll(): void {
    for (const member of this.#server.members) member.flushedAll?.();
  }
}
