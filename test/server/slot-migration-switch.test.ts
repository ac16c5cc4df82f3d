/** What becomes of a migration when something happens at the very switch: no two owners, nothing lost, and writes go on soon. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EmbeddedNode } from "../../src/main/embedded.ts";
import {
  assertServes,
  failed,
  io,
  KEY,
  KEYS,
  SLOTS,
  sleep,
  type World,
  worldWithKeys,
} from "./slot-migration-world.ts";

/** Runs `then` when the target is given the slots: before it has heard of it, or behind that. */
function atTake(node: EmbeddedNode, when: "before" | "behind", then: () => void): void {
  const { migrations } = node.server.cluster!;
  const serve = migrations.serve.bind(migrations);
  migrations.serve = (call, args) => {
    if (!args.at(args.position).is("TAKE")) return serve(call, args);
    if (when === "behind") serve(call, args);
    then();
  };
}

/** How long a write takes that comes while it is not known whose the slots are. */
async function writeMeanwhile(world: World, node: EmbeddedNode): Promise<{ ms: number; error?: string }> {
  const before = io.clock.now();
  const error = await world.ask(node, "SET", KEY[0]!, "meanwhile 0").then(
    () => undefined,
    (refused: Error) => refused.message,
  );
  return { ms: io.clock.now() - before, ...(error === undefined ? {} : { error }) };
}

test("a target that dies before it took the slots: writes go on soon, at the source", async () => {
  await using world = (await worldWithKeys()).impatient();
  const [a, b] = world.nodes;
  let write: ReturnType<typeof writeMeanwhile> | undefined;
  atTake(b!, "before", () => {
    write = writeMeanwhile(world, a!);
    void b!.kill();
  });
  failed(await world.migrate(a!, b!, `0-${SLOTS - 1}`), /died at the switch/);
  const { ms, error } = await write!;
  assert.equal(error, undefined);
  assert.ok(ms < 1500, `${ms} ms`);
  const { state } = a!.server.cluster!.shell;
  assert.equal(state.myself.configEpoch, state.maxEpoch());
  assert.equal(a!.server.pause.mode, null);
});

test("a target that is stopped: the source keeps the slots, and nothing is taken when it goes on", async () => {
  await using world = (await worldWithKeys()).impatient();
  const [a, b, c] = world.nodes;
  let write: ReturnType<typeof writeMeanwhile> | undefined;
  // The source's word lies in its buffers until it goes on.
  const { pause } = a!.server;
  const begin = pause.begin.bind(pause);
  pause.begin = (reason, mode, until) => {
    begin(reason, mode, until);
    if (mode !== "all") return;
    b!.pause();
    write = writeMeanwhile(world, a!);
  };
  const ended = await world.migrate(a!, b!, `0-${SLOTS - 1}`);
  failed(ended, /did not answer|did not take/);
  const { ms, error } = await write!;
  assert.equal(error, undefined);
  assert.ok(ms < 3500, `${ms} ms`);
  b!.resume();
  await world.until(
    "the target gave up",
    async () => (await world.status(b!, String(ended["name"])))?.["state"] === "failed",
  );
  await sleep(100);
  for (const node of [a!, b!, c!]) {
    const { state } = node.server.cluster!.shell;
    assert.equal(state.owners[0]!.id, world.id(a!));
  }
  assert.equal(await world.ask(a!, "GET", KEY[0]!), "meanwhile 0");
  await world.until("what came is gone", () => b!.server.engine.databases[0]!.size === 0);
});

test("a target that took the slots and cannot say so: the others do", async () => {
  await using world = (await worldWithKeys()).impatient();
  const [a, b, c] = world.nodes;
  let write: ReturnType<typeof writeMeanwhile> | undefined;
  atTake(b!, "behind", () => {
    write = writeMeanwhile(world, a!);
    world.cluster.partition([a!], [b!]);
  });
  const ended = await world.migrate(a!, b!, `0-${SLOTS - 1}`);
  assert.equal(ended["state"], "success", String(ended["message"]));
  const { error } = await write!;
  assert.match(String(error), /MOVED/);
  for (const node of [b!, c!]) assert.equal(node.server.cluster!.shell.state.owners[0]!.id, world.id(b!));
  await assertServes(world, b!, "before");
});

test("a target that dies as soon as it took them: its replica has everything", async () => {
  await using world = await worldWithKeys({ replicas: 1 });
  const [a, b] = world.nodes;
  atTake(b!, "behind", () => void io.clock.after(0, () => void b!.kill()));
  const ended = await world.migrate(a!, b!, `0-${SLOTS - 1}`);
  await world.until("the cluster is whole", () => world.cluster.isWhole);
  const owner = world.cluster.primaryOf(0);
  assert.equal(owner === a, ended["state"] === "failed", JSON.stringify(ended));
  await assertServes(world, owner, "before");
});

test("a source that dies while writes are held: its replica serves", async () => {
  await using world = await worldWithKeys({ replicas: 1 });
  const [a, b] = world.nodes;
  atTake(b!, "before", () => void a!.kill());
  await world.begin(a!, b!, `0-${SLOTS - 1}`);
  await world.until("the cluster is whole", () => a!.state === "killed" && world.cluster.isWhole);
  const owner = world.cluster.primaryOf(0);
  await assertServes(world, owner, "before");
  await world.settled();
  assert.equal(await world.size(...world.cluster.primaries), KEYS);
});
