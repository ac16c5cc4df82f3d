/** A full synchronisation exchanges all data: what was there before must not stay in memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Slice } from "../../src/base/bytes.ts";
import { Engine } from "../../src/engine/engine.ts";
import { nodeIo } from "../../src/io/node-io.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

test("what an engine held before it took over another's data is let go", async () => {
  const io = nodeIo();
  const engine = new Engine({ databases: 1, clock: io.clock, random: io.random });
  const stores: WeakRef<object>[] = [];
  for (let i = 0; i < 5; i++) {
    stores.push(new WeakRef(engine.store));
    const fresh = engine.fresh();
    fresh.databases[0]!.setString(Slice.of("k"), Slice.of(`${i}`), false, -1);
    engine.adopt(fresh);
  }
  for (let i = 0; i < 5 && stores.some((store) => store.deref() !== undefined); i++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
  }
  assert.equal(stores.filter((store) => store.deref() !== undefined).length, 0);
  assert.equal(engine.databases[0]!.getString(Slice.of("k"))?.latin1(), "4");
});
