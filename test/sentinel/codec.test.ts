import assert from "node:assert/strict";
import { test } from "node:test";
import { hostAndPort, isIp, sameAddress } from "../../src/sentinel/address.ts";
import { encodeHello, parseHello, parseInfo } from "../../src/sentinel/codec.ts";

const RUNID = "0123456789abcdef0123456789abcdef01234567";

test("a hello reads back as it was written", () => {
  const hello = {
    host: "10.0.0.5",
    port: 26379,
    runid: RUNID,
    currentEpoch: 7,
    masterName: "mymaster",
    masterHost: "10.0.0.1",
    masterPort: 6379,
    configEpoch: 6,
  };
  assert.equal(encodeHello(hello), `10.0.0.5,26379,${RUNID},7,mymaster,10.0.0.1,6379,6`);
  assert.deepEqual(parseHello(encodeHello(hello)), hello);
});

const noHellos: [text: string, why: string][] = [
  ["", "empty"],
  ["y", "one word"],
  [`10.0.0.5,26379,${RUNID},7,mymaster,10.0.0.1,6379`, "seven words"],
  [`10.0.0.5,26379,${RUNID},7,mymaster,10.0.0.1,6379,6,8`, "nine words"],
  [`10.0.0.5,x,${RUNID},7,mymaster,10.0.0.1,6379,6`, "a port that is none"],
  [`10.0.0.5,26379,${RUNID},-1,mymaster,10.0.0.1,6379,6`, "an epoch below 0"],
  [`10.0.0.5,26379,${RUNID},99999999999999999999,mymaster,10.0.0.1,6379,6`, "an epoch beyond counting"],
  [`,26379,${RUNID},7,mymaster,10.0.0.1,6379,6`, "no address"],
];
for (const [text, why] of noHellos) test(`no hello: ${why}`, () => assert.equal(parseHello(text), null));

test("INFO of a master names its replicas, in the old form too", () => {
  const info = parseInfo(
    [
      "# Replication",
      `run_id:${RUNID}`,
      "role:master",
      "connected_slaves:3",
      "slave0:ip=10.0.0.2,port=6380,state=online,offset=10,lag=0",
      "slave1:10.0.0.3,6381,online",
      "slave2:ip=::1,port=6382,state=wait_bgsave,offset=0,lag=0",
      "slave_priority:100",
      "master_failover_state:no-failover",
    ].join("\r\n"),
  );
  assert.equal(info.role, "master");
  assert.equal(info.runid, RUNID);
  assert.equal(info.handover, "none");
  assert.deepEqual(info.slaves, [
    { host: "10.0.0.2", port: 6380 },
    { host: "10.0.0.3", port: 6381 },
    { host: "::1", port: 6382 },
  ]);
});

test("INFO of a replica says whom it follows, and how well", () => {
  const info = parseInfo(
    "role:slave\r\nmaster_host:db1\r\nmaster_port:6379\r\nmaster_link_status:down\r\nmaster_link_down_since_seconds:12\r\n" +
      "slave_repl_offset:123456789012\r\nslave_priority:0\r\nreplica_announced:0\r\nmaster_failover_state:waiting-for-sync\r\n",
  );
  assert.deepEqual(info, {
    runid: null,
    role: "slave",
    slaves: [],
    masterHost: "db1",
    masterPort: 6379,
    masterLinkUp: false,
    masterLinkDownMs: 12_000,
    priority: 0,
    offset: 123456789012,
    announced: false,
    handover: "running",
    hasKeys: false,
  });
  assert.equal(parseInfo("role:master\r\n# Keyspace\r\ndb0:keys=1,expires=0,avg_ttl=0\r\n").hasKeys, true);
});

const hosts: [host: string, is: boolean][] = [
  ["127.0.0.1", true],
  ["255.255.255.255", true],
  ["256.0.0.1", false],
  ["10.0.0", false],
  ["::1", true],
  ["fe80::1", true],
  ["::ffff:10.0.0.1", true],
  ["a:1", false],
  ["localhost", false],
  ["db1.example.com", false],
  ["", false],
];
for (const [host, is] of hosts) test(`'${host}' is ${is ? "an" : "no"} IP address`, () => assert.equal(isIp(host), is));

test("addresses are the same by IP address, or by name", () => {
  const named = { host: "db1", ip: "10.0.0.1", port: 6379 };
  assert.ok(sameAddress(named, { host: "10.0.0.1", ip: "10.0.0.1", port: 6379 }));
  assert.ok(sameAddress(named, { host: "DB1", ip: "", port: 6379 }));
  assert.ok(!sameAddress(named, { host: "db2", ip: "", port: 6379 }));
  assert.ok(!sameAddress({ host: "a", ip: "", port: 1 }, { host: "b", ip: "", port: 1 }), "two unresolved names");
  assert.ok(!sameAddress(named, { ...named, port: 6380 }));
  assert.equal(hostAndPort("::1", 6379), "[::1]:6379");
});
