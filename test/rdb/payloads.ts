/** DUMP payloads made by hand, and what has to hold for any of them. */
import assert from "node:assert/strict";
import { Slice } from "../../src/base/bytes.ts";
import { Crc64 } from "../../src/base/crc64.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { restore } from "../../src/rdb/payload.ts";

/** A payload of these bytes (type and value; spaces in hex do not count), with a right footer. */
export function payload(body: Uint8Array | string, version = 11): Slice {
  const bytes = typeof body === "string" ? Buffer.from(body.replaceAll(" ", ""), "hex") : body;
  const whole = Buffer.concat([bytes, Buffer.from([version & 255, version >> 8]), Buffer.alloc(8)]);
  const crc = new Crc64();
  crc.update(whole, 0, whole.length - 8);
  crc.writeTo(whole, whole.length - 8);
  return new Slice(whole);
}

/** Restoring it fails as in Redis, and leaves nothing behind. */
export function assertRefused(engine: Engine, body: string, deep: boolean): void {
  assert.throws(() => restore(engine.store, payload(body), { deep }), { message: "ERR Bad data format" });
  assert.equal(engine.store.arena.used, 0);
}

/** Whichever byte of a good payload is another: it is taken, or refused as in Redis, and no memory is lost. */
export function assertHarmless(engine: Engine, good: Uint8Array, bytes: readonly number[]): void {
  for (let at = 0; at < good.length - 10; at++)
    for (const byte of [...bytes, good[at]! ^ 1]) {
      const bad = Buffer.from(good);
      bad[at] = byte;
      try {
        restore(engine.store, new Slice(bad), { deep: true, skipChecksum: true }).discard();
      } catch (error) {
        assert.match((error as Error).message, /^ERR Bad data format$/);
      }
      assert.equal(engine.store.arena.used, 0, `byte ${at} of ${Buffer.from(good).toString("hex")} is ${byte}`);
    }
}
