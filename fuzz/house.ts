/**
 * A whole server without a network, a disk or time of its own: sockets are objects, files lie in memory, the clock is turned by
 * hand, and a tick ends when it is told to. So an input takes microseconds, and goes the same way every time.
 */
import { join } from "node:path";
import { splitWords } from "../src/base/words.ts";
import { MemoryDisk } from "../src/io/memory-disk.ts";
import type { Endpoint, Listener, ListenOptions, Net, Socket } from "../src/io/net.ts";
import { NodeProcesses } from "../src/io/node-processes.ts";
import { noProcess } from "../src/io/process-facts.ts";
import { SeededRandom } from "../src/io/random.ts";
import { VirtualClock } from "../src/io/virtual-clock.ts";
import { readConfig } from "../src/main/config-file.ts";
import { assemble } from "../src/server/assemble.ts";
import type { Server } from "../src/server/server.ts";
import { FuzzSocket } from "./socket.ts";
import { Broken } from "./target.ts";

class FuzzNet {
  readonly doors = new Map<number, (socket: Socket) => void>();
  /** Connections that the server has begun, latest last. */
  readonly dialled: FuzzSocket[] = [];

  listen(options: ListenOptions, onConnection: (socket: Socket) => void): Promise<Listener> {
    this.doors.set(options.port, onConnection);
    return Promise.resolve({ endpoint: { host: options.host, port: options.port }, close: () => Promise.resolve() });
  }

  connect(endpoint: Endpoint): Socket {
    const socket = new FuzzSocket(endpoint, false);
    this.dialled.push(socket);
    return socket;
  }

  resolve(host: string): Promise<string[]> {
    return Promise.resolve([host]);
  }
}

/** What a thousand inputs of strangers may log. Where others are heard, a line or some an event are meant to be: those targets say so. */
const MAX_LOG_LINES = 200;

export class House {
  readonly server: Server;
  readonly clock: VirtualClock;
  readonly net = new FuzzNet();
  readonly disk = new MemoryDisk();
  readonly log: string[] = [];
  /** Lines logged since the last check, and since the start. */
  #lines = 0;
  logged = 0;
  readonly exits: number[] = [];
  #due: (() => void)[] = [];

  private constructor(config: string, files: Readonly<Record<string, string>>) {
    this.clock = new VirtualClock(1_700_000_000_000, (action) => void this.#due.push(action));
    for (const [name, text] of Object.entries(files))
      this.disk.replaceSync(join(process.cwd(), name), Buffer.from(text, "latin1"));
    const settings = readConfig(this.disk, "", `port 6379\nbind 127.0.0.1\nsave ""\n${config}`, false);
    const note = (text: string) => {
      this.#lines++;
      this.logged++;
      this.log.push(text);
      if (this.log.length > 10_000) this.log.splice(0, 9_000);
    };
    this.server = assemble({
      io: { clock: this.clock, random: new SeededRandom(1), net: this.net as unknown as Net, disk: this.disk },
      processes: new NodeProcesses(),
      config: settings.config,
      extras: settings.extras,
      log: { debug() {}, verbose() {}, notice: note, warning: note },
      pid: process.pid,
      facts: noProcess,
      exit: (code) => this.exits.push(code),
    });
  }

  /** @param files  what lies in its folder already, by name */
  static async start(config = "", files: Readonly<Record<string, string>> = {}): Promise<House> {
    const house = new House(config, files);
    await house.server.start();
    house.settle();
    return house;
  }

  /** Somebody connects. */
  connect(port = 6379): FuzzSocket {
    const socket = new FuzzSocket({ host: "127.0.0.1", port: 40_000 }, true);
    this.net.doors.get(port)!(socket);
    return socket;
  }

  /** The lines behind the first `logged`, as far as they are kept. */
  logSince(logged: number): string[] {
    const count = this.logged - logged;
    return count === 0 ? [] : this.log.slice(-count);
  }

  /** Ends ticks until nothing is left to do. */
  settle(): void {
    for (let turns = 0; this.#due.length > 0; turns++) {
      if (turns > 1000) throw new Broken("the tick never ends");
      const due = this.#due;
      this.#due = [];
      for (const action of due) action();
    }
  }

  /** Time passes. */
  pass(ms: number): void {
    this.settle();
    this.clock.advance(ms);
    this.settle();
  }

  /** Sends one request on `socket` and gives the bytes that come back. */
  ask(socket: FuzzSocket, ...words: (string | Buffer)[]): string {
    socket.received = "";
    socket.keeps = 1 << 20;
    socket.feed(encode(words));
    this.settle();
    return socket.received;
  }

  line(socket: FuzzSocket, text: string): string {
    return this.ask(socket, ...splitWords(text)!);
  }

  /** The server is alive, answers others, has logged no bug of its own and not too much else, and keeps within its bounds. */
  check(clientBytes: number, dataBytes: number, logLines = MAX_LOG_LINES): void {
    const { server } = this;
    const bug = this.log.find((line) => line.startsWith("Bug in") || line.includes("Error: "));
    if (bug !== undefined) throw new Broken(bug);
    if (this.exits.length > 0) throw new Broken(`it wanted to end its process: ${this.log.slice(-3).join("\n")}`);
    if (this.#lines > logLines)
      throw new Broken(`${this.#lines} lines were logged, such as: ${this.log.slice(-3).join("\n")}`);
    this.#lines = 0;
    let bytes = 0;
    for (const { reader, reply } of server.clients.byId.values()) bytes += reader.bufferBytes + reply.size;
    if (bytes > clientBytes) throw new Broken(`clients hold ${bytes} bytes`);
    if (server.engine.usedMemory() > dataBytes) throw new Broken(`data take ${server.engine.usedMemory()} bytes`);
    const witness = this.connect();
    const answer = this.line(witness, "PING");
    if (answer !== "+PONG\r\n") throw new Broken(`another client is answered ${JSON.stringify(answer)}`);
    witness.leave();
    this.settle();
  }

  async stop(): Promise<void> {
    const stopped = this.server.stop();
    this.settle();
    await stopped;
  }
}

export function encode(words: readonly (string | Buffer)[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`*${words.length}\r\n`)];
  for (const word of words) {
    const bytes = typeof word === "string" ? Buffer.from(word, "latin1") : word;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n"));
  }
  return Buffer.concat(parts);
}
