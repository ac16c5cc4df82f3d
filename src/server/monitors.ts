/** MONITOR: clients that see every command as it is run. */
import { quoteWord } from "../base/words.ts";
import type { Args } from "../commands/args.ts";
import type { Connection } from "./connection.ts";
import { REDACTED, secretWords } from "./secrets.ts";
import type { Server } from "./server.ts";

export class Monitors {
  readonly #all = new Set<Connection>();
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  get any(): boolean {
    return this.#all.size > 0;
  }

  add(connection: Connection): void {
    connection.monitor = true;
    this.#all.add(connection);
    this.#server.refreshGuards();
  }

  remove(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    connection.monitor = false;
    this.#server.refreshGuards();
  }

  feed(connection: Connection, args: Args): void {
    const micros = this.#server.clock.now() * 1000;
    const seconds = Math.floor(micros / 1e6);
    const from = connection.unix ? `unix:${connection.socket.remote.path}` : connection.address;
    let line = `${seconds}.${String(micros % 1e6).padStart(6, "0")} [${connection.dbIndex} ${from}]`;
    const isSecret = secretWords(args);
    for (let i = 0; i < args.count; i++) line += ` ${quoteWord(isSecret?.(i) ? REDACTED : args.at(i).latin1())}`;
    for (const monitor of this.#all) monitor.reply.simple(line);
  }
}
