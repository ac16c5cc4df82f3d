import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptQueue } from "../../src/sentinel/scripts.ts";

const RUNTIME = 60_000;
const DELAY = 30_000;

test("sixteen run at once, the others wait their turn", () => {
  const queue = new ScriptQueue();
  for (let i = 0; i < 20; i++) queue.add([`/bin/s${i}`]);
  const started = queue.due(0, RUNTIME);
  assert.equal(started.length, 16);
  assert.equal(queue.running, 16);
  assert.deepEqual(queue.ended(queue.jobs[0]!, 0, 0, 10, DELAY), []);
  const [next] = queue.due(10, RUNTIME);
  assert.ok(next?.kind === "run" && next.job.argv[0] === "/bin/s16");
});

test("at most 256 are kept; the oldest that does not run goes first", () => {
  const queue = new ScriptQueue();
  queue.add(["/bin/runs"]);
  queue.due(0, RUNTIME);
  for (let i = 0; i < 300; i++) queue.add([`/bin/s${i}`]);
  assert.equal(queue.jobs.length, 256);
  assert.equal(queue.jobs[0]!.argv[0], "/bin/runs");
  assert.equal(queue.jobs[1]!.argv[0], "/bin/s45");
});

test("exit code 1 and signals are tried again, ten times and ever later; others are not", () => {
  const queue = new ScriptQueue();
  queue.add(["/bin/flaky"]);
  let now = 0;
  const delays: number[] = [];
  for (let i = 0; i < 9; i++) {
    const [run] = queue.due(now, RUNTIME);
    assert.ok(run?.kind === "run", `try ${i + 1}`);
    const end = now + 5;
    assert.deepEqual(queue.ended(run.job, i % 2 === 0 ? 1 : 0, i % 2 === 0 ? 0 : 9, end, DELAY), []);
    delays.push((queue.jobs[0]!.at - end) / 1000);
    assert.deepEqual(queue.due(queue.jobs[0]!.at - 1, RUNTIME), []);
    now = queue.jobs[0]!.at;
  }
  assert.deepEqual(delays, [30, 60, 120, 240, 480, 960, 1920, 3840, 7680]);
  const [last] = queue.due(now, RUNTIME);
  assert.ok(last?.kind === "run");
  const gaveUp = queue.ended(last.job, 1, 0, now + 5, DELAY);
  assert.deepEqual(gaveUp, [{ kind: "event", level: "warning", name: "-script-error", text: "/bin/flaky 0 1" }]);
  assert.equal(queue.jobs.length, 0);

  queue.add(["/bin/broken"]);
  const [run] = queue.due(now, RUNTIME);
  assert.ok(run?.kind === "run");
  queue.ended(run.job, 2, 0, now + 5, DELAY);
  assert.equal(queue.jobs.length, 0, "exit code 2 is final");
});

test("one that runs too long is killed, once", () => {
  const queue = new ScriptQueue();
  queue.add(["/bin/endless"]);
  queue.due(0, RUNTIME);
  queue.jobs[0]!.pid = 77;
  assert.deepEqual(queue.due(60_000, RUNTIME), []);
  const actions = queue.due(60_001, RUNTIME);
  assert.deepEqual(
    actions.map((action) => (action.kind === "event" ? `${action.name} ${action.text}` : action.kind)),
    ["-script-timeout /bin/endless 77", "kill"],
  );
  assert.deepEqual(queue.due(60_101, RUNTIME), []);
});
