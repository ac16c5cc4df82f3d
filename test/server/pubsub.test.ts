import assert from "node:assert/strict";
import { test } from "node:test";
import { withServer } from "./with-server.ts";

test("messages reach subscribers, as arrays or as pushes", () =>
  withServer(async ({ client }) => {
    const [two, three, sender] = [await client(2), await client(3), await client()];
    assert.equal(await two.line("SUBSCRIBE news"), '["subscribe", "news", :1]');
    assert.equal(await three.line("PSUBSCRIBE n*"), '>["psubscribe", "n*", :1]');
    assert.equal(await sender.line("PUBLISH news hello"), ":2");
    assert.equal(await two.reply(), '["message", "news", "hello"]');
    assert.equal(await three.reply(), '>["pmessage", "n*", "news", "hello"]');
    assert.equal(await sender.line("PUBSUB CHANNELS"), '["news"]');
    assert.equal(await sender.line("PUBSUB NUMSUB news other"), '["news", :1, "other", :0]');
    assert.equal(await sender.line("PUBSUB NUMPAT"), ":1");
  }));

test("a RESP2 subscriber may only do so much, a RESP3 one everything", () =>
  withServer(async ({ client }) => {
    const [two, three] = [await client(2), await client(3)];
    await two.line("SUBSCRIBE a");
    await three.line("SUBSCRIBE a");
    assert.match(await two.line("GET k"), /^-ERR Can't execute 'get': only \(P\|S\)SUBSCRIBE/);
    assert.equal(await two.line("PING"), '["pong", ""]');
    assert.equal(await three.line("GET k"), "_");
    assert.equal(await three.line("PING"), "+PONG");
    assert.equal(await two.line("UNSUBSCRIBE"), '["unsubscribe", "a", :0]');
    assert.equal(await two.line("GET k"), "$-1");
    assert.equal(await two.line("UNSUBSCRIBE"), '["unsubscribe", $-1, :0]');
  }));

test("shard channels are apart from the others", () =>
  withServer(async ({ client }) => {
    const [c, sender] = [await client(), await client()];
    assert.equal(await c.line("SSUBSCRIBE a"), '["ssubscribe", "a", :1]');
    assert.equal(await sender.line("PUBLISH a x"), ":0");
    assert.equal(await sender.line("SPUBLISH a y"), ":1");
    assert.equal(await c.reply(), '["smessage", "a", "y"]');
  }));

test("keyspace events", () =>
  withServer(
    async ({ client }) => {
      const [c, listener] = [await client(), await client()];
      await listener.line("PSUBSCRIBE __key*@*__:*");
      await c.line("SET k v");
      assert.equal(await listener.reply(), '["pmessage", "__key*@*__:*", "__keyspace@0__:k", "set"]');
      assert.equal(await listener.reply(), '["pmessage", "__key*@*__:*", "__keyevent@0__:set", "k"]');
      await c.line("CONFIG SET notify-keyspace-events Ex");
      await c.line("SET k v PX 10");
      assert.equal(await listener.reply(), '["pmessage", "__key*@*__:*", "__keyevent@0__:expired", "k"]');
      await c.line("CONFIG SET notify-keyspace-events Ehg");
      await c.line("HSET h f v");
      await c.line("HPEXPIRE h 10 FIELDS 1 f");
      for (const told of ["hset", "hexpire", "hexpired", "del"]) {
        assert.equal(await listener.reply(), `["pmessage", "__key*@*__:*", "__keyevent@0__:${told}", "h"]`);
      }
    },
    { config: "notify-keyspace-events KEA\n" },
  ));

test("MONITOR sees what is run, administration apart, and passwords covered", () =>
  withServer(async ({ client }) => {
    const [monitor, c] = [await client(), await client()];
    assert.equal(await monitor.line("MONITOR"), "+OK");
    await c.do("SET", "a key", 'say "hi"\n');
    await c.line("SELECT 2");
    await c.line("AUTH default x");
    await c.line("CLIENT LIST");
    await c.line("GET a");
    assert.match(await monitor.reply(), /^\+\d+\.\d{6} \[0 127\.0\.0\.1:\d+\] "SET" "a key" "say \\"hi\\"\\n"$/);
    assert.match(await monitor.reply(), /\[2 .*\] "SELECT" "2"$/);
    assert.match(await monitor.reply(), /\[2 .*\] "AUTH" "\(redacted\)" "\(redacted\)"$/);
    assert.match(await monitor.reply(), /\[2 .*\] "GET" "a"$/);
    assert.equal(await monitor.line("PING"), "+PONG");
    assert.match(await monitor.reply(), /\[0 .*\] "PING"$/);
  }));
