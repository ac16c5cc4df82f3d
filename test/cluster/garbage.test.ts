/** Whoever reaches the port of the bus can send garbage: that fills no disk. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CLUSTER_FACTS, CLUSTER_SETTINGS } from "../../fuzz/cluster-parts.ts";
import { ClusterMachine } from "../../src/cluster/machine.ts";
import { SeededRandom } from "../../src/io/random.ts";

test("links with garbage are logged so many times a minute, and counted", () => {
  const machine = new ClusterMachine({
    id: "a".repeat(40),
    settings: CLUSTER_SETTINGS,
    facts: CLUSTER_FACTS,
    random: new SeededRandom(1),
  });
  const lines: string[] = [];
  const garbage = (now: number) => {
    const link = machine.accept("10.0.0.9", "10.0.0.1", now);
    for (const effect of machine.step({ kind: "garbage", link, what: "no message" }, now))
      if (effect.kind === "log") lines.push(effect.text);
    assert.equal(machine.state.links.size, 0);
  };
  for (let i = 0; i < 1000; i++) garbage(100_000 + i);
  assert.equal(lines.length, 10);
  assert.match(lines[0]!, /Closing a link of the cluster bus \(10\.0\.0\.9\): no message/);
  garbage(160_000);
  assert.match(lines[10]!, /\(990 more such links in the minutes before were not logged\)/);
  assert.equal(lines.length, 12);
  assert.equal(machine.state.dropped, 1001);
});
