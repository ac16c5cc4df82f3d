import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../until.ts";
import { type TestServer, withServer } from "./with-server.ts";

/** A client that has become a replica, and says nothing more: it has no byte of what is written now. */
async function attachSilentReplica({ client, server }: TestServer): Promise<void> {
  const replica = await client();
  await replica.line("REPLCONF capa eof capa psync2");
  replica.send("PSYNC", "?", "-1");
  const inspector = await client();
  await until("it is a replica", async () => {
    assert.ok(server.clients.byId.size > 0);
    replica.send("REPLCONF", "ACK", "0");
    return /connected_slaves:1\\r\\nslave0:.*state=online/.test(await inspector.line("INFO replication"));
  });
}

test("SHUTDOWN waits for a replica that lags, and can be taken back meanwhile", () =>
  withServer(
    async (lab) => {
      await attachSilentReplica(lab);
      const [c, other] = [await lab.client(), await lab.client()];
      await c.line("SET a 1");
      c.send("SHUTDOWN");
      await until("it waits", async () => (await other.line("INFO server")).includes("shutdown_in_milliseconds"));
      other.send("SET", "a", "2");
      const third = await lab.client();
      assert.equal(await third.line("GET a"), '"1"');
      assert.equal(await third.line("SHUTDOWN ABORT"), "+OK");
      assert.equal(await c.reply(), "-ERR Errors trying to SHUTDOWN. Check logs.");
      assert.equal(await other.reply(), "+OK");
      assert.deepEqual(lab.exits, []);
      assert.ok(lab.log.includes("Shutdown manually aborted."));
    },
    { config: "shutdown-timeout 100\nrepl-diskless-sync-delay 0\n" },
  ));

test("SHUTDOWN NOW does not wait", () =>
  withServer(
    async (lab) => {
      await attachSilentReplica(lab);
      const c = await lab.client();
      await c.line("SET a 1");
      c.send("SHUTDOWN", "NOW");
      await c.ended();
      assert.deepEqual(lab.exits, [0]);
    },
    { config: "shutdown-timeout 100\nrepl-diskless-sync-delay 0\n" },
  ));

test("what was written before a SHUTDOWN is on the replica when the primary has gone", () =>
  withServer(
    async (primary) => {
      await withServer(
        async (replica) => {
          const [c, r] = [await primary.client(), await replica.client()];
          await until("it follows", async () => (await r.line("INFO replication")).includes("master_link_status:up"));
          for (let i = 0; i < 5000; i++) c.send("SET", `k${i}`, "v");
          c.send("SHUTDOWN");
          await c.ended();
          assert.deepEqual(primary.exits, [0]);
          assert.equal(await r.line("DBSIZE"), ":5000");
        },
        { config: `replicaof 127.0.0.1 ${primary.port}\n` },
      );
    },
    { config: "repl-diskless-sync-delay 0\n" },
  ));
