/** The same words to our Sentinel and to Debian's, in one group: the same answers, or the same shape of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { needs } from "../lab/peers.ts";
import { RealGroup } from "./real-group.ts";

const equal = [
  "SENTINEL",
  "SENTINEL nosuch",
  "SENTINEL MASTER",
  "SENTINEL MASTER nope",
  "SENTINEL REPLICAS nope",
  "SENTINEL SENTINELS nope",
  "SENTINEL GET-MASTER-ADDR-BY-NAME nope",
  "SENTINEL GET-MASTER-ADDR-BY-NAME mymaster",
  "SENTINEL CKQUORUM nope",
  "SENTINEL IS-MASTER-DOWN-BY-ADDR 10.9.9.9 6379 0 *",
  "SENTINEL IS-MASTER-DOWN-BY-ADDR 10.9.9.9 x 0 *",
  "SENTINEL IS-MASTER-DOWN-BY-ADDR 10.9.9.9 6379 x *",
  "SENTINEL DEBUG",
  "SENTINEL DEBUG x",
  "SENTINEL DEBUG info-period x",
  "SENTINEL DEBUG info-period 10000",
  "SENTINEL CONFIG GET announce*",
  "SENTINEL CONFIG SET announce-port 99999",
  "SENTINEL CONFIG SET foo bar",
  "SENTINEL CONFIG SET resolve-hostnames x",
  "SENTINEL CONFIG SET announce-hostnames no",
  "SENTINEL SET mymaster quorum x",
  "SENTINEL SET mymaster quorum",
  "SENTINEL SET mymaster foo 1",
  "SENTINEL SET nope quorum 1",
  "SENTINEL SET mymaster quorum 2",
  "SENTINEL SET mymaster notification-script /bin/true",
  "SENTINEL MONITOR a host 1 1",
  "SENTINEL MONITOR a 127.0.0.1 x 1",
  "SENTINEL MONITOR a 127.0.0.1 1 x",
  "SENTINEL MONITOR a 127.0.0.1 1 0",
  "SENTINEL MONITOR a 127.0.0.1 99999 1",
  "SENTINEL MONITOR mymaster 127.0.0.1 6379 1",
  "SENTINEL REMOVE nope",
  "SENTINEL RESET nope*",
  "SENTINEL FAILOVER nope",
  "SENTINEL PENDING-SCRIPTS",
  "SENTINEL SIMULATE-FAILURE",
  "SENTINEL SIMULATE-FAILURE HELP",
  "SENTINEL SIMULATE-FAILURE x",
  "SENTINEL FLUSHCONFIG",
  "SENTINEL INFO-CACHE nope",
  "SENTINEL MYID x",
  "ROLE",
  "PUBLISH x y",
  "PUBLISH __sentinel__:hello y",
  "SET a b",
  "CONFIG GET *",
  "ACL WHOAMI",
  "ACL USERS",
  "ACL CAT nothing",
  "ACL SETUSER u +get",
  "ACL SETUSER u +@string +script|kill",
  "ACL SETUSER u on nopass +ping +sentinel|masters",
  "ACL DRYRUN u ping",
  "ACL DRYRUN u sentinel masters",
  "ACL DRYRUN u get x",
  "ACL SAVE",
  "ACL DELUSER u",
  "AUTH x",
];

/** Of these only the names of the fields are the same. */
const alike = [
  "SENTINEL MASTERS",
  "SENTINEL MASTER mymaster",
  "SENTINEL REPLICAS mymaster",
  "SENTINEL SLAVES mymaster",
  "SENTINEL SENTINELS mymaster",
];

/** The text without the values: in RESP3 they follow a colon, in RESP2 every other word is one. */
function shape(text: string): string {
  if (text.includes("%{")) return text.replace(/": "[^"]*"/g, '"');
  return text.replace(/"([^"]*)", "[^"]*"/g, '"$1"');
}

const options = needs("redis-server");

test("our Sentinel and Debian's answer alike, in RESP2 and RESP3", options, async () => {
  const group = await RealGroup.start({ ours: 1, theirs: 1, quorum: 2, replicas: 1 });
  try {
    const [our, their] = group.sentinelPorts as [number, number];
    for (const protocol of [2, 3] as const) {
      const [a, b] = [await group.client(our, protocol), await group.client(their, protocol)];
      for (const line of equal) assert.equal(await a.line(line), await b.line(line), `RESP${protocol} ${line}`);
      for (const line of alike) {
        assert.equal(shape(await a.line(line)), shape(await b.line(line)), `RESP${protocol} ${line}`);
      }
    }
    const valkey = await group.client(our);
    for (const [word, old] of [
      ["PRIMARIES", "MASTERS"],
      ["PRIMARY mymaster", "MASTER mymaster"],
    ]) {
      assert.equal(shape(await valkey.line(`SENTINEL ${word}`)), shape(await valkey.line(`SENTINEL ${old}`)));
    }
    const address = await valkey.line("SENTINEL GET-MASTER-ADDR-BY-NAME mymaster");
    assert.equal(await valkey.line("SENTINEL GET-PRIMARY-ADDR-BY-NAME mymaster"), address);
    assert.match(await valkey.line("SENTINEL IS-PRIMARY-DOWN-BY-ADDR 127.0.0.1 1 0 *"), /^\[:0, "\*", :0\]$/);
    assert.match(
      await valkey.line("SENTINEL CKQUORUM mymaster"),
      /^\+OK 2 usable Sentinels\. .* can be reached, but all 2 /,
    );
  } finally {
    await group.stop();
  }
});
