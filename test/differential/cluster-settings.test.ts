/** What nodes of a cluster announce and show, and what they refuse while it is down: nines and redis-server must agree. */
import { after, before, describe, test } from "node:test";
import { noRedis } from "./both.ts";
import { BothClusters } from "./clusters.ts";

// b, c: slots 3300 and 7365, of a. foo: 12182, of b.
const scripts: Record<string, readonly string[]> = {
  "where clients are sent": [
    "x@a: GET foo",
    "x@a: CONFIG SET cluster-preferred-endpoint-type hostname",
    "x@a: GET foo",
    "x@a: CLUSTER SLOTS",
    "x@a: CLUSTER SHARDS",
    "y@b: CONFIG SET cluster-announce-hostname b.example",
    "y@b: CONFIG SET cluster-announce-hostname bad_host",
    'y@b: CONFIG SET cluster-announce-hostname "bad host"',
    "y@b: CONFIG GET cluster-announce-hostname",
    "x knows b.example",
    "x@a: GET foo",
    "x@a: CLUSTER SLOTS",
    "x@a: CLUSTER SHARDS",
    "z@a/3: CLUSTER SLOTS",
    "z@a/3: CLUSTER SHARDS",
    "x@a: CLUSTER NODES",
    "y@b: CLUSTER NODES",
    "x@a: CONFIG SET cluster-preferred-endpoint-type unknown-endpoint",
    "x@a: GET foo",
    "x@a: CLUSTER SLOTS",
    "z@a/3: CLUSTER SLOTS",
    "x@a: CLUSTER SHARDS",
    "x@a: CONFIG SET cluster-preferred-endpoint-type nosuch",
    "x@a: CONFIG SET cluster-preferred-endpoint-type ip",
    "x@a: CLUSTER SLOTS",
    "y@b: CONFIG SET cluster-announce-port 7777",
    "x knows :7777@",
    "x@a: GET foo",
    "y@b: CONFIG SET cluster-announce-port 0",
    'y@b: CONFIG SET cluster-announce-hostname ""',
    "x knows -b.example",
    "x knows -:7777@",
    "x@a: CLUSTER SLOTS",
    "y@b: CONFIG SET cluster-announce-ip 127.0.0.2",
    "x knows 127.0.0.2",
    "x@a: GET foo",
    "x@a: CLUSTER SLOTS",
    "y@b: CLUSTER SLOTS",
    'y@b: CONFIG SET cluster-announce-ip ""',
    "x knows -127.0.0.2",
    "all ok",
  ],
  "what it shows": [
    "x@a: CLUSTER INFO",
    "z@a/3: CLUSTER INFO",
    "x@a: INFO cluster",
    "x@a: CLUSTER NODES",
    "z@a/3: CLUSTER NODES",
    "y@c: CLUSTER NODES",
    "x@a: CLUSTER SLAVES <a>",
    "x@a: CLUSTER REPLICAS <a>",
    "z@a/3: CLUSTER REPLICAS <a>",
    "x@a: CLUSTER REPLICAS <b>",
    "x@a: CLUSTER COUNT-FAILURE-REPORTS <b>",
    "x@a: CLUSTER COUNT-FAILURE-REPORTS <a>",
    "x@a: CLUSTER LINKS",
    "z@a/3: CLUSTER LINKS",
    "y@c: CLUSTER SLOTS",
    "y@c: CLUSTER SHARDS",
    "y@c: CLUSTER MYID",
    "x@a: CLUSTER SAVECONFIG",
    "x@a: CLUSTER SET-CONFIG-EPOCH 9",
    "x@a: CLUSTER FORGET nosuch",
    "x@a: CLUSTER REPLICATE nosuch",
    "y@c: CLUSTER REPLICATE <b> x",
    "x@a: CLUSTER MEET 127.0.0.1 0",
    "x@a: CLUSTER MEET 127.0.0.1 7000 7001 7002",
    "x@a: CLUSTER MEET ::1 99999",
    "x@a: CLUSTER ADDSLOTS 3300",
    "x@a: CLUSTER ADDSLOTS 12182",
    "x@a: CLUSTER ADDSLOTSRANGE 3300 12182",
    "x@a: CLUSTER FLUSHSLOTS x",
    "x@a: CLUSTER FAILOVER TAKEOVER",
    "x@a: ROLE",
  ],
  "a cluster that is down": [
    "w@a: BLPOP l{b} 0",
    "m@a: MULTI",
    "m@a: GET b",
    "x@a: CLUSTER DELSLOTS 7365",
    "a fails",
    "w hears",
    "m@a: EXEC",
    "x@a: GET b",
    "x@a: GET c",
    "x@a: SET b 1",
    "x@a: GET foo",
    "x@a: MGET b foo",
    "x@a: KEYS *",
    "x@a: DBSIZE",
    "x@a: PING",
    "x@a: PUBLISH any m",
    "x@a: SPUBLISH b m",
    "x@a: SPUBLISH c m",
    "x@a: SPUBLISH foo m",
    "s@a: SSUBSCRIBE b",
    "x@a: CONFIG SET cluster-allow-pubsubshard-when-down no",
    "x@a: SPUBLISH b m",
    "s@a: SSUBSCRIBE {b}2",
    "s@a: SUNSUBSCRIBE b",
    "x@a: CONFIG SET cluster-allow-pubsubshard-when-down yes",
    "x@a: CONFIG SET cluster-allow-reads-when-down yes",
    "x@a: GET b",
    "x@a: GET c",
    "x@a: SET b 1",
    "x@a: GET foo",
    "x@a: SET foo 1",
    "x@a: MULTI",
    "x@a: GET b",
    "x@a: EXEC",
    "x@a: MULTI",
    "x@a: SET b 1",
    "x@a: EXEC",
    "x@a: BLPOP l{b} 0.1",
    "x@a: CLUSTER INFO",
    "x@a: CONFIG SET cluster-allow-reads-when-down no",
    "x@a: CONFIG SET cluster-require-full-coverage no",
    "a serves",
    "x@a: GET b",
    "x@a: GET c",
    "x@a: SET b 1",
    "x@a: DEL b",
    "x@a: CONFIG SET cluster-require-full-coverage yes",
    "x@a: CLUSTER ADDSLOTS 7365",
    "all ok",
  ],
  "a replica takes over": [
    "x@a: SET b 1",
    "x@a: WAIT 1 1000",
    "w@a: BLPOP l{b} 0",
    "m@a: MULTI",
    "m@a: SET b 2",
    "v@a: WATCH b",
    "r@c: READONLY",
    "r@c: GET b",
    "k@c: MULTI",
    "f@c: CLUSTER FAILOVER",
    "c is MASTER",
    "a is SLAVE",
    "w hears",
    "m@a: EXEC",
    "x@a: GET b",
    "x@a: SET b 2",
    "x@a: READONLY",
    "x@a: GET b",
    "r@c: GET b",
    "r@c: SET b 3",
    "f@c: GET b",
    "v@a: MULTI",
    "v@a: EXEC",
    "all ok",
    "x@a: CLUSTER FAILOVER TAKEOVER",
    "a is MASTER",
    "c is SLAVE",
    "all ok",
    "x@a: SET b 4",
    "x@a: FLUSHALL",
    "f@c: CLUSTER FAILOVER TAKEOVER",
    "c is MASTER",
    "a is SLAVE",
    "all ok",
    "x@a: CLUSTER FAILOVER TAKEOVER",
    "a is MASTER",
    "c is SLAVE",
    "all ok",
  ],
};

/** Lists of nodes in one order, and without what differs from run to run. */
function mask(line: string): string {
  const text = /^"(?:[^"\\]|\\.)*"$/.test(line) ? (JSON.parse(line) as string) : line.replace(/^=txt:/, "");
  return text
    .split(/\r?\n|(?=(?:\[|%\{)"(?:slots|direction)")/)
    .map((part) =>
      part
        .replace(/,? *\]?$/, "")
        // Ours is sent where it can go on waiting, and keeps its connection.
        .replace(/^-UNBLOCKED force unblock.*|^closed$/, (was) =>
          was === "closed" ? "" : "-MOVED 3300 127.0.0.1:<c.port>",
        )
        .replace(/ (?:0|\d{13}) (?:0|\d{13}) \d+ (connected|disconnected)/g, " <times> $1")
        .replace(/(epoch|_sent|_received):\d+/g, "$1:<n>")
        .replace(/("replication-offset"[,:] ):\d+/g, "$1<n>")
        .replace(/("(?:create-time|send-buffer-\w+)"[,:] ):\d+/g, "$1<n>")
        .replace(/"events"([,:]) "rw?"/g, '"events"$1 "r"'),
    )
    .sort()
    .join("\n");
}

describe("clusters of nines and of redis-server", { skip: noRedis }, () => {
  let both: BothClusters;
  before(async () => {
    both = await BothClusters.start();
  });
  after(() => both?.[Symbol.asyncDispose]());
  for (const [title, script] of Object.entries(scripts))
    test(title, { timeout: 30_000 }, () => both.same(script, mask));
});
