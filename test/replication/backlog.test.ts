import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../../src/io/random.ts";
import { Backlog, MIN_BACKLOG_BYTES } from "../../src/replication/backlog.ts";

/** Byte number n of the stream in these tests: tells its own place. */
const byteAt = (offset: number) => (offset * 31 + (offset >> 8)) & 0xff;

function bytesOf(from: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => byteAt(from + i));
}

for (let seed = 1; seed <= 40; seed++) {
  test(`a backlog gives back the newest bytes of the stream, from any offset it holds (seed ${seed})`, () => {
    const random = new SeededRandom(seed);
    const start = random.uint32() % 1000;
    const backlog = new Backlog(MIN_BACKLOG_BYTES, start);
    let end = start;
    let held = 0;
    for (let round = 0; round < 60; round++) {
      const most = random.uint32() % 10 === 0 ? 3 * MIN_BACKLOG_BYTES : 3000;
      const count = random.uint32() % most;
      const bytes = bytesOf(end + 1, count);
      backlog.append(bytes, 0, count);
      end += count;
      held = Math.min(backlog.size, held + count);
      assert.equal(backlog.end, end);
      assert.equal(backlog.length, held);
      assert.equal(backlog.first, end - backlog.length + 1);
      const from = backlog.first + (random.uint32() % (backlog.length + 1));
      assert.ok(backlog.reachesBackTo(from));
      assert.deepEqual(backlog.copyFrom(from), bytesOf(from, end - from + 1));
      if (random.uint32() % 8 === 0) {
        const size = MIN_BACKLOG_BYTES + (random.uint32() % MIN_BACKLOG_BYTES);
        backlog.resize(size);
        held = Math.min(held, size);
        assert.equal(backlog.length, held);
        assert.deepEqual(backlog.copyFrom(backlog.first), bytesOf(backlog.first, backlog.length));
      }
    }
    assert.ok(!backlog.reachesBackTo(backlog.first - 1));
    assert.ok(backlog.reachesBackTo(end + 1));
    assert.ok(!backlog.reachesBackTo(end + 2));
  });
}

test("a mark names a held place where a command begins", () => {
  const backlog = new Backlog(MIN_BACKLOG_BYTES, 0);
  backlog.mark(3);
  backlog.append(new Uint8Array(10), 0, 10);
  backlog.mark(4); // too close to the first to be kept
  backlog.append(new Uint8Array(16_000), 0, 16_000);
  assert.deepEqual(backlog.markBefore(11), { offset: 1, db: 3 });
  backlog.append(new Uint8Array(1000), 0, 1000);
  assert.equal(backlog.markBefore(5000), undefined, "the bytes of the first mark are gone");
  backlog.mark(5);
  assert.deepEqual(backlog.markBefore(17_011), { offset: 17_011, db: 5 });
});
