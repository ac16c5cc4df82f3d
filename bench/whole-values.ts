/** Single commands that go through a large value: how long another client waits meanwhile. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { type Contender, RunningServer } from "./contender.ts";
import { element, Filler, fillCommands, type ValueType } from "./filling.ts";
import { probe } from "./prober.ts";
import type { StallsRow } from "./stalls.ts";

/** A command is given so often, and the least disturbed time counts. */
const ROUNDS = 3;
/** Of the elements of a value, what a command takes that takes many. */
const MANY = 10;

interface Whole {
  readonly operation: string;
  /** Done before each round, and not measured. */
  readonly before?: readonly string[][];
  readonly command: readonly string[];
  /** What it does cannot be done again: the value is filled anew before each round. */
  readonly ends?: true;
}

function copies(type: ValueType): Whole[] {
  return [
    { operation: "COPY", before: [["UNLINK", "copy"]], command: ["COPY", type, "copy"] },
    {
      operation: "RENAME",
      before: [
        ["UNLINK", "copy"],
        ["COPY", type, "copy"],
      ],
      command: ["RENAME", "copy", "renamed"],
    },
  ];
}

/** The commands for a value of so many elements, by its type. */
function commandsOn(elements: number): Readonly<Record<ValueType, readonly Whole[]>> {
  const many = `${Math.floor(elements / MANY)}`;
  const half = `${Math.floor(elements / 2)}`;
  const gone = [["UNLINK", "into"]];
  const clean = { before: gone };
  return {
    list: [
      ...copies("list"),
      { operation: `LRANGE of ${many}`, command: ["LRANGE", "list", "0", many] },
      { operation: "LPOS, in vain", command: ["LPOS", "list", "none"] },
      { operation: "LREM, in vain", command: ["LREM", "list", "0", "none"] },
      { operation: "LINSERT in the middle", command: ["LINSERT", "list", "BEFORE", element(elements / 2), "new"] },
      { operation: `LPOP of ${many}`, command: ["LPOP", "list", many], ends: true },
      { operation: "LTRIM to the half", command: ["LTRIM", "list", "0", half], ends: true },
    ],
    hash: [
      ...copies("hash"),
      { operation: "HGETALL", command: ["HGETALL", "hash"] },
      { operation: "HKEYS", command: ["HKEYS", "hash"] },
      { operation: `HRANDFIELD of ${many}`, command: ["HRANDFIELD", "hash", many] },
      { operation: `HRANDFIELD of ${half}`, command: ["HRANDFIELD", "hash", half, "WITHVALUES"] },
      { operation: `HRANDFIELD of -${many}`, command: ["HRANDFIELD", "hash", `-${many}`] },
    ],
    set: [
      ...copies("set"),
      { operation: "SMEMBERS", command: ["SMEMBERS", "set"] },
      { operation: `SRANDMEMBER of ${many}`, command: ["SRANDMEMBER", "set", many] },
      { operation: `SRANDMEMBER of ${half}`, command: ["SRANDMEMBER", "set", half] },
      { operation: `SRANDMEMBER of -${many}`, command: ["SRANDMEMBER", "set", `-${many}`] },
      { operation: "SUNIONSTORE", ...clean, command: ["SUNIONSTORE", "into", "set"] },
      { operation: "SINTERSTORE", ...clean, command: ["SINTERSTORE", "into", "set", "set"] },
      { operation: `SPOP of ${many}`, command: ["SPOP", "set", many], ends: true },
    ],
    zset: [
      ...copies("zset"),
      { operation: "ZRANGE 0 -1 WITHSCORES", command: ["ZRANGE", "zset", "0", "-1", "WITHSCORES"] },
      { operation: `ZRANDMEMBER of ${many}`, command: ["ZRANDMEMBER", "zset", many] },
      { operation: `ZRANDMEMBER of ${half}`, command: ["ZRANDMEMBER", "zset", half] },
      { operation: `ZRANDMEMBER of -${many}`, command: ["ZRANDMEMBER", "zset", `-${many}`] },
      { operation: "ZRANGESTORE", ...clean, command: ["ZRANGESTORE", "into", "zset", "0", "-1"] },
      { operation: "ZUNIONSTORE", ...clean, command: ["ZUNIONSTORE", "into", "1", "zset", "WEIGHTS", "2"] },
      { operation: "ZINTERSTORE", ...clean, command: ["ZINTERSTORE", "into", "2", "zset", "zset"] },
      { operation: `ZPOPMIN of ${many}`, command: ["ZPOPMIN", "zset", many], ends: true },
      { operation: `ZREMRANGEBYRANK of ${many}`, command: ["ZREMRANGEBYRANK", "zset", "0", many], ends: true },
    ],
    stream: streamCommands(elements, many, half),
  };
}

/** On a stream all of which is pending in a group, at one consumer. */
function streamCommands(elements: number, many: string, half: string): Whole[] {
  const group = (consumer: string, id = "$") => ["XGROUP", consumer, "stream", "again", id];
  const pending = [
    ["XGROUP", "DESTROY", "stream", "again"],
    group("CREATE", "0"),
    ["XREADGROUP", "GROUP", "again", "one", "COUNT", `${elements}`, "STREAMS", "stream", ">"],
  ];
  return [
    { operation: "XREADGROUP of all", before: pending.slice(0, 2), command: pending[2]! },
    ...copies("stream"),
    { operation: `XRANGE of ${many}`, command: ["XRANGE", "stream", "-", "+", "COUNT", many] },
    { operation: "XPENDING", command: ["XPENDING", "stream", "again"] },
    {
      operation: "XAUTOCLAIM COUNT 1000",
      command: ["XAUTOCLAIM", "stream", "again", "two", "0", "0", "COUNT", "1000"],
    },
    {
      operation: `XAUTOCLAIM COUNT ${many} JUSTID`,
      command: ["XAUTOCLAIM", "stream", "again", "three", "0", "0", "COUNT", many, "JUSTID"],
    },
    { operation: "XINFO STREAM FULL COUNT 1000", command: ["XINFO", "STREAM", "stream", "FULL", "COUNT", "1000"] },
    { operation: "XGROUP DELCONSUMER", before: pending, command: ["XGROUP", "DELCONSUMER", "stream", "again", "one"] },
    { operation: "XGROUP DESTROY", before: pending, command: ["XGROUP", "DESTROY", "stream", "again"] },
    { operation: "XTRIM to the half", command: ["XTRIM", "stream", "MAXLEN", half], ends: true },
  ];
}

export const WHOLE_TYPES: readonly ValueType[] = ["zset", "hash", "list", "set", "stream"];

/** Puts what it finds into `rows`. `only`: words of the operations that are wanted. */
export async function measureWhole(
  contender: Contender,
  type: ValueType,
  elements: number,
  rows: Map<string, StallsRow>,
  only: RegExp = /./,
): Promise<void> {
  const server = await RunningServer.start(contender);
  const filler = await Filler.open(server.port);
  const asker = await Asker.open(server.port);
  const fill = async () => {
    await filler.call("UNLINK", type);
    await filler.all(fillCommands(type, elements));
  };
  try {
    await fill();
    for (const { operation, before = [], command, ends } of commandsOn(elements)[type]) {
      if (!only.test(`${type} ${operation}`)) continue;
      const slowest: number[] = [];
      const took: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        if (ends && round > 0) await fill();
        for (const words of before) await asker.ask(words);
        // What went before is not to be measured: what it left behind is freed.
        await sleep(ends || before.length > 0 ? 500 : 100);
        const { slowestMs } = await probe(server.port, async () => {
          const startedAt = performance.now();
          await asker.ask(command);
          took.push(performance.now() - startedAt);
          await sleep(20);
        });
        slowest.push(slowestMs);
      }
      let row = rows.get(operation);
      if (row === undefined) rows.set(operation, (row = { type, elements, operation, slowestMs: {}, tookMs: {} }));
      row.slowestMs[contender.name] = Math.min(...slowest);
      row.tookMs[contender.name] = Math.min(...took);
      if (ends) await fill();
    }
  } finally {
    asker.close();
    filler.close();
    await server.stop();
  }
}

const BEHIND = "*1\r\n$4\r\nPING\r\n";
const ANSWERED = "+PONG\r\n";

/** Asks and throws the answer away unread: to take it apart would hold up the prober, which runs in the same process. */
class Asker {
  readonly #socket: Socket;
  #tail = "";
  #done: (() => void) | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => {
      this.#tail = (this.#tail + bytes.toString("latin1", Math.max(0, bytes.length - ANSWERED.length))).slice(
        -ANSWERED.length,
      );
      if (this.#tail === ANSWERED) this.#done?.();
    });
  }

  static async open(port: number): Promise<Asker> {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    await once(socket, "connect");
    return new Asker(socket);
  }

  async ask(words: readonly string[]): Promise<void> {
    const answered = new Promise<void>((resolve) => (this.#done = resolve));
    this.#tail = "";
    const request = words.map((word) => `$${word.length}\r\n${word}\r\n`).join("");
    this.#socket.write(`*${words.length}\r\n${request}${BEHIND}`);
    await answered;
  }

  close(): void {
    this.#socket.destroy();
  }
}
