import assert from "node:assert/strict";
import { test } from "node:test";
import { Config, type SetContext } from "../../src/config/config.ts";
import { setCases } from "./set-cases.ts";

const fresh = () => new Config({ directory: "/work" });

function trySet(config: Config, pairs: [string, string][], context?: SetContext): string {
  try {
    assert.equal(config.set(pairs, context), undefined);
    return "OK";
  } catch (error) {
    return (error as Error).message;
  }
}

test("GET: names keep the caller's spelling, patterns give all that match, hidden ones have to be named", () => {
  const config = fresh();
  assert.deepEqual(config.get(["MaxMemory"]), [["MaxMemory", "0"]]);
  assert.deepEqual(config.get(["nosuch", "rdb-key-*"]), []);
  assert.deepEqual(config.get(["rdb-key-save-delay"]), [["rdb-key-save-delay", "0"]]);
  assert.deepEqual(config.get(["SLAVE-PRIORITY", "replica-prior*"]), [
    ["SLAVE-PRIORITY", "100"],
    ["replica-priority", "100"],
  ]);
  assert.deepEqual(config.get(["maxm[e]mory", "maxmemory", "maxmemor?"]), [["maxmemory", "0"]]);
});

test("GET: texts", () => {
  const config = fresh();
  config.set([["client-output-buffer-limit", "slave 1kb 2 3"]]);
  const expected = {
    save: "3600 1 300 100 60 10000",
    "client-output-buffer-limit": "normal 0 0 0 slave 1024 2 3 pubsub 33554432 8388608 60",
    bind: "* -::*",
    "repl-backlog-size": "1048576",
    unixsocketperm: "0",
    replicaof: "",
    dir: "/work",
    "latency-tracking-info-percentiles": "50 99 99.9",
    "oom-score-adj-values": "0 200 800",
    primaryauth: "",
  };
  for (const [name, text] of Object.entries(expected)) assert.deepEqual(config.get([name]), [[name, text]]);
});

for (const [pairs, reply, after] of setCases) {
  test(`SET ${pairs.flat().join(" ")}`, () => {
    const config = fresh();
    assert.equal(trySet(config, pairs), reply);
    for (const [name, text] of after ?? []) assert.deepEqual(config.get([name]), [[name, text]]);
  });
}

test("SET: what would need a feature that is not there is refused, what turns it off is not", () => {
  const refused: [string, string][] = [
    ["appendonly", "yes"],
    ["activedefrag", "yes"],
    ["propagation-error-behavior", "panic"],
  ];
  for (const pair of refused) assert.match(trySet(fresh(), [pair]), /CONFIG SET failed .* - .*(not|cannot|only)/);
  for (const [name] of refused) assert.equal(trySet(fresh(), [[name, fresh().get([name])[0]![1]]]), "OK");
});

test("SET: protected and loading", () => {
  const config = fresh();
  assert.match(trySet(config, [["dir", "/tmp"]]), /can't set protected config$/);
  config.assign("enable-protected-configs", "local");
  assert.match(trySet(config, [["dir", "/tmp"]]), /can't set protected config$/);
  assert.equal(trySet(config, [["dir", "sub"]], { local: true }), "OK");
  assert.equal(config.values.dir, "/work/sub");
  assert.equal(
    trySet(config, [["dir", "x"]], { local: true, loading: true }),
    "LOADING Redis is loading the dataset in memory",
  );
});

test("SET is all or nothing", () => {
  const config = fresh();
  const pairs: [string, string][] = [
    ["hz", "20"],
    ["timeout", "x"],
  ];
  assert.match(trySet(config, pairs), /argument 'timeout'/);
  assert.equal(config.values.hz, 10);
});

test("SET: who applies a value can refuse it, and everything goes back", () => {
  const config = fresh();
  const applied: number[] = [];
  const told: unknown[] = [];
  config.onApply(["port", "bind"], () => {
    applied.push(config.values.port);
    return config.values.port === 1 ? "Unable to listen on this port. Check server logs." : undefined;
  });
  config.onChange("hz", (hz) => told.push(hz));
  config.onChange("port", (port) => told.push(port));
  const both = (port: string): [string, string][] => [
    ["hz", "50"],
    ["port", port],
    ["bind", "127.0.0.1"],
  ];
  assert.equal(
    trySet(config, both("1")),
    "ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check server logs.",
  );
  assert.deepEqual([config.values.hz, config.values.port, told], [10, 6379, []]);
  assert.equal(trySet(config, both("2")), "OK");
  assert.deepEqual(told, [50, 2]);
  assert.deepEqual(applied, [1, 6379, 2]);
  assert.equal(trySet(config, both("2")), "OK");
  assert.deepEqual(applied, [1, 6379, 2], "nothing changed, nothing is applied");
});

test("SET: what has to be waited for is answered when it has ended", async () => {
  const config = fresh();
  config.onApply(["port"], () => Promise.resolve(config.values.port === 1 ? "busy" : undefined));
  await assert.rejects(async () => config.set([["port", "1"]]), /argument 'port'\) - busy/);
  assert.equal(config.values.port, 6379);
  const told: number[] = [];
  config.onChange("port", (port) => told.push(port));
  await config.set([["port", "2"]]);
  assert.deepEqual([config.values.port, told], [2, [2]]);
});

test("what Redis shows alike may still be another value", () => {
  const config = fresh();
  const told: string[] = [];
  config.onChange("notify-keyspace-events", (letters) => told.push(letters));
  config.set([["notify-keyspace-events", "AKEm"]]);
  config.set([["notify-keyspace-events", "AKEmn"]]);
  assert.deepEqual(told, ["g$lshzxetdKEm", "g$lshzxetdnKEm"]);
});

test("a check refuses values wherever they come from", () => {
  const config = fresh();
  config.check("maxclients", (count) => (count > 5 ? "too many" : undefined));
  assert.match(trySet(config, [["maxclients", "6"]]), /- too many$/);
  assert.equal(trySet(config, [["maxclients", "5"]]), "OK");
});

test("a Sentinel starts from other values", () => {
  const config = new Config({ directory: "/", sentinel: true });
  assert.deepEqual([config.values.port, config.values["protected-mode"], config.text("save")], [26379, false, ""]);
});

test("paths are decoded, other texts keep their bytes", () => {
  const config = fresh();
  config.assign("enable-protected-configs", "yes");
  const bytes = Buffer.from("ü").toString("latin1");
  config.set([
    ["dir", `/tmp/${bytes}`],
    ["requirepass", bytes],
  ]);
  assert.equal(config.values.dir, "/tmp/ü");
  assert.equal(config.values.requirepass, bytes);
  assert.deepEqual(config.get(["dir"]), [["dir", `/tmp/${bytes}`]]);
});
