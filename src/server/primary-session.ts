/** The client that stands for our primary: it runs the stream of commands that the primary sends, and is answered nothing. */
import type { Endpoint, Socket } from "../io/net.ts";
import { Connection } from "./connection.ts";
import type { Server } from "./server.ts";

const NOWHERE: Endpoint = { host: "", port: 0 };

/** A socket to nobody. */
class NullSocket implements Socket {
  readonly remote = NOWHERE;
  readonly local = NOWHERE;
  readonly fd = -1;
  readonly connected = true;
  readonly unsentBytes = 0;
  onConnect = (): void => {};
  onData = (): void => {};
  onDrain = (): void => {};
  onClose = (): void => {};

  write(): boolean {
    return true;
  }
  pause(): void {}
  resume(): void {}
  setNoDelay(): void {}
  setKeepAlive(): void {}
  end(): void {}
  destroy(): void {}
}

export class PrimarySession {
  readonly connection: Connection;
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    this.connection = new Connection(server, new NullSocket(), server.clients.takeId(), server.clock.now(), true);
    this.connection.denyBlocking = true;
  }

  /**
   * Runs the whole commands at the front of bytes[0, length).
   * @returns  how many bytes they took
   * @throws  ProtocolError; and for a command that is unknown here: whatever it changes there, our data would lack it
   */
  apply(bytes: Uint8Array, length: number): number {
    const { connection } = this;
    const { reader } = connection;
    const { engine } = this.#server;
    const mode = engine.expiryMode;
    this.#server.beginBatch(connection);
    engine.expiryMode = "keep";
    reader.lend(bytes, length);
    try {
      for (let args = reader.next(); args !== null; args = reader.next()) {
        if (this.#server.table.find(args.at(0)) === undefined)
          throw new Error(`the command '${args.at(0).utf8().slice(0, 128)}' is not known here`);
        this.#server.run(connection, args);
      }
      return reader.position;
    } finally {
      engine.expiryMode = mode;
      this.#server.endBatch(connection);
      reader.clear();
    }
  }
}
