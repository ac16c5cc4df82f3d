import assert from "node:assert/strict";
import { test } from "node:test";
import { RefPlaces } from "../../src/memory/ref-places.ts";
import { Seeded } from "./random.ts";

for (const count of [0, 1, 2, 3, 8, 100, 5000])
  test(`finds each of ${count} refs, and no others`, () => {
    const random = new Seeded(count + 1);
    const refs = new Set<number>();
    // Neighbours as well as refs of any page, the highest of which are negative.
    for (let next = 16; refs.size < count; next += 2) refs.add((random.below(2) === 0 ? next : random.uint32()) | 0);
    const all = Int32Array.from(refs);
    const places = new RefPlaces(all);
    for (let place = 0; place < count; place++) assert.equal(places.of(all[place]!), place);
    for (let i = 0; i < 1000; i++) {
      const other = random.uint32() | 0;
      if (!refs.has(other)) assert.equal(places.of(other), -1);
    }
  });
