/** Options that are wrong are named, and nothing is left running. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startCluster, startReplicaSet, startSentinelGroup, startServer } from "../../src/main/index.ts";

const starts = { startServer, startReplicaSet, startSentinelGroup, startCluster };
const cases: [start: keyof typeof starts, options: object, said: RegExp][] = [
  [
    "startServer",
    { prot: 7000 },
    /^startServer: there is no option 'prot'; there are port, config, log, clock, name, tls$/,
  ],
  ["startServer", { replicas: 1 }, /no option 'replicas'/],
  ["startServer", { port: "x" }, /^startServer: port is to be a whole number from 0 to 65535, not "x"$/],
  ["startServer", { port: 70_000 }, /port is to be/],
  ["startServer", { config: "maxmemory 1mb" }, /config is to be an object: directives by name, not "maxmemory 1mb"/],
  ["startServer", { config: { maxmemory: "1mb\nport 1" } }, /config: "maxmemory 1mb\\nport 1" is more than one line/],
  ["startServer", { config: { maxmemroy: "1mb" } }, /'maxmemroy 1mb'\nBad directive/],
  ["startServer", { log: true }, /log is to be a function/],
  ["startServer", { clock: null }, /clock is to be a TestClock, not null/],
  ["startServer", { tls: { ca: "x" } }, /tls is to be true, false, or \{ ca, certificate, key \}/],
  ["startReplicaSet", { replicas: -1 }, /^startReplicaSet: replicas is to be a whole number from 0 on, not -1$/],
  ["startReplicaSet", { replicas: 1.5 }, /replicas is to be .* not 1\.5/],
  ["startSentinelGroup", { sentinels: 0 }, /sentinels is to be a whole number from 1 on/],
  ["startSentinelGroup", { quorum: 5 }, /3 Sentinels can never be a quorum of 5/],
  ["startSentinelGroup", { name: "my master" }, /name is to be a name/],
  ["startSentinelGroup", { downAfterMs: 0 }, /downAfterMs is to be/],
  ["startCluster", { shards: 0 }, /shards is to be a whole number from 1 on, not 0/],
  ["startCluster", { shards: "x" }, /shards is to be/],
  ["startCluster", { nodeTimeoutMs: -5 }, /nodeTimeoutMs is to be/],
];
for (const [start, options, said] of cases) {
  test(`${start}(${JSON.stringify(options)})`, () => assert.rejects(starts[start](options), { message: said }));
}

test("an option that is undefined is one that was not given", async () => {
  await using server = await startServer({ port: undefined, config: { maxmemory: undefined as unknown as string } });
  assert.ok(server.port > 0);
});

test("a partition of nodes of another group is refused: their names are the same", async () => {
  await using one = await startReplicaSet({ replicas: 0 });
  await using other = await startReplicaSet({ replicas: 0 });
  assert.throws(() => one.partition([one.nodes[0]!], [other.nodes[0]!]), /node-1 is of another group/);
});
