/**
 * Both ends of replication. A primary that lies: replies of the handshake, RDB files and streams of commands to a replica of ours.
 * A replica that lies: REPLCONF, PSYNC, and acknowledgements of what it never got.
 */

import { Slice } from "../../src/base/bytes.ts";
import type { SeededRandom } from "../../src/io/random.ts";
import { encode, House } from "../house.ts";
import { Mutator, NUMBERS, pieces } from "../mutate.ts";
import { rdbFiles } from "../rdb-corpus.ts";
import type { FuzzSocket } from "../socket.ts";
import { Broken, type Target, type TargetRow } from "../target.ts";

const MB = 1024 * 1024;
const KEPT = Slice.of("kept");
const REPLID = "0123456789abcdef".repeat(3).slice(0, 40);
/** A part of what a replica waits before it tries again: a second at first, a minute when it was lied to again and again. */
const RETRY_STEP_MS = 550;

const STREAM = [
  ["SELECT", "0"],
  ["SET", "streamed", "1"],
  ["MULTI"],
  ["INCR", "streamed"],
  ["EXEC"],
  ["PING"],
  ["REPLCONF", "GETACK", "*"],
  ["DEL", "kept"],
  ["FLUSHALL"],
  ["SELECT", "99"],
  ["NOSUCH", "x"],
  ["LPUSH", "streamed", "x"],
];

const SYNCHRONISED = /Finished with success|Partial Resynchronization|accepted|Master accepted/;

/** A replica whose data must outlive every synchronisation that fails. */
class LyingPrimary implements Target {
  readonly #house: House;
  readonly #files: readonly Buffer[];
  /** Whoever says REPLICAOF. */
  readonly #client: FuzzSocket;
  /** The last number of the address that it named. */
  #primary = 1;

  constructor(house: House, files: readonly Buffer[]) {
    this.#house = house;
    this.#files = files;
    this.#client = house.connect();
    this.#reset();
  }

  make(random: SeededRandom): Buffer {
    const mutator = new Mutator(random, this.#files);
    const pick = mutator.pick.bind(mutator);
    const lies = [
      "+OK",
      "-ERR no",
      "-LOADING",
      "-NOMASTERLINK",
      "$-1",
      ":1",
      "*1\r\n+x",
      "x".repeat(300),
      "$5\r\nhello",
      "\r",
      "",
    ];
    const answer = (right: string) => (mutator.below(12) === 0 ? pick(lies) : right);
    const parts: Buffer[] = [Buffer.from(`${answer("+PONG")}\r\n`)];
    for (let i = 0; i < 4; i++) parts.push(Buffer.from(`${answer("+OK")}\r\n`));
    const offset = mutator.below(4) === 0 ? pick(NUMBERS) : String(mutator.below(1000));
    const psync = pick([
      `+FULLRESYNC ${REPLID} ${offset}`,
      `+FULLRESYNC ${REPLID} ${offset}`,
      `+CONTINUE ${REPLID}`,
      "+CONTINUE",
      pick(lies),
    ]);
    parts.push(Buffer.from(`${psync}\r\n`));
    const file = mutator.below(3) === 0 ? Buffer.from(pick(this.#files)) : mutator.bytes();
    const mark = "f".repeat(40);
    if (mutator.below(2) === 0) parts.push(Buffer.from(`$EOF:${mark}\r\n`), file, Buffer.from(mark));
    else parts.push(Buffer.from(`$${mutator.below(5) === 0 ? pick(NUMBERS) : file.length}\r\n`), file);
    for (let i = mutator.below(6); i > 0; i--) parts.push(encode(pick(STREAM)));
    const all = Buffer.concat(parts);
    for (let i = mutator.below(3); i > 0; i--) all[mutator.below(all.length)] = mutator.below(256);
    return all;
  }

  run(input: Buffer, random: SeededRandom): "taken" | "refused" {
    const house = this.#house;
    const link = this.#awaitLink(random);
    const before = this.#fingerprint();
    const { logged } = house;
    link.connected = true;
    link.onConnect();
    house.settle();
    // What is said in answer to something comes when that has been sent; the rest as the network has it.
    for (const piece of pieces(input, random)) {
      link.feed(piece);
      if (random.uint32() % 4 === 0) house.settle();
    }
    house.pass(20);
    const loaded = this.#fingerprint() !== before;
    const synchronised = house.logSince(logged).some((line) => SYNCHRONISED.test(line));
    if (loaded && !synchronised)
      throw new Broken(`data have changed without a synchronisation:\n${house.logSince(logged).join("\n")}`);
    link.leave();
    house.pass(20);
    // Everybody starts from the same.
    if (loaded) this.#reset();
    return loaded ? "taken" : "refused";
  }

  /**
   * Mostly as when somebody names another primary, which is asked at once; now and then the replica tries again by itself, which
   * takes it many turns of its timers.
   */
  #awaitLink(random: SeededRandom): FuzzSocket {
    const house = this.#house;
    const { dialled } = house.net;
    if (random.uint32() % 16 > 0) {
      this.#primary = 3 - this.#primary;
      house.line(this.#client, `REPLICAOF 10.0.0.${this.#primary} 6379`);
    }
    for (let i = 0; i < 400 && dialled.length === 0; i++) house.pass(RETRY_STEP_MS);
    const link = dialled.at(-1);
    if (link === undefined) throw new Broken(`the replica does not try again:\n${house.log.slice(-20).join("\n")}`);
    dialled.length = 0;
    return link;
  }

  #fingerprint(): string {
    const { engine } = this.#house.server;
    return engine.databases.map((db) => db.size).join(" ");
  }

  #reset(): void {
    const { engine } = this.#house.server;
    engine.flushAll();
    engine.databases[0]!.setString(KEPT, KEPT, false, -1);
  }

  check(): void {
    this.#house.pass(100);
    // Each attempt to synchronise is told of, one a second at most.
    this.#house.check(16 * MB, 64 * MB, 15_000);
  }

  stop(): Promise<void> {
    return this.#house.stop();
  }
}

export const lyingPrimary: TargetRow = {
  about: "handshakes, RDB files and streams of a primary, to a replica",
  async start() {
    const files = await rdbFiles();
    const house = await House.start("replicaof 10.0.0.1 6379\nreplica-serve-stale-data yes\n");
    return new LyingPrimary(house, files);
  },
};

/** What a replica says: in this order when it is honest. */
class LyingReplica implements Target {
  readonly #house: House;
  #replicas: FuzzSocket[] = [];
  /** Lines logged before those who are connected now came. */
  #logged = 0;

  constructor(house: House) {
    this.#house = house;
  }

  make(random: SeededRandom): Buffer {
    const mutator = new Mutator(random, []);
    const pick = mutator.pick.bind(mutator);
    const history = this.#house.server.replication!.machine.history;
    const number = () =>
      pick([
        pick(NUMBERS),
        String(mutator.below(2000)),
        String(this.#house.server.replication!.offset + mutator.below(5) - 2),
      ]);
    const option = () =>
      pick([
        ["listening-port", number()],
        ["ip-address", pick(["10.0.0.9", "x".repeat(mutator.below(400)), "a b", ""])],
        ["capa", pick(["eof", "psync2", "nosuch"])],
        ["version", number()],
        ["rdb-only", pick(["0", "1", "x"])],
        ["rdb-filter-only", pick(["", "functions", '"', "x"])],
        ["ack", number()],
        ["ack", number(), "fack", number()],
        ["getack", "*"],
        [pick(["nosuch", "", "\0"]), number()],
      ]);
    const request = () =>
      pick([
        () => ["REPLCONF", ...option(), ...(mutator.below(3) === 0 ? option() : [])],
        () => ["REPLCONF", ...option()],
        () => ["REPLCONF", "ACK", number()],
        () => ["PSYNC", pick([history.replid, "?", "x", "0".repeat(40)]), number()],
        () => ["PSYNC", "?", "-1"],
        () => ["SYNC"],
        () => ["PING"],
        () => ["WAIT", "1", "1"],
        () => ["SET", "written", number()],
        () => ["REPLCONF"],
        () => ["FAILOVER", pick(["TO", "ABORT", "TIMEOUT", "FORCE"]), "10.0.0.9", number()],
      ])();
    const all = Buffer.concat(Array.from({ length: 1 + mutator.below(6) }, () => encode(request())));
    if (mutator.below(6) === 0) all[mutator.below(all.length)] = mutator.below(256);
    return all;
  }

  run(input: Buffer, random: SeededRandom): "taken" | "refused" {
    const house = this.#house;
    const replica = house.connect();
    const errors = house.server.stats.errorReplies;
    for (const piece of pieces(input, random)) {
      replica.feed(piece);
      if (random.uint32() % 4 === 0) house.settle();
    }
    house.settle();
    this.#replicas.push(replica);
    this.#expectPrimary();
    if (this.#replicas.length >= 8) this.#leave();
    return house.server.stats.errorReplies > errors || !replica.connected ? "refused" : "taken";
  }

  #leave(): void {
    const house = this.#house;
    const witness = house.connect();
    house.line(witness, `SET kept ${house.clock.now()}`);
    witness.leave();
    house.pass(50);
    this.#expectPrimary();
    for (const replica of this.#replicas.splice(0)) replica.leave();
    const operator = house.connect();
    house.line(operator, "FAILOVER ABORT");
    operator.leave();
    house.settle();
    this.#logged = house.logged;
  }

  /** It hands over when FAILOVER says so, to a replica that it could follow; then the next inputs have it back. */
  #expectPrimary(): void {
    const house = this.#house;
    if (!house.server.isReplica) return;
    const told = house.logSince(this.#logged);
    if (!told.some((line) => line.startsWith("FAILOVER requested"))) throw new Broken("it has become a replica");
    const { primary } = house.server.replication!;
    if (primary === null || primary.port < 1 || primary.port > 65_535)
      throw new Broken(`it follows ${primary?.host}:${primary?.port}`);
    const operator = house.connect();
    house.line(operator, "REPLICAOF NO ONE");
    operator.leave();
    house.settle();
  }

  check(): void {
    this.#leave();
    const house = this.#house;
    house.pass(1100);
    if (house.server.isReplica) throw new Broken("it has become a replica");
    // A synchronisation is told of in five lines.
    house.check(16 * MB, 64 * MB, 5000);
    const witness = house.connect();
    if (!house.line(witness, "GET kept").startsWith("$13")) throw new Broken("its data are not there any more");
    witness.leave();
  }

  stop(): Promise<void> {
    return this.#house.stop();
  }
}

export const lyingReplica: TargetRow = {
  about: "REPLCONF, PSYNC and acknowledgements of a replica",
  async start() {
    return new LyingReplica(
      await House.start("repl-backlog-size 16kb\nrepl-diskless-sync-delay 0\nrepl-ping-replica-period 1\n"),
    );
  },
};
