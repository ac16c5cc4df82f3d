/** The memory of replies: it serves again, and is given up when it is of no use any more. */
import assert from "node:assert/strict";
import test from "node:test";
import { BLOCK_BYTES, CHUNK_BYTES, ChunkPool } from "../../src/resp/chunk-pool.ts";
import { ReplyWriter } from "../../src/resp/reply-writer.ts";

const MEGABYTE = 1024 * 1024;

test("a reply of megabytes leaves its memory to the next", () => {
  const pool = new ChunkPool();
  const value = Buffer.alloc(5 * MEGABYTE, "v");
  const memory = new Set<Uint8Array>();
  for (let round = 0; round < 5; round++) {
    const writer = new ReplyWriter(pool, () => {});
    writer.bulkBytes(value);
    writer.take((bytes) => {
      memory.add(bytes);
      return true;
    });
  }
  assert.equal(memory.size, 1 + Math.ceil((value.length + 12 - CHUNK_BYTES) / BLOCK_BYTES));
  assert.equal(
    pool.freeBytes,
    [...memory].reduce((sum, { length }) => sum + length, 0),
  );
});

test("what a client will never be sent is free at once, and what is written to it from then on goes nowhere", () => {
  const pool = new ChunkPool();
  const writer = new ReplyWriter(pool, () => {});
  writer.bulkBytes(Buffer.alloc(MEGABYTE, "v"));
  const begun = writer.begin();
  writer.drop();
  const { freeBytes } = pool;
  assert.ok(freeBytes >= MEGABYTE);
  assert.equal(writer.size, 0);
  writer.bulkBytes(Buffer.alloc(MEGABYTE, "v"));
  writer.endArray(begun, 1);
  writer.rewind(10);
  writer.ok();
  assert.ok(writer.size <= BLOCK_BYTES);
  assert.ok(pool.freeBytes >= freeBytes - BLOCK_BYTES);
});

test("a taker that wants no more for now is given the rest the next time, in order", () => {
  const writer = new ReplyWriter(new ChunkPool(), () => {});
  const value = Buffer.alloc(300_000, "0123456789");
  writer.bulkBytes(value);
  const sent: Buffer[] = [];
  let calls = 0;
  for (; writer.size > 0; calls++) {
    const before = sent.length;
    writer.take((bytes, length) => {
      sent.push(Buffer.from(bytes.subarray(0, length)));
      return sent.length === before + 1;
    });
    assert.ok(sent.length <= before + 2);
    if (calls === 0) writer.ok();
  }
  assert.ok(calls >= 3);
  assert.ok(Buffer.concat(sent).equals(Buffer.from(`$300000\r\n${value.toString("latin1")}\r\n+OK\r\n`)));
});

test("memory that is of no use is given up little by little; what is used again and again is kept", () => {
  const pool = new ChunkPool();
  const use = (count: number) => {
    const blocks = Array.from({ length: count }, () => pool.takeBlock());
    for (const block of blocks) pool.give(block);
  };
  let now = 1_000_000;
  const seconds = (count: number, work: () => void) => {
    for (let i = 0; i < count; i++) {
      work();
      pool.trim((now += 1000));
    }
  };
  use(1000);
  seconds(20, () => use(1000));
  assert.equal(pool.freeBytes, 1000 * BLOCK_BYTES);
  use(1000);
  pool.trim(now + 10);
  pool.trim(now + 20);
  assert.equal(pool.freeBytes, 1000 * BLOCK_BYTES, "more than once a second");
  seconds(60, () => use(100));
  assert.equal(pool.freeBytes, 100 * BLOCK_BYTES);
  seconds(60, () => {});
  assert.equal(pool.freeBytes, MEGABYTE);
});
