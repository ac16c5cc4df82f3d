import assert from "node:assert/strict";
import { test } from "node:test";
import { splitWords } from "../../src/base/words.ts";
import { BadLine, configLines, loadConfig } from "../../src/sentinel/config.ts";
import { State } from "../../src/sentinel/state.ts";

const RUNID = "0123456789abcdef0123456789abcdef01234567";
const PEER = "fedcba9876543210fedcba9876543210fedcba98";

function load(lines: readonly string[], isExecutable = true): State {
  const state = new State({ float: () => 0 });
  const parsed = lines.map((text, i) => ({ number: i + 1, text, words: splitWords(text)! }));
  loadConfig(state, parsed, { isExecutable: () => isExecutable });
  return state;
}

const whole = [
  `sentinel myid ${RUNID}`,
  "sentinel deny-scripts-reconfig no",
  "sentinel resolve-hostnames yes",
  "sentinel announce-hostnames yes",
  "sentinel monitor mymaster 10.0.0.1 6379 2",
  "sentinel down-after-milliseconds mymaster 1000",
  "sentinel failover-timeout mymaster 20000",
  "sentinel parallel-syncs mymaster 3",
  'sentinel notification-script mymaster "/bin/tell me"',
  'sentinel client-reconfig-script mymaster "/bin/true"',
  'sentinel auth-pass mymaster "s3cret \\"quoted\\" \\xff"',
  'sentinel auth-user mymaster "watcher"',
  "sentinel master-reboot-down-after-period mymaster 500",
  "sentinel config-epoch mymaster 4",
  "sentinel leader-epoch mymaster 5",
  "sentinel known-replica mymaster 10.0.0.2 6380",
  "sentinel known-replica mymaster db3 6381",
  `sentinel known-sentinel mymaster 10.0.0.9 26380 ${PEER}`,
  'sentinel rename-command mymaster "config" "CONFIG-7f"',
  "sentinel current-epoch 6",
  'sentinel announce-ip "192.0.2.1"',
  "sentinel announce-port 16379",
  'sentinel sentinel-user "peer"',
  'sentinel sentinel-pass "word"',
];

test("what is loaded is written again, line by line", () => {
  assert.deepEqual(configLines(load(whole)), whole);
});

test("lines may come in any order, and with Redis' older and Valkey's newer words", () => {
  const shuffled = [...whole]
    .reverse()
    .map((line) => line.replace("known-replica", "known-slave").replace("master-reboot-down", "primary-reboot-down"));
  const state = load(shuffled);
  assert.deepEqual([...configLines(state)].sort(), [...whole].sort());
});

test("a Sentinel that knows nothing else writes only what differs from the defaults", () => {
  const state = load(["sentinel monitor a 10.0.0.1 6379 1"]);
  state.myid = RUNID;
  assert.deepEqual(configLines(state), [
    `sentinel myid ${RUNID}`,
    "sentinel monitor a 10.0.0.1 6379 1",
    "sentinel config-epoch a 0",
    "sentinel leader-epoch a 0",
    "sentinel current-epoch 0",
  ]);
});

test("the line of a Sentinel without a run id, as the first ones wrote it, says nothing", () => {
  const state = load(["sentinel monitor a 10.0.0.1 6379 1", "sentinel known-sentinel a 10.0.0.2 26379"]);
  assert.equal(state.masters.get("a")!.sentinels.size, 0);
});

test("one Sentinel seen through two masters is one link", () => {
  const state = load([
    "sentinel monitor a 10.0.0.1 6379 1",
    "sentinel monitor b 10.0.0.1 6380 1",
    `sentinel known-sentinel a 10.0.0.2 26379 ${PEER}`,
    `sentinel known-sentinel b 10.0.0.2 26379 ${PEER}`,
  ]);
  const [a, b] = [...state.masters.values()].map((master) => master.sentinels.get(PEER)!.link);
  assert.equal(a, b);
  assert.equal(a!.refcount, 2);
});

const monitor = "sentinel monitor a 10.0.0.1 6379 1";
const bad: [lines: string[], reason: string][] = [
  [["sentinel monitor a 10.0.0.1 6379 0"], "Quorum must be 1 or greater."],
  [["sentinel monitor a 10.0.0.1 99999 1"], "Invalid port number."],
  [["sentinel monitor a db1 6379 1"], "Can't resolve instance hostname."],
  [[monitor, monitor], "Duplicate master name."],
  [["sentinel down-after-milliseconds a 1000"], "No such master with specified name."],
  [[monitor, "sentinel down-after-milliseconds a 0"], "negative or zero time parameter."],
  [[monitor, "sentinel failover-timeout a -1"], "negative or zero time parameter."],
  [["sentinel myid abc"], "Malformed Sentinel id in myid option."],
  [["sentinel deny-scripts-reconfig maybe"], "Please specify yes or no for the deny-scripts-reconfig options."],
  [["sentinel resolve-hostnames maybe"], "Please specify yes or no for the resolve-hostnames option."],
  [["sentinel nonsense a b"], "Unrecognized sentinel configuration statement."],
  [["sentinel monitor a 10.0.0.1 6379"], "Unrecognized sentinel configuration statement."],
  [
    [monitor, "sentinel rename-command a CONFIG x", "sentinel rename-command a config y"],
    "Same command renamed multiple times with rename-command.",
  ],
  [
    [monitor, "sentinel known-replica a 10.0.0.2 6379", "sentinel known-replica a 10.0.0.2 6379"],
    "Duplicate hostname and port for replica.",
  ],
];
for (const [lines, reason] of bad) {
  test(`refused: ${lines.at(-1)}`, () => {
    assert.throws(
      () => load(lines),
      (error: unknown) => error instanceof BadLine && error.message === reason,
    );
  });
}

test("refused: a script that cannot be run", () => {
  assert.throws(
    () => load([monitor, "sentinel notification-script a /nowhere"], false),
    /Notification script seems non existing or non executable\./,
  );
});
