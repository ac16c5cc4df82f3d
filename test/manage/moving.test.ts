/** Slots move between nodes of nines and of redis-server while clients write, and nobody notices. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster } from "ioredis";
import { Slice } from "../../src/base/bytes.ts";
import { hashSlot } from "../../src/base/hash-slot.ts";
import { nodeIo } from "../../src/io/node-io.ts";
import { createCluster, readNewNode } from "../../src/manage/create.ts";
import { planLayout } from "../../src/manage/layout-plan.ts";
import { Links } from "../../src/manage/links.ts";
import { lookAt } from "../../src/manage/look.ts";
import { addNode, neediestPrimary, removeNode } from "../../src/manage/membership.ts";
import { defaultMoveOptions, KeyConflict, Mover } from "../../src/manage/move.ts";
import { moveAll } from "../../src/manage/move-all.ts";
import { planDrain, planReshard } from "../../src/manage/slot-plan.ts";
import { primariesOf, type Survey } from "../../src/manage/survey.ts";
import { needs } from "../lab/peers.ts";
import { type Node, Nodes } from "./nodes.ts";

const io = nodeIo();
const holdings = (survey: Survey) => new Map(primariesOf(survey).map((node) => [node.id, node.slots]));
const unwatched = { onProgress: () => {}, onOpen: () => {}, cancelled: () => false };

/** Writes counters over many keys until it is stopped; each value is the count of its key's acknowledged writes. */
class Load implements AsyncDisposable {
  readonly written = new Map<string, number>();
  readonly errors: string[] = [];
  readonly #cluster: Cluster;
  readonly #running: Promise<void>[];
  #stopped = false;

  constructor(port: number) {
    this.#cluster = new Cluster([{ host: "127.0.0.1", port }]);
    this.#cluster.on("error", () => {});
    this.#running = [0, 1, 2, 3].map((worker) => this.#run(worker));
  }

  async #run(worker: number): Promise<void> {
    for (let i = 0; !this.#stopped; i++) {
      const key = `load:${worker}:${i % 1000}`;
      try {
        const value = await this.#cluster.incr(key);
        this.written.set(key, (this.written.get(key) ?? 0) + 1);
        if (value !== this.written.get(key)) this.errors.push(`${key} is ${value}, not ${this.written.get(key)}`);
      } catch (error) {
        this.errors.push((error as Error).message);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
    this.#cluster.disconnect();
  }

  async stop(): Promise<number> {
    this.#stopped = true;
    await Promise.all(this.#running);
    for (const [key, count] of this.written) {
      const value = await this.#cluster.get(key);
      if (value !== String(count)) this.errors.push(`${key} is ${value} in the end, not ${count}`);
    }
    return [...this.written.values()].reduce((a, b) => a + b, 0);
  }
}

test("a reshard under load, from nines to redis-server and back, loses nothing and fails no request", {
  ...needs("redis-server"),
  timeout: 60_000,
}, async (t) => {
  await using nodes = await Nodes.cluster(["nines", "redis", "nines"]);
  const [ours, theirs] = await Promise.all(nodes.all.slice(0, 2).map((node) => node.id()));
  await using load = new Load(nodes.all[0]!.port);
  for (const [from, to] of [
    [ours!, theirs!],
    [theirs!, ours!],
  ] as const) {
    const { survey } = await lookAt(nodes.links, nodes.all[0]!);
    const moves = planReshard(holdings(survey), [from], to, 160);
    assert.equal(moves.length, 160);
    const result = await moveAll(nodes.links, survey, moves, { ...defaultMoveOptions, batch: 2 }, unwatched);
    assert.deepEqual([result.failure, result.slots], [undefined, 160]);
    assert.ok(result.keys > 0, `${result.keys}`);
  }
  const writes = await load.stop();
  assert.deepEqual(load.errors.slice(0, 5), []);
  assert.ok(writes > 500, `${writes}`);
  await nodes.sound();
  await nodes.redisCliIsContent(t);
});

test("a reshard that is ended early leaves whole slots", { timeout: 40_000 }, async () => {
  await using nodes = await Nodes.cluster(["nines", "nines", "nines"]);
  const { survey } = await lookAt(nodes.links, nodes.all[0]!);
  const [a, b] = primariesOf(survey);
  const moves = planReshard(holdings(survey), [a!.id], b!.id, 50);
  let seen = 0;
  const options = { ...defaultMoveOptions, byMigrate: true };
  const result = await moveAll(nodes.links, survey, moves, options, {
    ...unwatched,
    onProgress: ({ slots }) => (seen = slots),
    cancelled: () => seen >= 10,
  });
  assert.deepEqual([result.slots, result.failure], [16, undefined]);
  await nodes.sound();
  assert.equal(await nodes.all[1]!.call("CLUSTER", "COUNTKEYSINSLOT", 0), 0);
});

test("nodes that know how hand slots over at one moment, under load; what is ended early has not begun", {
  timeout: 40_000,
}, async () => {
  await using nodes = await Nodes.cluster(["nines", "nines", "nines"]);
  const [a, b] = await Promise.all(nodes.all.slice(0, 2).map((node) => node.id()));
  await using load = new Load(nodes.all[0]!.port);
  const { survey } = await lookAt(nodes.links, nodes.all[0]!);
  const moves = planReshard(holdings(survey), [a!], b!, 1500);
  const opened: unknown[] = [];
  const result = await moveAll(nodes.links, survey, moves, defaultMoveOptions, {
    ...unwatched,
    onOpen: (open) => opened.push(open),
  });
  assert.deepEqual([result.failure, result.slots, opened.length], [undefined, 1500, 0]);
  let asked = 0;
  const back = moves.map(({ slot }) => ({ slot, from: b!, to: a! }));
  // The first time before the first step, then while it goes on.
  const cut = await moveAll(nodes.links, survey, back, defaultMoveOptions, {
    ...unwatched,
    cancelled: () => asked++ > 0,
  });
  assert.ok(cut.slots % 512 === 0 && cut.slots < 1500 && cut.failure === undefined, JSON.stringify(cut));
  await load.stop();
  assert.deepEqual(load.errors.slice(0, 5), []);
  await nodes.sound();
});

test("a key that is at both ends: the same value is no conflict, another one is, unless it may be replaced", {
  ...needs("redis-server"),
  timeout: 40_000,
}, async () => {
  await using nodes = await Nodes.cluster(["nines", "redis", "nines"]);
  const [a, other, owner] = nodes.all as [Node, Node, Node];
  const slot = Number(await a.call("CLUSTER", "KEYSLOT", "{x}"));
  const put = async (name: string, here: string, there: string) => {
    await owner.call("SET", `{x}${name}`, here);
    await other.call("CLUSTER", "SETSLOT", slot, "IMPORTING", await owner.id());
    await Promise.all([other.call("ASKING"), other.call("SET", `{x}${name}`, there)]);
  };
  await put("same", "v", "v");
  const move = [[slot], await owner.id(), await other.id()] as const;
  const { survey } = await lookAt(nodes.links, a);
  await put("differs", "old", "new");
  const mover = new Mover(nodes.links, survey, defaultMoveOptions);
  await assert.rejects(
    mover.move(...move),
    (error) => error instanceof KeyConflict && /\{x\}differs/.test(error.message),
  );
  await new Mover(nodes.links, survey, { ...defaultMoveOptions, replace: true }).move(...move);
  assert.equal(await other.call("GET", "{x}differs"), "old");
  assert.equal(await other.call("GET", "{x}same"), "v");
  await nodes.sound();
});

test("create with replicas, add a node, drain and remove one, remove a dead one", {
  ...needs("redis-server"),
  timeout: 60_000,
}, async (t) => {
  await using nodes = await Nodes.start(["nines", "redis", "redis", "redis", "nines", "nines", "redis", "nines"]);
  const { links, all } = nodes;
  const news = await Promise.all(all.slice(0, 6).map((node) => readNewNode(links, node)));
  await createCluster(links, planLayout(news, 1), () => {});
  await nodes.sound();
  await assert.rejects(readNewNode(links, all[0]!), /knows other nodes already/);
  const look = () => lookAt(links, all[0]!);
  let { survey } = await look();
  assert.deepEqual([primariesOf(survey).length, survey.members.length], [3, 6]);
  assert.ok(survey.members.every((member) => member.isPrimary || member.inStep));
  const client = new Cluster([{ host: "127.0.0.1", port: all[0]!.port }]);
  t.after(() => client.disconnect());
  for (let i = 0; i < 200; i++) await client.set(`key:${i}`, i);

  // A primary, which gets slots; and a replica.
  await addNode(links, survey, await readNewNode(links, all[6]!), undefined, () => {});
  ({ survey } = await look());
  const spare = survey.members.find((member) => member.port === all[6]!.port)!;
  const [donor] = primariesOf(survey) as [Survey["members"][0]];
  const reshard = planReshard(holdings(survey), [donor.id], spare.id, 300);
  assert.ifError((await moveAll(links, survey, reshard, defaultMoveOptions, unwatched)).failure?.error);
  await nodes.sound();
  ({ survey } = await look());
  const needy = neediestPrimary(survey, { host: "127.0.0.1" })!;
  assert.equal(needy.id, spare.id);
  await addNode(links, survey, await readNewNode(links, all[7]!), needy, () => {});
  await nodes.sound();

  // The primary leaves: its slots go to the others, its replica too.
  ({ survey } = await look());
  const others = primariesOf(survey).filter((node) => node.slots.length > 0 && node.id !== spare.id);
  const drained = planDrain(
    holdings(survey),
    spare.id,
    others.map((node) => node.id),
  );
  assert.ifError((await moveAll(links, survey, drained, defaultMoveOptions, unwatched)).failure?.error);
  await nodes.sound();
  ({ survey } = await look());
  const leaver = survey.members.find((member) => member.id === spare.id)!;
  await removeNode(links, survey, leaver, () => {});
  await nodes.sound();
  assert.equal(await all[6]!.call("DBSIZE"), 0);

  // One that is dead.
  await all[7]!.kill();
  ({ survey } = await look());
  const [dead] = survey.silent;
  assert.equal(dead?.port, all[7]!.port);
  await removeNode(links, survey, dead!, () => {});
  await nodes.sound();
  ({ survey } = await look());
  assert.deepEqual([survey.members.length, survey.silent.length], [6, 0]);
  for (let i = 0; i < 200; i++) assert.equal(await client.get(`key:${i}`), String(i));
  await nodes.redisCliIsContent(t);
});

test("keys go where the source reaches the target, and to one that wants no password without one", {
  ...needs("redis-server"),
  timeout: 30_000,
}, async () => {
  await using nodes = await Nodes.cluster(["redis", "redis", "nines"]);
  const [first, second, third] = nodes.all as [Node, Node, Node];
  const links = new Links(io, { password: "that nobody has" });
  try {
    // To the others this name is their own machine.
    const { survey } = await lookAt(links, { host: "localhost", port: first.port });
    const target = survey.members.find((member) => member.port === first.port)!;
    assert.equal(target.host, "localhost");
    for (const node of [second, third]) {
      const source = survey.members.find((member) => member.port === node.port)!;
      const slot = source.slots[0]!;
      const key = keyIn(slot);
      await node.call("SET", key, "value");
      await node.call("CONFIG", "SET", "slowlog-log-slower-than", 0);
      await new Mover(links, survey, defaultMoveOptions).move([slot], source.id, target.id);
      assert.equal(await first.call("GET", key), "value");
      const slow = (await node.call("SLOWLOG", "GET", 128)) as [number, number, number, string[]][];
      const migrates = slow.map(([, , , words]) => words).filter((words) => words[0] === "MIGRATE");
      for (const words of migrates) assert.deepEqual(words.slice(1, 3), ["127.0.0.1", `${first.port}`]);
      // A redis-server takes a password that is not wanted for a failure; the latest stands first.
      if (node.kind === "redis") assert.ok(!migrates[0]!.includes("AUTH"));
    }
  } finally {
    links.close();
  }
});

function keyIn(slot: number): string {
  for (let i = 0; ; i++) if (hashSlot(Slice.of(`k${i}`)) === slot) return `k${i}`;
}
