/** `tls: true`: servers, groups and clusters inside of a process that speak nothing but TLS. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cluster, Redis } from "ioredis";
import { startCluster, startSentinelGroup, startServer } from "../../src/main/index.ts";

test("a server, with certificates of its own or with ours", async (t) => {
  await using server = await startServer({ tls: true });
  assert.match(server.url, /^rediss:/);
  const redis = new Redis(server.url, { tls: { ca: server.ca } });
  t.after(() => redis.disconnect());
  assert.equal(await redis.set("k", "v"), "OK");

  const { LocalAuthority } = await import("../../src/lab/certificates.ts");
  const { io } = await import("./house.ts");
  const authority = new LocalAuthority(io.clock, io.random);
  await using other = await startServer({ tls: { ca: authority.certificate, ...authority.issue("ours") } });
  const mistaken = new Redis(other.url, { tls: { ca: server.ca }, retryStrategy: null });
  t.after(() => mistaken.disconnect());
  await assert.rejects(new Promise((_, reject) => mistaken.once("error", reject)), /certificate|signature/);
  const right = new Redis(other.url, { tls: { ca: authority.certificate } });
  t.after(() => right.disconnect());
  assert.equal(await right.ping(), "PONG");
});

test("a Sentinel group: a client finds the next primary", { timeout: 30_000 }, async (t) => {
  await using group = await startSentinelGroup({ tls: true, replicas: 1 });
  const tls = { ca: group.ca };
  const redis = new Redis({
    ...{ sentinels: group.sentinelAddresses, name: group.name, tls, sentinelTLS: tls },
    enableTLSForSentinelMode: true,
  });
  redis.on("error", () => {});
  t.after(() => redis.disconnect());
  await redis.set("k", "v");
  assert.equal(await redis.wait(1, 5000), 1);
  const old = group.primary;
  await old.kill();
  await group.until(() => group.nodes.some((node) => node !== old && node.role === "primary"), "another is primary");
  assert.equal(await redis.get("k"), "v");
});

test("a cluster", { timeout: 30_000 }, async (t) => {
  await using cluster = await startCluster({ tls: true, replicas: 0 });
  const redis = new Cluster(cluster.addresses, { redisOptions: { tls: { ca: cluster.ca } } });
  t.after(() => redis.disconnect());
  for (let i = 0; i < 30; i++) await redis.set(`k${i}`, i);
  assert.equal(await redis.get("k29"), "29");
});
