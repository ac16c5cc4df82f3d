/** Each property is broken once on purpose, and the checker that watches it says so. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { OneLeader } from "../../sim/checkers/one-leader.ts";
import type { SimNode } from "../../sim/node.ts";
import { type RunOptions, runSeed } from "../../sim/run.ts";
import { World } from "../../sim/world.ts";
import { forgetVotes, onStart, tamper } from "./broken.ts";

/** The violations of the first seed that has any of this property. */
async function firstViolation(name: string, seeds: number, options: RunOptions): Promise<string> {
  for (let seed = 1; seed <= seeds; seed++) {
    const { violations } = await runSeed(seed, options);
    const found = violations.find((violation) => violation.startsWith(name));
    if (found) return found;
  }
  assert.fail(`no violation of "${name}" in ${seeds} seeds`);
}

/** Two that do not hear each other stand in one epoch; the third, whose vote decides, crashes when it has voted. */
async function contestedElection(seed: number, prepare: (world: World) => void): Promise<readonly string[]> {
  const world = new World({ seed, sentinels: 3, quorum: 2, followers: 0, loyalists: 0 });
  const [one, other, voter] = world.sentinels as [SimNode, SimNode, SimNode];
  const checker = new OneLeader();
  world.checkers.push(checker, {
    name: "",
    violations: [],
    logged(node, text) {
      if (node !== voter || !text.startsWith("+vote-for-leader")) return;
      world.clock.after(1, () => {
        world.kill(node);
        world.start(node);
      });
    },
  });
  prepare(world);
  await world.begin();
  await world.loop.run(3000);
  world.cut(one.address, other.address);
  world.cut(other.address, one.address);
  for (const server of world.servers) world.kill(server);
  await world.loop.run(4000);
  return checker.violations;
}

test("a Sentinel that forgets its vote in a crash votes twice in an epoch, and one that does not, does not", async () => {
  const found: string[] = [];
  for (let seed = 1; seed <= 5; seed++) {
    assert.deepEqual(await contestedElection(seed, () => {}), []);
    found.push(...(await contestedElection(seed, forgetVotes)));
  }
  assert.match(found.join(), /voted for \w+ and \w+ in epoch \d+|both lead epoch \d+/);
});

test("a Sentinel that is deaf to the others stays with the old primary", async () => {
  const found = await firstViolation("a healed world agrees", 3, {
    plan: "primary",
    world: { sentinels: 3, quorum: 2 },
    prepare: (world) =>
      tamper(world, (node, input) =>
        node.name === "w1" && world.now > 1500 && (input.kind === "message" || input.kind === "hello") ? null : input,
      ),
    boundMs: 5000,
  });
  assert.match(found, /w1 (says|takes)|follows|the link of|is in a failover|primaries/);
});

test("a replica that applies nothing does not converge", async () => {
  const found = await firstViolation("replicas converge", 1, {
    plan: "calm",
    forMs: 1000,
    boundMs: 2000,
    prepare: (world) =>
      onStart(world, (node) => {
        if (node.name === "s2") node.server!.engine.databases[0]!.setString = () => false;
      }),
  });
  assert.match(found, /s2 differs from s1/);
});

test("Sentinels that lose the answers of a healthy primary fail over without a cause", async () => {
  const found = await firstViolation("no failover without a cause", 1, {
    plan: "calm",
    prepare: (world) =>
      tamper(world, (_, input) => {
        const isPong =
          input.kind === "reply" && input.request.kind === "ping" && input.request.instance.kind === "master";
        return isPong && world.now > 3000 && world.now < 5500 ? null : input;
      }),
  });
  assert.match(found, /starts a failover of s1/);
});

test("Sentinels that do not ask the primary to hand over lose writes in a planned switchover", async () => {
  const found = await firstViolation("planned switchovers lose no", 5, {
    plan: "switchovers",
    world: { followers: 6, loyalists: 3 },
    prepare: (world) =>
      tamper(world, (node, input) => {
        for (const master of node.sentinel!.state.masters.values()) master.handover = "unknown";
        if (input.kind !== "reply" || input.request.kind !== "info" || typeof input.reply !== "string") return input;
        return { ...input, reply: input.reply.replace(/master_failover_state:\S+/g, "") };
      }),
  });
  assert.match(found, /acknowledged writes are lost though nothing broke/);
});

test("a primary that asks nobody when it returns acknowledges writes that are lost", async () => {
  const found = await firstViolation("a returning primary acknowledges nothing", 10, {
    plan: "primary",
    world: { loyalists: 4, serverLines: () => ["returning-primary-timeout 0"] },
  });
  assert.match(found, /acknowledged \S+ of c\d+ at \d+ ms, when s\d had been primary/);
});

test("a server that has a bug is noticed", async () => {
  const found = await firstViolation("no node runs into a bug", 1, {
    plan: "calm",
    forMs: 500,
    boundMs: 500,
    prepare: (world) =>
      onStart(world, (node) => {
        const db = node.server!.engine.databases[0];
        if (db)
          db.setString = () => {
            throw new TypeError("of our own making");
          };
      }),
  });
  assert.match(found, /Bug in command 'set'/);
});
