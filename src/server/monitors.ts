/** MONITOR: clients that see every command as it is run. */

import { Slice } from "../base/bytes.ts";
import { quoteBytes } from "../base/words.ts";
import type { Args } from "../commands/args.ts";
import type { CommandRow } from "../commands/call.ts";
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

  /** Piece by piece: a command may be longer than any string. */
  feed(connection: Connection, row: CommandRow, args: Args): void {
    const micros = this.#server.clock.now() * 1000;
    const seconds = Math.floor(micros / 1e6);
    const from = connection.unix ? `unix:${connection.socket.remote.path}` : connection.address;
    this.#tell(Buffer.from(`+${seconds}.${String(micros % 1e6).padStart(6, "0")} [${connection.dbIndex} ${from}]`));
    const isSecret = secretWords(row, args);
    for (let i = 0; i < args.count; i++) {
      this.#tell(BLANK);
      const { bytes, start, end } = isSecret?.(i) ? REDACTED_WORD : args.at(i);
      quoteBytes(bytes, start, end, (piece) => this.#tell(piece));
    }
    this.#tell(CRLF);
  }

  #tell(bytes: Uint8Array): void {
    for (const monitor of this.#all) monitor.reply.raw(bytes);
  }
}

const REDACTED_WORD = Slice.of(REDACTED);
const BLANK = Buffer.from(" ");
const CRLF = Buffer.from("\r\n");
