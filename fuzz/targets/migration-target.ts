/**
 * The other side of an atomic migration: a target that lies to the source, or goes away. Either it was given the slots, and said that it
 * took them; or they stay ours with all their keys, and clients wait for that no longer than the times of a migration say.
 */
import { Slice } from "../../src/base/bytes.ts";
import { BORDER, clusterHouse, deleteTheirs, expectCluster, giveBack, PEER, PEER_HOST } from "../cluster-house.ts";
import type { House } from "../house.ts";
import { NUMBERS } from "../mutate.ts";
import type { FuzzSocket } from "../socket.ts";
import { Broken, type Outcome, type Target, type TargetRow } from "../target.ts";

const MB = 1024 * 1024;
/** Of slot 3300, which is to move. */
const SLOT = 3300;
const KEYS = Array.from({ length: 40 }, (_, i) => `{b}${i}`);
const TIMES = {
  agree: 300,
  silence: 200,
  smallBytes: 64 * 1024,
  doubling: 100,
  doublings: 3,
  pause: 100,
  rest: 50,
  attempts: 2,
  lease: 60,
  margin: 10,
  grace: 20,
};
/** Longer than all of them together. */
const LONGEST_MS = 10_000;

/** What the target says, a line an answer; "close" and "wait" are what they say. */
const WORDS = [
  ...["+OK", "+WAIT", ":2", ":3", "+TAKEN", "+NO", "close", "wait", "_", "$-1", "*0", "$2\\r\\nOK"],
  ...[
    "-ERR unknown subcommand 'IMPORT'",
    "-ERR no",
    "-CLUSTERDOWN",
    "-LOADING",
    "-NOAUTH",
    "-MOVED 3300 10.0.0.1:6379",
  ],
  ...["%1\\r\\n+a\\r\\n+b", ">2\\r\\n+message\\r\\n+x", "$536870912\\r\\nx", "+"],
  ...NUMBERS.map((number) => `:${number}`),
];

class LyingTarget implements Target {
  readonly #house: House;
  /** Sockets to the target on which it was asked something, oldest first, and how many answers each has been given. */
  #writes = 0;

  constructor(house: House) {
    this.#house = house;
    house.server.cluster!.migrations.times = TIMES;
    this.#fill();
  }

  #fill(): void {
    const client = this.#house.connect();
    for (const key of KEYS) this.#house.line(client, `SET ${key} own`);
    client.leave();
  }

  async run(input: Buffer): Promise<Outcome> {
    const house = this.#house;
    const { dialled } = house.net;
    dialled.length = 0;
    const operator = house.connect();
    operator.keeps = 1 << 16;
    const begun = house.ask(operator, "CLUSTER", "MIGRATE", "SLOTS", String(SLOT), "TO", PEER);
    if (begun !== "") throw new Broken(`CLUSTER MIGRATE answers ${begun}`);
    const links: FuzzSocket[] = [];
    let saidTaken = false;
    for (const line of input.toString("latin1").split("\n")) {
      await this.#turn(links);
      if (this.#isOver) break;
      const link = links.at(-1);
      if (line === "wait") house.pass(30);
      else if (line === "close") link?.leave();
      else {
        // A change behind what was copied.
        if (line === "+OK" && this.#writes++ % 3 === 0) this.#write();
        saidTaken ||= !line.startsWith("-");
        link?.feed(Buffer.from(`${line.replaceAll("\\r\\n", "\r\n")}\r\n`, "latin1"));
      }
    }
    for (let ms = 0; !this.#isOver; ms += 20) {
      if (ms > LONGEST_MS) throw new Broken(`it is not over after ${ms} ms`);
      await this.#turn(links);
    }
    for (const link of links) link.leave();
    await this.#turn(links);
    const outcome = this.#expectOne(saidTaken);
    if (operator.received === "") throw new Broken("who gave the order is never answered");
    operator.leave();
    house.settle();
    return outcome;
  }

  get #isOver(): boolean {
    return this.#house.server.outcomes.taps.size === 0;
  }

  /** A client changes one of the keys; while writes are held it waits, and goes away. */
  #write(): void {
    const client = this.#house.connect();
    this.#house.line(client, `SET ${KEYS[0]} own`);
    client.leave();
  }

  /** Time passes, connections come up, promises are kept. */
  async #turn(links: FuzzSocket[]): Promise<void> {
    const house = this.#house;
    const { state } = house.server.cluster!.shell;
    for (const link of house.net.dialled.splice(0)) {
      if (link.remote.port !== 6379 || link.remote.host !== PEER_HOST) continue;
      links.push(link);
      link.connected = true;
      link.onConnect();
    }
    // On the bus it is heard, and says nothing of slots: so there is a majority.
    state.node(PEER)!.heardAt = house.clock.now();
    house.pass(20);
    // What a connection does once it is let in stands behind a few promises.
    for (let i = 0; i < 8; i++) await null;
    house.settle();
  }

  #expectOne(saidTaken: boolean): Outcome {
    const { server } = this.#house;
    const { state } = server.cluster!.shell;
    expectCluster(this.#house);
    const [db] = server.engine.databases;
    for (let slot = 0; slot < BORDER; slot++)
      if (slot !== SLOT && state.owners[slot] !== state.myself) throw new Broken(`slot ${slot} is not ours any more`);
    const taken = state.owners[SLOT] !== state.myself;
    if (!taken) {
      for (const key of KEYS)
        if (db!.get(Slice.of(key))?.string.latin1() !== "own") throw new Broken(`${key} is lost, and the slot is ours`);
      if (db!.visibleSize !== KEYS.length) throw new Broken(`${db!.visibleSize} keys are seen`);
      return "refused";
    }
    if (!saidTaken || state.owners[SLOT]!.id !== PEER) throw new Broken("the slot is somebody's who was not given it");
    for (let turns = 0; db!.size > 0 && turns < 100; turns++) this.#house.pass(2);
    if (db!.size > 0) throw new Broken(`${db!.size} keys are left of what was given away`);
    deleteTheirs(this.#house);
    giveBack(this.#house);
    this.#fill();
    return "taken";
  }

  check(): void {
    this.#house.pass(100);
    // A migration that ends says how, in a line.
    this.#house.check(16 * MB, 64 * MB, 2500);
  }

  stop(): Promise<void> {
    return this.#house.stop();
  }
}

export const lyingTarget: TargetRow = {
  about: "an atomic migration of slots, to its source",
  corpus: () =>
    [
      // CLIENT SETNAME, BEGIN, the copy, changes, READY, TAKE.
      "+OK\n+OK\n+OK\n+OK\n:2\n+OK\n+OK\n+OK",
      "+OK\n+OK\n+OK\n:2\n+OK\n+OK",
      "+OK\n+WAIT\nwait\n+OK\n+OK\n+OK\n:2\n+OK",
      "+OK\n+OK\n+OK\n:2\nclose\n+OK\n+TAKEN",
      "+OK\n+OK\n+OK\n:2\nclose\n+OK\n+NO",
      "+OK\n-ERR unknown subcommand 'IMPORT'",
      "wait\n+OK\nwait\n+OK\n+OK\nwait\n-ERR no memory",
    ].map((text) => Buffer.from(text)),
  text: WORDS,
  start: async () => new LyingTarget(await clusterHouse()),
};
