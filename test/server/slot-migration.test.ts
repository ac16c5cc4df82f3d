/** Slots move to and fro under clients that write, and nobody notices but by where the keys are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cluster } from "ioredis";
import { sleep, slotOf, tagBelow, World } from "./slot-migration-world.ts";

/** Writers that count what was acknowledged; any error ends the test. */
class Load implements Disposable {
  readonly counts = new Map<string, number>();
  readonly lists = new Map<string, string[]>();
  readonly pairs = new Map<string, number>();
  errors: Error[] = [];
  writes = 0;
  #running = true;
  readonly #workers: Promise<void>[];

  constructor(client: Cluster, workers: number, keys: number) {
    this.#workers = Array.from({ length: workers }, (_, i) => this.#work(client, i, keys));
  }

  async #work(client: Cluster, worker: number, keys: number): Promise<void> {
    for (let i = 0; this.#running && this.errors.length === 0; i++) {
      try {
        await this.#write(client, worker, i, keys);
      } catch (error) {
        this.errors.push(error as Error);
      }
      this.writes++;
      if (i % 8 === 0) await sleep(1);
    }
  }

  async #write(client: Cluster, worker: number, i: number, keys: number): Promise<void> {
    const key = `count:${worker}:${i % keys}`;
    if (i % 4 === 1) {
      const list = `list:${worker}:${i % keys}`;
      await client.rpush(list, `${i}`);
      this.lists.set(list, [...(this.lists.get(list) ?? []), `${i}`]);
    } else if (i % 4 === 2) {
      const tag = `{pair:${worker}:${i % keys}}`;
      const results = await client.multi().incr(`${tag}a`).incr(`${tag}b`).pexpire(`${tag}b`, 600_000).exec();
      assert.equal(results?.length, 3);
      this.pairs.set(tag, (this.pairs.get(tag) ?? 0) + 1);
    } else {
      await client.incr(key);
      this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#workers);
    assert.deepEqual(this.errors, []);
  }

  /** However the test ends: none of them goes on. */
  [Symbol.dispose](): void {
    this.#running = false;
  }

  /** Everything that was acknowledged is there, once. */
  async check(client: Cluster): Promise<void> {
    for (const [key, count] of this.counts) assert.equal(await client.get(key), `${count}`, key);
    for (const [key, values] of this.lists) assert.deepEqual(await client.lrange(key, 0, -1), values, key);
    for (const [tag, count] of this.pairs) {
      assert.deepEqual(await client.mget(`${tag}a`, `${tag}b`), [`${count}`, `${count}`], tag);
      assert.ok((await client.pttl(`${tag}b`)) > 0);
    }
  }

  get keys(): number {
    return this.counts.size + this.lists.size + this.pairs.size * 2;
  }
}

test("slots move there and back under writers: nothing is lost, doubled or refused", async () => {
  await using world = await World.start({ shards: 3, replicas: 1 });
  const [a, b] = world.nodes;
  const client = world.client();
  using load = new Load(client, 8, 40);
  await world.until("they write", () => load.writes > 50);
  const before = load.writes;
  for (let round = 0; round < 3; round++) {
    const there = await world.migrate(a!, b!, "0-3000", "4000-5460");
    assert.equal(there["state"], "success", String(there["message"]));
    const back = await world.migrate(b!, a!, "0-3000", "4000-5460");
    assert.equal(back["state"], "success", String(back["message"]));
  }
  await load.stop();
  assert.ok(load.writes > before + 100, `${load.writes} writes`);
  await world.settled();
  await load.check(client);
  assert.equal(await world.size(...world.nodes.slice(0, 3)), load.keys);
  assert.equal(await world.size(...world.nodes.slice(3)), load.keys);
});

test("all types arrive as they were, with their expiries, large values too", async () => {
  await using world = await World.start({ shards: 2, replicas: 1 });
  const [a, b, , replicaOfB] = world.nodes;
  const tag = `{${tagBelow(1000)}}`;
  const ask = (...words: (string | number)[]) => world.ask(a!, ...words);
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
  await ask("SET", `${tag}string`, "text", "PX", 500_000);
  await ask("SET", `${tag}long`, "x".repeat(300_000));
  await ask("RPUSH", `${tag}list`, ...numbers(6000));
  await ask("SADD", `${tag}set`, ...numbers(5000).map((i) => `member ${i}`));
  await ask("SADD", `${tag}ints`, ...numbers(100));
  await ask("ZADD", `${tag}zset`, ...numbers(5000).flatMap((i) => [i / 3, `m${i}`]));
  await ask("HSET", `${tag}hash`, ...numbers(5000).flatMap((i) => [`f${i}`, `v${i}`]));
  await ask("HSET", `${tag}small`, "f", "v");
  for (const i of numbers(100)) await ask("XADD", `${tag}stream`, `${i + 1}-1`, "field", `value ${i}`);
  await ask("XGROUP", "CREATE", `${tag}stream`, "group", "0");
  await ask("XREADGROUP", "GROUP", "group", "me", "COUNT", "3", "STREAMS", `${tag}stream`, ">");
  await ask("PEXPIRE", `${tag}list`, 400_000);
  const names = ["string", "long", "list", "set", "ints", "zset", "hash", "small", "stream"].map((name) => tag + name);
  const before = await ask("DEBUG", "DIGEST-VALUE", ...names);
  const slot = slotOf(tag.slice(1, -1));
  const status = await world.migrate(a!, b!, `${slot}`);
  assert.equal(status["state"], "success", String(status["message"]));
  assert.equal(status["keys_total"], names.length);
  assert.equal(status["keys_sent"], names.length);
  await world.settled();
  assert.deepEqual(await world.ask(b!, "DEBUG", "DIGEST-VALUE", ...names), before);
  assert.deepEqual(await world.ask(replicaOfB!, "DEBUG", "DIGEST-VALUE", ...names), before);
  const ttl = Number(await world.ask(b!, "PTTL", `${tag}list`));
  assert.ok(ttl > 300_000 && ttl <= 400_000, `${ttl}`);
  assert.equal(await world.size(a!), 0);
});
