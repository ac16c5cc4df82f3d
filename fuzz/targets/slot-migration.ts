/**
 * An atomic migration of slots from a source that lies: what it asks for, copies of keys, changes behind them, the switch. A node of
 * a cluster of two takes part. As long as it was not given the slots it shows nothing of what came, and forgets it when the source is
 * gone; its own keys, its settings and its role are not the source's to change, whatever comes.
 */

import { Slice } from "../../src/base/bytes.ts";
import type { SeededRandom } from "../../src/io/random.ts";
import { BORDER, clusterHouse, deleteTheirs, expectCluster, giveBack, PEER, US } from "../cluster-house.ts";
import { encode, type House } from "../house.ts";
import { Mutator, NUMBERS, pieces } from "../mutate.ts";
import { savedFiles } from "../rdb-corpus.ts";
import { Broken, type Target, type TargetRow } from "../target.ts";

const MB = 1024 * 1024;
/** Of slot 15495, the source's; and ours, of slot 3300. */
const THEIRS = "{a}";
const OURS = "{b}";
const OWN_KEYS = ["string", "counter", "other"].map((name) => Slice.of(`${OURS}${name}`));

const many = (count: number, word: (i: number) => string) => Array.from({ length: count }, (_, i) => word(i)).join(" ");
const VALUES = [
  [`SET ${THEIRS}s v`],
  [`SET ${THEIRS}s v PXAT 4000000000000`, `RPUSH ${THEIRS}l a b 1`, `SADD ${THEIRS}i 1 2`, `SADD ${THEIRS}m a b`],
  [`ZADD ${THEIRS}z 1 a 2 b`, `HSET ${THEIRS}h f v g w`, `XADD ${THEIRS}x 1-1 f v`, `XGROUP CREATE ${THEIRS}x g 0`],
  // So large that replicas are told of them in parts.
  [`RPUSH ${THEIRS}large ${many(700, (i) => `e${i}`)}`, `SADD ${THEIRS}many ${many(600, (i) => `m${i}`)}`],
  [`SET ${THEIRS}s v`, `SET ${OURS}string stolen`],
];

/** What a source has to say behind its copies, and what it has not. */
const CHANGES: readonly (readonly string[])[] = [
  ["SET", `${THEIRS}s`, "changed"],
  ["DEL", `${THEIRS}l`],
  ["RPUSH", `${THEIRS}l`, "x"],
  ["INCR", `${THEIRS}n`],
  ["XGROUP", "CREATE", `${THEIRS}g`, "g", "0", "MKSTREAM"],
  ["LPUSH", `${THEIRS}s`, "wrong type"],
  ["SELECT", "0"],
  ["PING"],
];
const LIES: readonly (readonly string[])[] = [
  ["SET", `${OURS}string`, "changed"],
  ["DEL", `${OURS}string`, `${OURS}counter`],
  ["RENAME", `${THEIRS}s`, `${OURS}string`],
  ["FLUSHALL"],
  ["FLUSHDB"],
  ["SWAPDB", "0", "1"],
  ["SELECT", "1"],
  ["CONFIG", "SET", "maxmemory", "1"],
  ["REPLICAOF", "10.0.0.9", "6379"],
  ["CLUSTER", "RESET", "HARD"],
  ["CLUSTER", "FORGET", PEER],
  ["CLUSTER", "DELSLOTS", "1"],
  ["ACL", "SETUSER", "default", "off"],
  ["REPLCONF", "capa", "nines-hidden=0-8191;;"],
  ["CLIENT", "PAUSE", "100000", "ALL"],
  ["SHUTDOWN", "NOSAVE"],
  ["BLPOP", `${THEIRS}none`, "0"],
  ["SUBSCRIBE", "news"],
  ["NOSUCH", `${THEIRS}s`],
  ["MULTI"],
  ["EXEC"],
  [],
];

class LyingSource implements Target {
  readonly #house: House;
  readonly #files: readonly Buffer[];

  constructor(house: House, files: readonly Buffer[]) {
    this.#house = house;
    this.#files = files;
    const client = house.connect();
    for (const key of OWN_KEYS) house.line(client, `SET ${key.latin1()} own`);
    // What a byte that was changed makes a command of its own is refused by its rights.
    house.line(client, "ACL SETUSER source on nopass +cluster|import");
    client.leave();
    // As though there were replicas: they would be told of everything that comes.
    house.server.outcomes.taps.add(() => {});
    house.server.outcomes.active = true;
  }

  make(random: SeededRandom): Buffer {
    const mutator = new Mutator(random, this.#files);
    const pick = mutator.pick.bind(mutator);
    const lie = (right: string, lies: readonly string[]) => (mutator.below(25) === 0 ? pick(lies) : right);
    const name = "n".repeat(40);
    const say = (...words: (string | Buffer)[]) => encode(["CLUSTER", "IMPORT", ...words]);
    const named = () => lie(name, ["", "m".repeat(40), "x".repeat(5000), "\0"]);
    const slots = () =>
      lie(pick(["15495", "15490-15500", "15495 16000-16010", "15400-15600"]), [
        "0-100",
        "8192",
        "1-2 2-3",
        "99999",
        "",
        "x",
      ]);
    const begin = () => say("BEGIN", lie("1", NUMBERS), named(), lie(PEER, [US, "b".repeat(40), "", "x"]), slots());
    const copies = () => {
      const file = mutator.below(3) === 0 ? mutator.bytes() : pick(this.#files);
      return pieces(file, random).map((piece) => say("COPY", named(), piece));
    };
    const commands = () => {
      const list = Array.from({ length: mutator.below(4) }, () => pick(mutator.below(3) === 0 ? LIES : CHANGES));
      const bytes = Buffer.concat(list.map((words) => encode(words)));
      return mutator.below(12) === 0 ? bytes.subarray(0, mutator.below(bytes.length + 1)) : bytes;
    };
    const changes = () => say("CHANGES", named(), commands());
    const ready = () => say("READY", named());
    const take = () => say("TAKE", named(), lie(String(3 + mutator.below(5)), NUMBERS));
    const outcome = () => say("OUTCOME", named(), slots());
    // As an honest source goes on, but for a step that is left out, said twice, or another.
    const steps = [begin, copies, changes, ready, take];
    const parts: Buffer[] = [];
    for (const step of steps) {
      const kind = mutator.below(14);
      if (kind === 0) continue;
      if (kind === 1) parts.push(pick([begin, changes, ready, take, outcome])());
      const said = step();
      parts.push(...(Array.isArray(said) ? said : [said]));
      if (kind === 2) parts.push(...(Array.isArray(said) ? said : [said]));
    }
    const all = Buffer.concat(parts);
    if (mutator.below(10) === 0 && all.length > 0) all[mutator.below(all.length)] = mutator.below(256);
    return all;
  }

  run(input: Buffer, random: SeededRandom): "taken" | "refused" {
    const house = this.#house;
    const { server } = house;
    const { shell, hidden } = server.cluster!;
    const [db] = server.engine.databases;
    const source = house.connect();
    house.line(source, "AUTH source x");
    const connection = [...server.clients.byId.values()].at(-1)!;
    for (const piece of pieces(input, random)) {
      source.feed(piece);
      if (random.uint32() % 4 === 0) house.settle();
    }
    house.settle();
    // Each request waits for the one before it, and that for the ends of ticks.
    for (let turns = 0; connection.blocked !== null && turns < 500; turns++) house.pass(1);
    if (connection.blocked !== null) throw new Broken("the source is never answered");
    const taken = shell.state.myself.slots.size > BORDER;
    if (!taken && db!.visibleSize !== OWN_KEYS.length)
      throw new Broken(`${db!.visibleSize} keys are seen, with those that are on their way`);
    source.leave();
    for (let turns = 0; hidden.describe() !== "" && turns < 100; turns++) house.pass(2);
    if (hidden.describe() !== "") throw new Broken(`slots are hidden for ever: ${hidden.describe()}`);
    if (!taken && db!.size !== OWN_KEYS.length)
      throw new Broken(`${db!.size - OWN_KEYS.length} keys are left of what came`);
    this.#expectOwn();
    if (taken) this.#giveBack();
    return taken ? "taken" : "refused";
  }

  /** What is ours is as it was. */
  #expectOwn(): void {
    const { server } = this.#house;
    const { engine, config } = server;
    for (const key of OWN_KEYS)
      if (engine.databases[0]!.get(key)?.string.latin1() !== "own") throw new Broken(`${key.latin1()} has changed`);
    if (engine.databases.slice(1).some(({ size }) => size > 0)) throw new Broken("another database has keys");
    if (config.values.maxmemory !== 0) throw new Broken("a setting has changed");
    expectCluster(this.#house);
    const { state } = server.cluster!.shell;
    // Slots may have come, and none gone.
    for (let byte = 0; byte < BORDER / 8; byte++)
      if (state.myself.slots.bits[byte] !== 0xff) throw new Broken(`slots from ${byte * 8} on are not ours any more`);
  }

  /** Everybody starts from the same. */
  #giveBack(): void {
    deleteTheirs(this.#house);
    if (this.#house.server.engine.databases[0]!.size !== OWN_KEYS.length)
      throw new Broken("keys came of other slots than were given");
    giveBack(this.#house);
  }

  check(): void {
    this.#house.pass(100);
    // A migration that ends says how, in a line.
    this.#house.check(16 * MB, 64 * MB, 1500);
  }

  stop(): Promise<void> {
    return this.#house.stop();
  }
}

export const lyingSource: TargetRow = {
  about: "an atomic migration of slots, to its target",
  start: async () => new LyingSource(await clusterHouse(), await savedFiles(VALUES)),
};
