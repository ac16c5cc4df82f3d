import assert from "node:assert/strict";
import { test } from "node:test";
import { runTypeScript } from "./run.ts";

test("examples/embedded-test.ts passes, run as a reader runs it", { timeout: 60_000 }, async () => {
  const { code, output } = await runTypeScript(["--test", "--test-reporter=tap", "examples/embedded-test.ts"]);
  assert.equal(code, 0, output);
  assert.match(output, /^# pass 4$/m);
});
