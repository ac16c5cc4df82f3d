/** All connections by id: as a map, but whoever has gone is forgotten. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../src/io/random.ts";
import type { Connection } from "../../src/server/connection.ts";
import { ConnectionList } from "../../src/server/connection-list.ts";

const one = (id: number) => ({ id }) as Connection;

test("holds who has come and has not gone, in order, as a map would", () => {
  const random = new SeededRandom(5);
  const list = new ConnectionList();
  const map = new Map<number, Connection>();
  let id = 0;
  for (let step = 0; step < 20_000; step++) {
    // Waves: at times most come, at times most go.
    if (random.uint32() % 100 < (Math.floor(step / 1500) % 2 === 0 ? 70 : 30)) {
      id += 1 + (random.uint32() % 3);
      const connection = one(id);
      list.add(connection);
      map.set(id, connection);
    } else {
      const gone = random.uint32() % (id + 2);
      list.delete(gone);
      map.delete(gone);
    }
    assert.equal(list.size, map.size);
    const asked = random.uint32() % (id + 2);
    assert.equal(list.get(asked), map.get(asked));
    if (step % 500 === 0) assert.deepEqual([...list.values()], [...map.values()]);
  }
});

test("some may go while all are looked at", () => {
  const list = new ConnectionList();
  for (let id = 1; id <= 1000; id++) list.add(one(id));
  const seen: number[] = [];
  for (const { id } of list.values()) {
    seen.push(id);
    list.delete(id);
    list.delete(id + 1);
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 500 }, (_, i) => 2 * i + 1),
  );
  assert.equal(list.size, 0);
});
