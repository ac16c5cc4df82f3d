import assert from "node:assert/strict";
import { test } from "node:test";
import { silent } from "../../src/base/log.ts";
import { RareLog } from "../../src/server/rare-log.ts";
import { withServer } from "./with-server.ts";

test("so many of a kind a minute, and then how many were kept back", () => {
  const lines: string[] = [];
  let now = 1_000_000;
  const log = new RareLog({ ...silent, warning: (text) => lines.push(text) }, () => now);
  for (let i = 0; i < 100; i++) log.warning("doors", 2, `door ${i}`);
  log.warning("windows", 2, "window");
  assert.deepEqual(lines.splice(0), ["door 0", "door 1", "window"]);
  now += 60_000;
  log.warning("doors", 2, "door again");
  assert.deepEqual(lines, ["(98 more warnings about doors in the minutes before were not logged)", "door again"]);
});

test("a client that is closed for its requests again and again does not fill the log", () =>
  withServer(
    async ({ client, log }) => {
      for (let i = 0; i < 30; i++) {
        const [browser, flooder] = [await client(), await client()];
        browser.raw("POST / HTTP/1.1\r\n");
        flooder.raw(`*2\r\n$3\r\nGET\r\n$1048576\r\n${"x".repeat(1_048_570)}`);
        await Promise.all([browser.ended(), flooder.ended()]);
      }
      assert.equal(log.filter((line) => line.includes("Possible SECURITY ATTACK")).length, 1);
      assert.equal(log.filter((line) => line.includes("max query buffer length")).length, 10);
    },
    { config: "client-query-buffer-limit 1mb\n" },
  ));
