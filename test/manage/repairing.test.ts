/** A cluster is broken in each way that a slot can be, by hand, and mended; redis-cli agrees that it is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isSound } from "../../src/manage/health.ts";
import { type Look, lookAt } from "../../src/manage/look.ts";
import { defaultMoveOptions, Mover } from "../../src/manage/move.ts";
import { collectFacts, planRepairs, Repairer } from "../../src/manage/repair.ts";
import { needs } from "../lab/peers.ts";
import { type Node, Nodes } from "./nodes.ts";

/** All lie in one slot, 16287, which the third node of three has. */
const TAG = "{x}";
const SLOT = 16287;

interface Broken {
  readonly nodes: Nodes;
  readonly owner: Node;
  readonly other: Node;
  /** Writes at a node that only imports the slot. */
  plant(node: Node, key: string, value: string): Promise<void>;
  ids: { owner: string; other: string };
}

type Case = [
  name: string,
  break_: (broken: Broken) => Promise<void>,
  expected: Record<string, string>,
  finding: RegExp,
];

const set = (what: Node, ...words: string[]) => what.call("CLUSTER", "SETSLOT", SLOT, ...words);

const cases: Case[] = [
  [
    "a move that was broken off halfway",
    async ({ owner, other, ids, nodes }) => {
      await set(other, "IMPORTING", ids.owner);
      await set(owner, "MIGRATING", ids.other);
      await nodes.links.ask(owner, "MIGRATE", "127.0.0.1", other.port, `${TAG}1`, 0, 1000);
    },
    {},
    /slot 16287 is open: .*(sends it to .* takes it from|takes it from .* sends it to)/,
  ],
  [
    "a slot that is open at its owner alone",
    async ({ owner, ids }) => void (await set(owner, "MIGRATING", ids.other)),
    {},
    /slot 16287 is open: .* sends it to/,
  ],
  [
    "a slot that is open at the other end alone, with a key there",
    async ({ other, ids, plant }) => {
      await set(other, "IMPORTING", ids.owner);
      await plant(other, "late", "here");
    },
    { late: "here" },
    /slot 16287 is open: .* takes it from/,
  ],
  [
    "keys at a node that does not own their slot",
    async ({ other, ids, plant }) => {
      await set(other, "IMPORTING", ids.owner);
      await plant(other, "stray", "found");
      await set(other, "STABLE");
    },
    { stray: "found" },
    /holds 1 key of slots that it does not own: 16287/,
  ],
  [
    "slots that nobody owns, one with its keys still there",
    async ({ nodes }) => {
      for (const node of nodes.all) await node.call("CLUSTER", "DELSLOTS", SLOT, 3, 5).catch(() => {});
    },
    {},
    /slots? without an owner that answers: .*16287/,
  ],
  [
    "a slot that two claim",
    async ({ other }) => {
      // All at once, and looked at right after: left alone, the nodes settle it by their epochs.
      const words = [["MULTI"], ["CLUSTER", "DELSLOTS", SLOT], ["CLUSTER", "ADDSLOTS", SLOT], ["EXEC"]];
      await Promise.all(words.map((line) => other.call(...line)));
    },
    {},
    /1 slot claimed by .* and .*: 16287|another owner|sound/,
  ],
];

for (const engines of [
  ["nines", "nines", "nines"],
  ["redis", "redis", "redis"],
  ["nines", "redis", "nines"],
] as const) {
  const peers = engines.some((engine) => engine === "redis") ? needs("redis-server") : {};
  test(`a cluster of ${engines.join(", ")} is mended`, { ...peers, timeout: 60_000 }, async (t) => {
    await using nodes = await Nodes.cluster(engines);
    const [, other, owner] = nodes.all as [Node, Node, Node];
    const ids = { owner: await owner.id(), other: await other.id() };
    const plant: Broken["plant"] = async (node, key, value) =>
      void (await Promise.all([node.call("ASKING"), node.call("SET", TAG + key, value)]));
    for (const [name, break_, more, finding] of cases) {
      await t.test(name, async () => {
        // Where an earlier case has moved the slot, it comes back.
        const now = await lookAt(nodes.links, owner);
        const holder = now.survey.members.find((member) => member.slots.includes(SLOT))!;
        if (holder.id !== ids.owner) {
          await new Mover(nodes.links, now.survey, defaultMoveOptions).move([SLOT], holder.id, ids.owner);
          await nodes.sound();
        }
        const keys: Record<string, string> = { 1: "one", 2: "two", 3: "three" };
        for (const [key, value] of Object.entries(keys)) await owner.call("SET", TAG + key, value);
        await break_({ nodes, owner, other, plant, ids });
        await mend(nodes, finding);
        await nodes.sound();
        const after = await lookAt(nodes.links, owner);
        const ownerNow = after.survey.members.find((member) => member.slots.includes(SLOT))!;
        for (const [key, value] of Object.entries({ ...keys, ...more })) {
          assert.equal(String(await nodes.links.ask(ownerNow, "GET", TAG + key)), value, key);
        }
      });
    }
    await nodes.redisCliIsContent(t);
  });
}

async function mend(nodes: Nodes, finding: RegExp): Promise<void> {
  let look: Look = await lookAt(nodes.links, nodes.all[0]!);
  const texts = look.findings.map(({ text }) => text);
  assert.match([...texts, isSound(look.findings) ? "sound" : ""].join("\n"), finding);
  for (let round = 0; round < 3; round++) {
    const steps = planRepairs(look.survey, await collectFacts(nodes.links, look.survey, look.strays), false);
    if (steps.length === 0) return;
    const repairer = new Repairer(nodes.links, look.survey, new Mover(nodes.links, look.survey, defaultMoveOptions));
    for (const batch of Repairer.batches(steps)) await repairer.perform(batch);
    look = await lookAt(nodes.links, nodes.all[0]!);
  }
}

test("the slots of a primary that is gone go to others only if that is wanted", { timeout: 40_000 }, async () => {
  await using nodes = await Nodes.cluster(["nines", "nines", "nines", "nines"]);
  await nodes.all[3]!.kill();
  let look = await lookAt(nodes.links, nodes.all[0]!);
  assert.match(
    look.findings.map(({ text }) => text).join("\n"),
    /a primary of 4096 slots\) does not answer(.|\n)*4096 slots without/,
  );
  const facts = await collectFacts(nodes.links, look.survey, look.strays);
  assert.deepEqual(planRepairs(look.survey, facts, false), []);
  const steps = planRepairs(look.survey, facts, true);
  assert.equal(steps.length, 4096);
  const repairer = new Repairer(nodes.links, look.survey, new Mover(nodes.links, look.survey, defaultMoveOptions));
  const batches = Repairer.batches(steps);
  assert.ok(batches.length < 20, `${batches.length}`);
  for (const batch of batches) await repairer.perform(batch);
  look = await lookAt(nodes.links, nodes.all[0]!);
  const sizes = look.survey.members.map((member) => member.slots.length);
  assert.deepEqual(
    sizes.map((size) => Math.round(size / 100)),
    [55, 55, 55],
  );
});
