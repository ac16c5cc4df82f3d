/** What is dumped in slices is what is dumped at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Slice } from "../../src/base/bytes.ts";
import { SlicedDump } from "../../src/rdb/sliced-dump.ts";
import { withServer } from "../server/with-server.ts";

const numbers = Array.from({ length: 3000 }, (_, i) => i);
const values: [type: string, words: string[]][] = [
  ["string", ["SET", "key", "value"]],
  ["small list", ["RPUSH", "key", "a", "b"]],
  ["list", ["RPUSH", "key", ...numbers.map((i) => `element ${i} ${"x".repeat(200)}`)]],
  ["set", ["SADD", "key", ...numbers.map((i) => `member ${i}`)]],
  ["hash", ["HSET", "key", ...numbers.flatMap((i) => [`field ${i}`, `value ${i}`])]],
  ["sorted set", ["ZADD", "key", ...numbers.flatMap((i) => [`${i / 7}`, `member ${i}`])]],
  ["stream", ["XADD", "key", "1-1", "field", "value"]],
];

for (const [type, words] of values)
  test(type, () =>
    withServer(async ({ server, client }) => {
      const one = await client();
      await one.do(...words);
      const before = await one.do("DEBUG", "DIGEST-VALUE", "key");
      const dump = new SlicedDump(server.engine.store, server.engine.databases[0]!.get(Slice.of("key"))!);
      let steps = 0;
      while (dump.step(100)) steps++;
      if (words.length > 1000) assert.ok(steps > 10, `${steps} steps`);
      await one.do("DEL", "key");
      assert.equal(await one.do("RESTORE", "key", "0", Buffer.from(dump.payload)), "+OK");
      assert.deepEqual(await one.do("DEBUG", "DIGEST-VALUE", "key"), before);
    }),
  );
