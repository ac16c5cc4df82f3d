/** One quorum of our Sentinels and Debian's, over Debian's redis-servers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../lab/peers.ts";
import { until } from "../until.ts";
import { RealGroup } from "./real-group.ts";

const options = needs("redis-server");
/*
 * How long things may take leaves room for a machine that has much else to do, and is still less than redis-sentinel needs on an
 * idle one: it waits for down-after, then for its next look, once a second, at each step of a failover.
 */

test(
  "two of ours and one redis-sentinel replace a killed primary, and demote it when it returns",
  options,
  async () => {
    const group = await RealGroup.start({ ours: 2, theirs: 1, quorum: 2 });
    try {
      const [old] = group.ports as [number];
      assert.equal(await group.ask(old, "SET", "before", "kept"), "+OK");
      assert.equal(await group.ask(old, "WAIT", "2", "1000"), ":2");
      group.kill(old);
      const publishedMs = await until("all to name a new primary", async () => {
        const [first, ...others] = await group.named();
        return first !== old && others.every((port) => port === first);
      });
      // A redis-sentinel can win the election: it looks for the promotion once a second.
      assert.ok(publishedMs < 6000, `published after ${publishedMs} ms`);
      const [promoted] = await group.named();
      assert.equal(await group.role(promoted!), "master");
      assert.equal(await group.ask(promoted!, "GET", "before"), '"kept"');
      assert.equal(await group.ask(promoted!, "SET", "after", "too"), "+OK");

      group.restart(old);
      const demotedMs = await until("the old primary to be demoted", async () => (await group.role(old)) === "slave");
      assert.ok(demotedMs < 4000, `demoted after ${demotedMs} ms`);
      await until("it to have the new data", async () => (await group.ask(old, "GET", "after")) === '"too"');
      const epochs = group.sentinelPorts.map(
        (port) => /config-epoch mymaster (\d+)/.exec(group.sentinelFile(port))?.[1],
      );
      assert.equal(new Set(epochs).size, 1, `all have saved the same epoch: ${epochs}`);
    } finally {
      await group.stop();
    }
  },
);

test("three of ours publish a new primary well under a second after a kill", options, async () => {
  const group = await RealGroup.start({ ours: 3, theirs: 0, quorum: 2 });
  try {
    const [old] = group.ports as [number];
    const listener = await group.client(group.sentinelPorts[0]!);
    await listener.do("SUBSCRIBE", "+switch-master");
    const start = performance.now();
    group.kill(old);
    const message = await listener.reply(5000);
    const publishedMs = performance.now() - start;
    assert.match(message, new RegExp(`"\\+switch-master", "mymaster 127\\.0\\.0\\.1 ${old} 127\\.0\\.0\\.1 \\d+"`));
    assert.ok(publishedMs < 1500, `published after ${publishedMs} ms`);
    await until("all to agree", async () => new Set(await group.named()).size === 1);
    await until("the other replica to follow", async () => {
      const [promoted] = await group.named();
      return (await group.ask(promoted!, "INFO", "replication")).includes("connected_slaves:1");
    });
  } finally {
    await group.stop();
  }
});

test(
  "a primary that stands still is replaced within down-after and a second, and demoted as it wakes up",
  options,
  async () => {
    const group = await RealGroup.start({ ours: 3, theirs: 0, quorum: 2 });
    try {
      const [old] = group.ports as [number];
      group.kill(old, "SIGSTOP");
      const publishedMs = await until("all to name a new primary", async () =>
        (await group.named()).every((port, _, [first]) => port !== old && port === first),
      );
      assert.ok(publishedMs < 3000, `published after ${publishedMs} ms`);
      group.kill(old, "SIGCONT");
      const demotedMs = await until("the old primary to be demoted", async () => (await group.role(old)) === "slave");
      assert.ok(demotedMs < 2500, `demoted after ${demotedMs} ms`);
    } finally {
      await group.stop();
    }
  },
);

test("SENTINEL FAILOVER loses nothing: the primary hands over by itself", options, async () => {
  const group = await RealGroup.start({ ours: 1, theirs: 0, quorum: 1, replicas: 1 });
  try {
    const [old, replica] = group.ports as [number, number];
    const writer = await group.client(old);
    let acknowledged = 0;
    let writing = true;
    const writes = (async () => {
      while (writing) {
        const reply = await writer.do("INCR", "count").catch(() => "gone");
        if (!reply.startsWith(":")) return;
        acknowledged = Number(reply.slice(1));
      }
    })();
    await until("some writes", async () => acknowledged > 50);
    assert.equal(await group.ask(group.sentinelPorts[0]!, "SENTINEL", "FAILOVER", "mymaster"), "+OK");
    await until("the switch", async () => (await group.named())[0] === replica);
    writing = false;
    await writes;
    assert.equal(await group.role(old), "slave");
    assert.ok(
      Number((await group.ask(replica, "GET", "count")).replaceAll('"', "")) >= acknowledged,
      "every acknowledged write",
    );
    const told = await group.ask(group.sentinelPorts[0]!, "SENTINEL", "FAILOVERS");
    assert.match(told, /requested by SENTINEL FAILOVER/);
  } finally {
    await group.stop();
  }
});
