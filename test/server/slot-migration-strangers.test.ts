/** Either side of a migration against a peer that lies, says things out of turn, or is disturbed while it listens. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, test } from "node:test";
import { RedisConnection } from "../../src/client/connection.ts";
import type { EmbeddedNode } from "../../src/main/embedded.ts";
import { failed, io, sleep, World } from "./slot-migration-world.ts";

/** As `b`, another node, says it to `a`: BEGIN of its slots, and what follows. */
class FakeSource implements AsyncDisposable {
  readonly name = "5".repeat(40);
  readonly connection: RedisConnection;

  private constructor(
    readonly world: World,
    readonly target: EmbeddedNode,
  ) {
    this.connection = new RedisConnection(io, target, { timeoutMs: 5000 });
  }

  static async of(world: World, slots = "16000-16010"): Promise<FakeSource> {
    const source = new FakeSource(world, world.nodes[0]!);
    assert.equal(await source.say("BEGIN", 1, source.name, world.id(world.nodes[1]!), slots), "OK");
    return source;
  }

  say(...words: (string | number | Uint8Array)[]): Promise<unknown> {
    return this.connection.call("CLUSTER", "IMPORT", ...words);
  }

  async state(): Promise<unknown> {
    return (await this.world.status(this.target, this.name))?.["state"];
  }

  owns(slot: number): boolean {
    const { state } = this.target.server.cluster!.shell;
    return state.owners[slot] === state.myself;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.close();
  }
}

describe("a target", () => {
  const wrong: [what: string, say: (source: FakeSource) => Promise<unknown>, state?: string][] = [
    ["a copy that is no RDB", (s) => s.say("COPY", s.name, "rubbish that is no RDB")],
    ["commands that are none", (s) => s.say("CHANGES", s.name, "*1\r\n$4\r\nNONE\r\n")],
    ["half of a command", (s) => s.say("CHANGES", s.name, "*2\r\n$3\r\nDEL\r\n")],
    ["the slots before it has everything", (s) => s.say("TAKE", s.name, 1000)],
    ["an epoch that is old", (s) => s.say("READY", s.name).then(() => s.say("TAKE", s.name, 1))],
    [
      "an epoch above all numbers",
      (s) => s.say("READY", s.name).then(() => s.say("TAKE", s.name, `${2n ** 62n}`)),
      "switching",
    ],
    ["another's migration", (s) => s.say("COPY", "6".repeat(40), ""), "snapshotting"],
    ["nothing that there is", (s) => s.say("NOSUCH", s.name), "snapshotting"],
    ["the same name again", (s) => s.say("BEGIN", 1, s.name, s.world.id(s.world.nodes[1]!), "15000"), "snapshotting"],
  ];
  for (const [what, say, state = "failed"] of wrong)
    test(`is given ${what}`, async () => {
      await using world = (await World.start({ shards: 2 })).patient();
      await using source = await FakeSource.of(world);
      await assert.rejects(say(source), /ERR/);
      assert.equal(await source.state(), state);
      assert.ok(!source.owns(16_000));
    });

  test("takes nothing that was flushed since it said that it has everything", async () => {
    await using world = (await World.start({ shards: 2 })).patient();
    await using source = await FakeSource.of(world);
    const epoch = Number(await source.say("READY", source.name)) + 1;
    await world.ask(source.target, "FLUSHALL");
    await assert.rejects(source.say("TAKE", source.name, epoch), /flushed/);
    assert.ok(!source.owns(16_000));
  });

  test("gives it up when SETSLOT begins to move one of the slots to it", async () => {
    await using world = (await World.start({ shards: 2 })).patient();
    await using source = await FakeSource.of(world);
    await world.ask(source.target, "CLUSTER", "SETSLOT", 16_005, "IMPORTING", world.id(world.nodes[1]!));
    assert.equal(await source.state(), "failed");
  });
});

/** A target that agrees to everything, and answers READY by this. */
async function agreeing(epoch: string) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      const requests = bytes
        .toString("latin1")
        .matchAll(/\r\n(?:CLIENT|CLUSTER\r\n\$6\r\nIMPORT\r\n\$\d+\r\n([A-Z]+))\r\n/g);
      for (const [, what] of requests) socket.write(what === "READY" ? `${epoch}\r\n` : "+OK\r\n");
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => void server.close() };
}

describe("a source", () => {
  for (const epoch of ["+soon", ":-5", ":9007199254740991", "$3\r\n1e9"])
    test(`is told the epoch ${JSON.stringify(epoch)}`, async () => {
      await using world = (await World.start({ shards: 2 })).patient();
      const [a, b] = world.nodes;
      using target = await agreeing(epoch);
      const { state } = a!.server.cluster!.shell;
      const node = state.node(world.id(b!))!;
      const before = state.currentEpoch;
      node.address = { ...node.address, port: target.port };
      failed(await world.ended(a!, await world.begin(a!, b!, "0-9")), /epoch/);
      assert.ok(state.currentEpoch - before < 10, `the epoch is ${state.currentEpoch}`);
      assert.equal(a!.server.pause.mode, null);
    });

  test("ends while it does not know whether the target took the slots", async () => {
    await using world = (await World.start({ shards: 2 })).patient();
    const [a, b] = world.nodes;
    const { migrations } = b!.server.cluster!;
    let given = false;
    const serve = migrations.serve.bind(migrations);
    migrations.serve = (call, args) => {
      if (args.at(args.position).is("TAKE")) given = true;
      else serve(call, args);
    };
    await world.begin(a!, b!, "0-9");
    await world.until("the slots are given", () => given);
    const { stats } = b!.server;
    const before = stats.connectionsReceived;
    await a!.stop();
    await sleep(100);
    assert.equal(stats.connectionsReceived, before, "nobody is asked any more");
  });
});
