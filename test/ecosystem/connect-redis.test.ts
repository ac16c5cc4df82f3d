/** connect-redis: the sessions of an Express application, as its store keeps them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RedisStore } from "connect-redis";
import { createClient } from "redis";
import { startServer } from "../../src/main/index.ts";

/** The store as far as express-session calls it; its own types want those of Express. */
interface SessionStore {
  get(id: string, done: (error: unknown, session?: object | null) => void): Promise<void>;
  set(id: string, session: unknown, done: (error?: unknown) => void): Promise<void>;
  touch(id: string, session: unknown, done: (error?: unknown) => void): Promise<void>;
  destroy(id: string, done: (error?: unknown) => void): Promise<void>;
  clear(done: (error?: unknown) => void): Promise<void>;
  length(done: (error: unknown, count?: number) => void): Promise<void>;
  ids(done: (error: unknown, ids?: string[]) => void): Promise<void>;
  all(done: (error: unknown, sessions?: { id: string }[]) => void): Promise<void>;
}

/** A callback as a promise. */
function ask<T = void>(call: (done: (error: unknown, value?: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value as T))));
}

const session = (user: string, maxAge = 60_000) => ({ user, cookie: { originalMaxAge: maxAge, maxAge } });

for (const RESP of [2, 3] as const)
  test(`connect-redis keeps sessions (RESP${RESP})`, async (t) => {
    await using server = await startServer();
    const client = createClient({ socket: { port: server.port, host: "127.0.0.1" }, RESP });
    await client.connect();
    t.after(() => client.destroy());
    const Store = RedisStore as unknown as new (options: object) => SessionStore;
    const store = new Store({ client, prefix: "sess:", ttl: 100, scanCount: 2 });

    await ask((done) => store.set("one", session("ann"), done));
    await ask((done) => store.set("two", session("bob"), done));
    await ask((done) => store.set("three", session("cid"), done));
    assert.deepEqual(await ask<object | null>((done) => store.get("one", done)), session("ann"));
    assert.equal(await ask<object | null>((done) => store.get("none", done)), null);
    assert.ok((await client.ttl("sess:one")) > 50);

    await client.expire("sess:one", 10);
    await ask((done) => store.touch("one", session("ann"), done));
    assert.ok((await client.ttl("sess:one")) > 50);

    await client.set("other", "not a session");
    assert.equal(await ask<number>((done) => store.length(done)), 3);
    assert.deepEqual((await ask<string[]>((done) => store.ids(done))).sort(), ["one", "three", "two"]);
    const all = await ask<{ id: string }[]>((done) => store.all(done));
    assert.deepEqual(all.map(({ id }) => id).sort(), ["one", "three", "two"]);

    await ask((done) => store.destroy("two", done));
    assert.equal(await ask<object | null>((done) => store.get("two", done)), null);
    await ask((done) => store.clear(done));
    assert.equal(await ask<number>((done) => store.length(done)), 0);
    assert.equal(await client.get("other"), "not a session");
  });
