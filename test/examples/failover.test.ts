/** The failover examples, in both languages, against groups of both kinds: in this process, and as processes of their own. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Group } from "../../src/lab/group.ts";
import { groupFilePath } from "../../src/lab/group-file.ts";
import { type EmbeddedGroup, startSentinelGroup } from "../../src/main/index.ts";
import { realWorld, self, temporaryFolder } from "../lab/world.ts";
import { needsRedisPy, PYTHON } from "../peers.ts";
import { groupPort } from "../ports.ts";
import { type Run, run, runTypeScript } from "./run.ts";

const PYTHON_EXAMPLE = "examples/failover.py";
const TYPESCRIPT_EXAMPLE = "examples/failover.ts";

function assertFollowed({ code, output }: Run): void {
  assert.match(output, /^wrote to the primary at port (\d+); [1-9] of its replicas have it too$/m);
  assert.match(output, /^writing again after \d+ ms, to the new primary at port (\d+)$/m);
  assert.match(output, /^read back from it: "written before the failure"$/m);
  const [first] = /(?<=the primary at port )\d+/.exec(output)!;
  const [second] = /(?<=the new primary at port )\d+/.exec(output)!;
  assert.notEqual(first, second, output);
  assert.equal(code, 0, output);
}

/** As `npm start` makes it. Returns the path of its group.json. */
async function processGroup(t: TestContext): Promise<string> {
  const folder = join(temporaryFolder(t), ".nines");
  const group = await Group.start(realWorld(), { kind: "sentinel", engine: "nines", folder, self, port: groupPort() });
  t.after(() => group.stop());
  return groupFilePath(folder);
}

/** Does what the example asks its reader to do. */
function killWhenAsked(group: EmbeddedGroup): (output: string) => void {
  let killed = false;
  return (output) => {
    if (killed || !output.includes("now kill the server")) return;
    killed = true;
    void group.primary.kill();
  };
}

test("failover.ts with a group of its own", { timeout: 60_000 }, async () => {
  assertFollowed(await runTypeScript([TYPESCRIPT_EXAMPLE]));
});

test("failover.ts with the group of `npm start`", { timeout: 60_000 }, async (t) => {
  assertFollowed(await runTypeScript([TYPESCRIPT_EXAMPLE, "--group", await processGroup(t)]));
});

test("failover.ts with Sentinels named one by one", { timeout: 60_000 }, async () => {
  await using group = await startSentinelGroup({ name: "orders" });
  const addresses = group.sentinelAddresses.map(({ host, port }) => `${host}:${port}`);
  assertFollowed(await runTypeScript([TYPESCRIPT_EXAMPLE, ...addresses, "--name", "orders"], killWhenAsked(group)));
});

test("failover.py with the group of `npm start`", { ...needsRedisPy(), timeout: 60_000 }, async (t) => {
  assertFollowed(await run(PYTHON, [PYTHON_EXAMPLE, "--group", await processGroup(t)]));
});

test("failover.py with Sentinels named one by one", { ...needsRedisPy(), timeout: 60_000 }, async () => {
  await using group = await startSentinelGroup({ name: "orders" });
  const addresses = group.sentinelAddresses.map(({ host, port }) => `${host}:${port}`);
  assertFollowed(await run(PYTHON, [PYTHON_EXAMPLE, ...addresses, "--name", "orders"], killWhenAsked(group)));
});

test("failover.py says what it needs", needsRedisPy(), async () => {
  const { code, output } = await run(PYTHON, [PYTHON_EXAMPLE]);
  assert.equal(code, 2);
  assert.match(output, /name the Sentinels, or --group/);
});
