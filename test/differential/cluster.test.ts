/** What a node of a cluster answers: to CLUSTER, and to commands that belong elsewhere or to nobody. */
import { describe, test } from "node:test";
import { until } from "../cluster/nodes.ts";
import { freePort } from "../ports.ts";
import { noRedis, withBoth } from "./both.ts";

/** Names, addresses and times differ. */
const mask = (reply: string) =>
  reply
    .replace(/[0-9a-f]{40}/g, "<id>")
    .replace(/\$0\r\n\r\n|127\.0\.0\.1/g, "<ip>")
    .replace(/:\d+@\d+/g, "<address>")
    .replace(/(port\r\n:)\d+/g, "$1<port>")
    .replace(/(\["", :)\d+/g, "$1<port>")
    // Redis counts itself until it has looked for the first time, two seconds after its start.
    .replace(/(slots_assigned:0(?:.|\s)*cluster_size:)1/, "$10")
    .replace(/\b1[67]\d{11}\b/g, "<time>");

const before = [
  "CLUSTER",
  "CLUSTER NOSUCH",
  "CLUSTER MYID x",
  "CLUSTER KEYSLOT foo",
  "CLUSTER KEYSLOT {foo}bar",
  "CLUSTER KEYSLOT foo{}{bar}",
  "CLUSTER KEYSLOT",
  "CLUSTER ADDSLOTS x",
  "CLUSTER ADDSLOTS -1",
  "CLUSTER ADDSLOTS 16384",
  "CLUSTER ADDSLOTS 1 2 1",
  "CLUSTER ADDSLOTSRANGE 1",
  "CLUSTER ADDSLOTSRANGE 1 2 3",
  "CLUSTER ADDSLOTSRANGE 5 1",
  "CLUSTER ADDSLOTSRANGE 1 5 4 6",
  "CLUSTER DELSLOTS 1",
  "CLUSTER DELSLOTSRANGE 1 2 9 5",
  "CLUSTER DELSLOTSRANGE 1 2",
  "CLUSTER SET-CONFIG-EPOCH -1",
  "CLUSTER SET-CONFIG-EPOCH x",
  "CLUSTER SET-CONFIG-EPOCH 5",
  "CLUSTER SET-CONFIG-EPOCH 6",
  "CLUSTER BUMPEPOCH",
  "CLUSTER SETSLOT x STABLE",
  "CLUSTER SETSLOT 99999 STABLE",
  "CLUSTER SETSLOT 5 STABLE",
  "CLUSTER SETSLOT 5 STABLE x",
  "CLUSTER SETSLOT 5 NOSUCH",
  "CLUSTER SETSLOT 5 NOSUCH x",
  "CLUSTER SETSLOT 5 MIGRATING x",
  "CLUSTER SETSLOT 5 IMPORTING x",
  "CLUSTER SETSLOT 5 NODE x",
  "CLUSTER MEET",
  "CLUSTER MEET 127.0.0.1",
  "CLUSTER MEET 127.0.0.1 x",
  "CLUSTER MEET 127.0.0.1 70000",
  "CLUSTER MEET 127.0.0.1 7000 x",
  "CLUSTER MEET 127.0.0.1 7000 99999",
  "CLUSTER MEET localhost 7000",
  "CLUSTER MEET 1.2.3 7000",
  "CLUSTER MEET 1:2 7000",
  "CLUSTER MEET ::ffff:300.1.1.1 7000",
  "CLUSTER MEET 01.2.3.4 7000",
  "CLUSTER FAILOVER",
  "CLUSTER FAILOVER X",
  "CLUSTER FAILOVER FORCE",
  "CLUSTER REPLICATE x",
  "CLUSTER FORGET x",
  "CLUSTER REPLICAS x",
  "CLUSTER SLAVES x",
  "CLUSTER COUNT-FAILURE-REPORTS x",
  "CLUSTER GETKEYSINSLOT 1",
  "CLUSTER GETKEYSINSLOT 1 -1",
  "CLUSTER GETKEYSINSLOT 16384 1",
  "CLUSTER GETKEYSINSLOT x 1",
  "CLUSTER COUNTKEYSINSLOT x",
  "CLUSTER COUNTKEYSINSLOT -1",
  "CLUSTER COUNTKEYSINSLOT 16384",
  "CLUSTER RESET x",
  "CLUSTER RESET SOFT x",
  "CLUSTER INFO",
  "CLUSTER NODES",
  "CLUSTER SLOTS",
  "CLUSTER LINKS",
  "GET foo",
  "PING",
  "READONLY",
  "READONLY x",
  "READWRITE",
  "ASKING",
];

const serving = [
  "CLUSTER ADDSLOTS 0",
  "CLUSTER INFO",
  "CLUSTER NODES",
  "CLUSTER SLOTS",
  "SET {a}1 x",
  "SET {a}2 y",
  "CLUSTER COUNTKEYSINSLOT 15495",
  "CLUSTER GETKEYSINSLOT 15495 0",
  "MGET {a}1 {a}2",
  "MGET {a}1 {b}2",
  "MSET {a}1 1 {b}2 2",
  "DEL {a}1 {b}1",
  "SELECT 0",
  "SELECT 1",
  "SELECT x",
  "SELECT -1",
  "SELECT 99",
  "SWAPDB 0 1",
  "MOVE {a}1 1",
  "COPY {a}1 {a}3 DB 1",
  "COPY {a}1 {a}3",
  "COPY {a}1 {a}3 DB 0",
  "COPY {a}1 {a}3 DB x",
  "COPY {a}1 {a}3 DB 99",
  "COPY {a}1 {a}3 DB",
  "CLUSTER ADDSLOTSRANGE 0 5 9 1",
  "REPLICAOF 127.0.0.1 1",
  "REPLICAOF NO ONE",
  "SLAVEOF NO ONE",
  "FAILOVER",
  "CLUSTER FLUSHSLOTS",
  "CLUSTER RESET",
  "CLUSTER RESET HARD",
  "MULTI",
  "SET {a}1 1",
  "SET {b}1 1",
  "EXEC",
  "MULTI",
  "SET {a}1 1",
  "SET {a}2 1",
  "EXEC",
  "MULTI",
  "GET {a}1 {b}",
  "EXEC",
  "EXISTS {a}1 {a}2 {a}3",
  "SPUBLISH {a} x",
  "PUBLISH any x",
  "RENAME {a}1 {b}1",
  "SORT {a}1 STORE {b}2",
  "SUNIONSTORE {a}9 {b}1 {c}2",
  "ZUNIONSTORE {a}9 2 {b}1 {c}2",
  "BLPOP {a}l {b}l 1",
  "OBJECT ENCODING {a}1",
  "DBSIZE",
  "CLUSTER DELSLOTS 15495",
  "GET {a}1",
  "CLUSTER ADDSLOTS 15495",
  "CLUSTER SETSLOT 15495 STABLE",
  "CLUSTER SAVECONFIG",
  "CLUSTER DELSLOTSRANGE 0 16383",
  "INFO cluster",
  "FLUSHALL",
  "CLUSTER FLUSHSLOTS",
  "CLUSTER NODES",
  "CLUSTER RESET",
  "CLUSTER INFO",
  "CLUSTER RESET HARD",
  "CLUSTER INFO",
];

const directives = ["cluster-enabled yes", "cluster-require-full-coverage no", "cluster-node-timeout 500"];

describe("a node of a cluster and a real redis-server's", { skip: noRedis }, () => {
  for (const protocol of [2, 3] as const) {
    test(`RESP${protocol}: alone, without slots and with them`, async () =>
      withBoth(
        protocol,
        async ({ same, tell, ours, theirs }) => {
          for (const line of before) await same(line, mask);
          await tell("CLUSTER ADDSLOTSRANGE 1 16383");
          // A node that has just started waits for news of its slots.
          for (const client of [ours, theirs]) {
            const serves = async () => (await client.do("CLUSTER", "INFO")).includes("cluster_state:ok");
            await until("it serves", serves);
          }
          for (const line of serving) await same(line, mask);
        },
        directives,
        // Ten thousand above its own lie the ports of outgoing connections.
        [`cluster-port ${await freePort()}`],
      ));
  }

  test("a server that is no node says so", () =>
    withBoth(2, async ({ same }) => {
      for (const line of [
        "CLUSTER INFO",
        "CLUSTER HELP",
        "CLUSTER NOSUCH",
        "READONLY",
        "READWRITE",
        "ASKING",
        "INFO cluster",
      ])
        await same(line, mask);
    }));
});
