/** Somebody in the middle of a network who writes down all that passes, and changes none of it. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "../ports.ts";

export class Eavesdropper {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  /** What was heard in each direction of each connection. */
  readonly #heard: Buffer[][] = [];

  /** A port at which connections to `port` are listened to. */
  async between(port: number): Promise<number> {
    const here = await freePort();
    const server = createServer((client) => this.#relay(client, connect(port, "127.0.0.1")));
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(here, "127.0.0.1", resolve));
    return here;
  }

  get connections(): number {
    return this.#heard.length / 2;
  }

  get bytes(): number {
    return this.#heard.flat().reduce((sum, { length }) => sum + length, 0);
  }

  /** Those of the words that were said in any connection, in any case. */
  heard(words: readonly string[]): string[] {
    const texts = this.#heard.map((pieces) => Buffer.concat(pieces).toString("latin1").toLowerCase());
    return words.filter((word) => texts.some((text) => text.includes(word.toLowerCase())));
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #relay(client: Socket, server: Socket): void {
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      const pieces: Buffer[] = [];
      this.#heard.push(pieces);
      this.#sockets.add(from);
      from.on("data", (data) => {
        pieces.push(data);
        to.write(data);
      });
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      from.on("end", () => to.end());
    }
  }
}
