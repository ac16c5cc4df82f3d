/** What operators ask for at run time, and servers that are not as they should be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ReplyError } from "../../src/base/reply-error.ts";
import type { Order } from "../../src/sentinel/protocol.ts";
import { readSetChanges } from "../../src/sentinel/set-options.ts";
import { isWell } from "./chaos.ts";
import { Server, World } from "./world.ts";

function settled(): World {
  return new World({ seed: 11 }).run(5000);
}

function refusal(world: World, order: Order): string {
  const before = JSON.stringify(world.sentinels[0]!.disk);
  try {
    world.sentinels[0]!.step(order);
  } catch (error) {
    assert.ok(error instanceof ReplyError);
    assert.equal(JSON.stringify(world.sentinels[0]!.disk), before);
    return error.message;
  }
  return "";
}

const monitor = { kind: "monitor", name: "other", host: "10.0.0.1", port: 7000, quorum: 1 } as const;
const set = (...words: string[]): Order => ({ kind: "set", name: "mymaster", changes: readSetChanges(words) });

const refused: [order: Order, message: string][] = [
  [{ ...monitor, name: "mymaster" }, "ERR Duplicate master name."],
  [{ ...monitor, quorum: 0 }, "ERR Quorum must be 1 or greater."],
  [{ ...monitor, host: "db1" }, "ERR Invalid IP address or hostname specified"],
  [{ ...monitor, port: 70_000 }, "ERR Invalid port number."],
  [{ kind: "remove", name: "nope" }, "ERR No such master with that name"],
  [{ kind: "failover", name: "nope" }, "ERR No such master with that name"],
  [set("quorum", "x"), "ERR Invalid argument 'x' for SENTINEL SET 'quorum'"],
  [
    set("quorum", "1", "down-after-milliseconds", "0"),
    "ERR Invalid argument '0' for SENTINEL SET 'down-after-milliseconds'",
  ],
];
for (const [order, message] of refused) {
  test(`refused, and nothing changed: ${message}`, () => {
    const world = settled();
    assert.equal(refusal(world, order), message);
    assert.equal(world.sentinels[0]!.master.quorum, 2);
  });
}

test("scripts are not changed at run time unless that was allowed", () => {
  const world = settled();
  assert.match(
    refusal(world, set("notification-script", "/bin/true")),
    /^ERR Reconfiguration of scripts path is denied/,
  );
});

test("a second failover is refused while one is under way, and one without a fit replica", () => {
  const world = settled();
  const [one] = world.sentinels;
  one!.step({ kind: "failover", name: "mymaster" });
  assert.equal(refusal(world, { kind: "failover", name: "mymaster" }), "INPROG Failover already in progress");
  world.run(3000);
  for (const server of world.servers) if (server.master !== null) world.kill(server);
  world.run(3000);
  assert.equal(refusal(world, { kind: "failover", name: "mymaster" }), "NOGOODSLAVE No suitable replica to promote");
});

test("a master added at run time is watched at once, one removed is left alone", () => {
  const world = settled();
  world.servers.push(new Server(world, 7000, null), new Server(world, 7001, 7000));
  const [one, two] = world.sentinels;
  for (const sentinel of [one!, two!]) sentinel.step({ ...monitor, quorum: 2 });
  world.run(3000);
  const other = one!.machine.state.masters.get("other")!;
  assert.equal(other.replicas.size, 1);
  assert.equal(other.sentinels.size, 1);
  const [peer] = other.sentinels.values();
  assert.equal(peer!.link, one!.master.sentinels.get(peer!.name)!.link, "one link to the Sentinel that guards both");
  assert.equal(peer!.link.refcount, 2);
  assert.ok(one!.disk.includes("sentinel monitor other 10.0.0.1 7000 2"));

  world.kill(world.server(7000)!);
  world.run(2000);
  assert.equal(other.address.port, 7001);
  assert.equal(one!.master.address.port, 6379, "the other group is not touched");

  one!.step({ kind: "remove", name: "other" });
  world.run(1000);
  assert.equal(one!.machine.state.masters.size, 1);
  assert.ok(!one!.disk.some((line) => line.includes("other")));
  assert.equal(one!.master.sentinels.get(peer!.name)!.link.refcount, 1);
  assert.equal(one!.master.sentinels.get(peer!.name)!.link.connected, true);
});

test("after a reset everything is learned anew", () => {
  const world = settled();
  const [one] = world.sentinels;
  one!.step({ kind: "reset", pattern: "my*" });
  assert.equal(one!.master.replicas.size, 0);
  assert.equal(one!.master.sentinels.size, 0);
  world.run(5000);
  assert.equal(one!.master.replicas.size, 2);
  assert.equal(one!.master.sentinels.size, 2);
  world.kill(world.server(6379)!);
  world.run(2000);
  assert.deepEqual(new Set(world.opinions), new Set([6380]));
});

test("a server that does not know CONFIG is told by the bare command", () => {
  const world = settled();
  for (const server of world.servers) server.withoutConfig = true;
  world.kill(world.server(6379)!);
  world.run(2000);
  assert.deepEqual(world.opinions, [6380, 6380, 6380]);
  world.restart(world.server(6379)!);
  world.run(3000);
  assert.ok(isWell(world));
});

test("a server that does not let us in is down, and the log says why", () => {
  const world = settled();
  const [one] = world.sentinels;
  world.server(6381)!.pingError = new ReplyError("NOAUTH", "Authentication required.");
  const logged: string[] = [];
  const step = one!.machine.step.bind(one!.machine);
  one!.machine.step = (input, now) => {
    const effects = step(input, now);
    for (const effect of effects) if (effect.kind === "log") logged.push(effect.text);
    return effects;
  };
  world.run(3000);
  assert.ok(one!.events.some((event) => event.startsWith("+sdown slave 10.0.0.1:6381")));
  assert.equal(logged.filter((text) => text.endsWith("answers PING with: NOAUTH Authentication required.")).length, 1);
});

test("an address that another Sentinel has now belongs to that one alone", () => {
  const world = settled();
  const [one] = world.sentinels;
  const newcomer = "ff".repeat(20);
  one!.step({ kind: "hello", text: `10.0.0.1,26380,${newcomer},0,mymaster,10.0.0.1,6379,0` });
  const at = [...one!.master.sentinels.values()].filter((peer) => peer.address.port === 26380);
  assert.deepEqual(
    at.map((peer) => peer.name),
    [newcomer],
  );
  assert.ok(one!.events.some((event) => event.startsWith("+sentinel-invalid-addr")));
});

test("a Sentinel that moved is found at its new address", () => {
  const world = settled();
  const [one, two] = world.sentinels;
  const id = two!.machine.state.myid;
  one!.step({ kind: "hello", text: `10.0.0.7,26380,${id},0,mymaster,10.0.0.1,6379,0` });
  assert.equal(one!.master.sentinels.get(id)!.address.ip, "10.0.0.7");
  assert.equal(one!.master.sentinels.size, 2);
  assert.ok(
    one!.events.some((event) =>
      event.includes(`+sentinel-address-switch master mymaster 10.0.0.1 6379 ip 10.0.0.7 port 26380 for ${id}`),
    ),
  );
});
