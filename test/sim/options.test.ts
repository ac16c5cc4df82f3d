import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterOptions, OptionsError, worldOptions } from "../../sim/options.ts";

test("a number that is none is refused, and so is a search of no seeds", () => {
  const refused: [read: (words: string[]) => unknown, words: string][] = [
    [worldOptions, "--seeds x"],
    [worldOptions, "--seeds 0"],
    [worldOptions, "--seeds 1e3"],
    [worldOptions, "--seed=-1"],
    [worldOptions, "--from NaN"],
    [worldOptions, "--jobs 0"],
    [worldOptions, "--nodes 6"],
    [worldOptions, "12"],
    [clusterOptions, "--seeds x"],
    [clusterOptions, "--seed 1.5"],
    [clusterOptions, "--nodes 5"],
    [clusterOptions, "--nodes 8 --replicas 2"],
    [clusterOptions, "--nodes 6,"],
    [clusterOptions, "--nodes 6 --stops none"],
    [clusterOptions, "--nodes 6 --node-timeout 5s"],
  ];
  for (const [read, words] of refused) assert.throws(() => read(words.split(" ")), OptionsError, words);
});

test("what is not said is the usual", () => {
  assert.deepEqual(worldOptions(["--seed", "217", "--trace"]), { kind: "one", seed: 217, trace: true });
  assert.deepEqual(worldOptions(["--from", "5", "--jobs", "2"]), {
    kind: "many",
    from: 5,
    seeds: 100,
    jobs: 2,
    stride: 0,
  });
  assert.deepEqual(clusterOptions([]), { kind: "many", from: 1, seeds: 50 });
  const measured = clusterOptions(["--nodes", "10,100"]);
  assert.ok(measured.kind === "measure");
  assert.deepEqual([measured.nodes, measured.nodeTimeoutMs, measured.stops], [[10, 100], 15_000, 0]);
});
