/**
 * RESTORE of payloads that somebody has tampered with, their checksums put right. One that is refused leaves nothing behind, neither a
 * key nor a byte; one that is taken holds a value that can be read, changed, dumped and deleted like any other.
 */
import { Crc64 } from "../../src/base/crc64.ts";
import type { SeededRandom } from "../../src/io/random.ts";
import { House } from "../house.ts";
import { payloads as corpus } from "../rdb-corpus.ts";
import type { FuzzSocket } from "../socket.ts";
import { Broken, type Target, type TargetRow } from "../target.ts";

const MB = 1024 * 1024;

/** What is done with a value of each type: read all of it, take some of it away, add to it. */
const USES: Readonly<Record<string, readonly string[]>> = {
  string: ["GET k", "APPEND k x", "STRLEN k", "BITCOUNT k", "PFCOUNT k"],
  list: ["LRANGE k 0 -1", "LPOP k", "RPUSH k x 1", "LINSERT k BEFORE x y", "LREM k 0 x", "LSET k 0 z", "LTRIM k 0 100"],
  set: ["SMEMBERS k", "SPOP k", "SADD k x 1", "SREM k x", "SRANDMEMBER k -5"],
  zset: ["ZRANGE k 0 -1 WITHSCORES", "ZPOPMIN k", "ZADD k 1.5 x", "ZRANGEBYSCORE k -inf +inf", "ZRANK k x", "ZREM k x"],
  hash: ["HGETALL k", "HSET k x 1", "HINCRBY k x 1", "HDEL k x", "HRANDFIELD k -5", "HTTL k FIELDS 1 f"],
  stream: [
    "XRANGE k - +",
    "XINFO STREAM k FULL",
    "XADD k * x 1",
    "XREADGROUP GROUP group alice COUNT 3 STREAMS k >",
    "XACK k group 1-1",
    "XPENDING k group",
    "XTRIM k MAXLEN 1",
    "XAUTOCLAIM k group bob 0 0",
    "XDEL k 1-1",
  ],
};

const WARM_RUNS = 100;

class Payloads implements Target {
  readonly #house: House;
  readonly #client: FuzzSocket;
  /** What an empty server uses: some of it is made when it is needed first. */
  #empty: number;
  #runs = 0;

  constructor(house: House) {
    this.#house = house;
    this.#client = house.connect();
    this.#empty = this.#usedBytes();
  }

  #usedBytes(): number {
    return this.#house.server.engine.store.arena.used;
  }

  #isSanitized = false;

  run(input: Buffer, random: SeededRandom): "taken" | "refused" {
    const house = this.#house;
    const client = this.#client;
    if (random.uint32() % 64 === 0) {
      this.#isSanitized = random.uint32() % 2 === 0;
      house.ask(client, "CONFIG", "SET", "sanitize-dump-payload", this.#isSanitized ? "yes" : "no");
    }
    const answer = house.ask(client, "RESTORE", "k", "0", input);
    if (answer !== "+OK\r\n") {
      if (!answer.startsWith("-")) throw new Broken(`RESTORE answers ${JSON.stringify(answer.slice(0, 100))}`);
      this.#expectNothing("a payload that was refused");
      return "refused";
    }
    const type = house.line(client, "TYPE k").slice(1, -2);
    // Without the close look a packed set may hold a member twice, and its plain form is refused for that.
    if (random.uint32() % 2 === 0 && (this.#isSanitized || type !== "set")) this.#reload();
    for (const line of USES[type] ?? []) if (random.uint32() % 2 === 0) house.line(client, line);
    house.line(client, "DUMP k");
    house.line(client, "OBJECT ENCODING k");
    house.line(client, "DEL k");
    this.#expectNothing(`a ${type} that was deleted`);
    return "taken";
  }

  /** What was taken can be dumped and taken again. */
  #reload(): void {
    const house = this.#house;
    const dumped = house.line(this.#client, "DUMP k");
    const payload = Buffer.from(dumped.slice(dumped.indexOf("\n") + 1, -2), "latin1");
    const again = house.ask(this.#client, "RESTORE", "k2", "0", payload);
    if (again !== "+OK\r\n")
      throw new Broken(`its own DUMP is refused: ${again} (${payload.toString("hex").slice(0, 400)})`);
    house.line(this.#client, "DEL k2");
  }

  #expectNothing(what: string): void {
    const { engine } = this.#house.server;
    for (let turns = 0; !engine.lazyfree.idle && turns < 1000; turns++) engine.resizeStep(1_000_000);
    const left = this.#usedBytes() - this.#empty;
    if (engine.databases[0]!.size !== 0) throw new Broken(`${what} left a key`);
    if (left > 0 && this.#runs++ < WARM_RUNS) this.#empty += left;
    else if (left !== 0) throw new Broken(`${what} left ${left} bytes`);
  }

  check(): void {
    this.#house.pass(100);
    this.#house.check(16 * MB, 64 * MB);
  }

  stop(): Promise<void> {
    return this.#house.stop();
  }
}

export const payloads: TargetRow = {
  about: "payloads of DUMP, of every type",
  corpus,
  mend: (input, random) => (random.uint32() % 50 === 0 ? input : withFooter(input)),
  async start() {
    return new Payloads(await House.start("proto-max-bulk-len 16mb\nsanitize-dump-payload yes\n"));
  },
};

/** The input's last ten bytes become a version and a checksum that fits. */
function withFooter(input: Buffer): Buffer {
  const body = input.length > 10 ? input.subarray(0, input.length - 10) : input;
  const payload = Buffer.concat([body, Buffer.alloc(10)]);
  payload[body.length] = 11;
  const crc = new Crc64();
  crc.update(payload, 0, body.length + 2);
  payload.writeUInt32LE(crc.low >>> 0, body.length + 2);
  payload.writeUInt32LE(crc.high >>> 0, body.length + 6);
  return payload;
}
