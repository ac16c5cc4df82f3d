/** Clients: requests of RESP and inline commands, right and wrong, whole and cut, to a server that serves another meanwhile. */
import type { SeededRandom } from "../../src/io/random.ts";
import { House } from "../house.ts";
import { pieces } from "../mutate.ts";
import { FuzzInputs } from "../request-inputs.ts";
import type { FuzzSocket } from "../socket.ts";
import { Broken, type Target, type TargetRow } from "../target.ts";

const MB = 1024 * 1024;
const CONFIG =
  "proto-max-bulk-len 1mb\nclient-query-buffer-limit 1mb\nmaxmemory 64mb\nmaxmemory-policy allkeys-random\nenable-debug-command no\n";

/** Twice the limit of the query buffer, since buffers grow by doubling, and what one read brings. */
const MAX_CLIENT_BYTES = 2 * MB + 64 * 1024;
/** One in so many inputs is longer than any limit. */
const FLOOD_EVERY = 2000;

/** The beginning of a request that does not end: of many words, or of one line. */
function flood(random: SeededRandom): Buffer {
  const words = random.uint32() % 2 === 0;
  const part = words ? `$1000\r\n${"x".repeat(1000)}\r\n` : "x".repeat(1000);
  return Buffer.from((words ? "*100000\r\n" : "") + part.repeat(2000 + (random.uint32() % 4000)));
}

/** As much of the replies is looked at. */
const KEPT_REPLIES = 4096;
/** Whoever is answered nothing but errors has changed nothing. */
const ERRORS_ALONE = /^(?:-[^\r\n]*\r\n)+$/;

class Requests implements Target {
  readonly #house: House;
  readonly make: (random: SeededRandom) => Buffer;
  /** What a thousand inputs may log. */
  readonly #mostLines: number;
  #sockets: FuzzSocket[] = [];

  constructor(house: House, mostLines: number, make: (random: SeededRandom) => Buffer) {
    this.#house = house;
    this.#mostLines = mostLines;
    this.make = make;
  }

  run(input: Buffer, random: SeededRandom): "taken" | "refused" {
    const house = this.#house;
    const socket = house.connect();
    const { stats, call } = house.server;
    const errors = stats.errorReplies;
    const changes = call.totalDirty;
    socket.keeps = KEPT_REPLIES;
    for (const piece of pieces(input, random)) socket.feed(piece);
    this.#sockets.push(socket);
    if (stats.errorReplies > errors && call.totalDirty > changes) {
      house.settle();
      if (ERRORS_ALONE.test(socket.received))
        throw new Broken(`${call.totalDirty - changes} changes, and ${socket.received}`);
    }
    if (this.#sockets.length >= 16) this.#leave();
    return stats.errorReplies > errors || !socket.connected ? "refused" : "taken";
  }

  #leave(): void {
    const { server } = this.#house;
    this.#house.settle();
    for (const { reader } of server.clients.byId.values())
      if (reader.bufferBytes > MAX_CLIENT_BYTES) throw new Broken(`a client holds ${reader.bufferBytes} bytes`);
    for (const socket of this.#sockets.splice(0)) socket.leave();
    // What an input began for all is not what the next ones are to find.
    server.pause.end("client_pause");
    this.#house.settle();
  }

  check(): void {
    this.#leave();
    this.#house.pass(100);
    this.#house.check(16 * MB, 80 * MB, this.#mostLines);
  }

  stop(): Promise<void> {
    return this.#house.stop();
  }
}

export const requests: TargetRow = {
  about: "requests of RESP",
  async start() {
    const house = await House.start(CONFIG);
    const inputs = new FuzzInputs([...house.server.table.all()].map((row) => row.name));
    // Some ask to be replicas, which is told of.
    return new Requests(house, 200, (random) =>
      random.uint32() % FLOOD_EVERY === 0 ? flood(random) : inputs.draw(random),
    );
  },
};

/** Letters of inline commands: quotes, escapes, blanks, other controls. */
const INLINE = [
  "'",
  '"',
  "\\x4",
  "\\x41",
  "\\",
  "\\n",
  " ",
  "\t",
  "\r",
  "\0",
  "\x80",
  "GET",
  "SET",
  "ECHO",
  "key:1",
  "POST",
  "Host:",
  "*",
  "$",
  "x".repeat(500),
];

export const inline: TargetRow = {
  about: "inline commands",
  corpus: () =>
    [
      "PING\r\n",
      "SET \"a key\" 'it''s'\r\nGET \"a\\x20key\"\n",
      "ECHO hello\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      "a".repeat(66_000),
    ].map((text) => Buffer.from(text, "latin1")),
  async start() {
    return new Requests(await House.start(CONFIG), 10, (random) => {
      const below = (limit: number) => random.uint32() % limit;
      const word = () => INLINE[below(INLINE.length)]!;
      const line = () => Array.from({ length: below(8) }, word).join(below(2) === 0 ? "" : " ");
      const text = Array.from({ length: 1 + below(3) }, line).join(["\r\n", "\n", "\r"][below(3)]);
      return Buffer.from(text + ["\r\n", "\n", ""][below(3)]!, "latin1");
    });
  },
};
