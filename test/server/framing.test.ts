/** What one command propagates is framed by MULTI and EXEC if it is more than one command. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withServer } from "./with-server.ts";

/** The commands in these bytes, by name. */
function names(bytes: Buffer): string[] {
  return [...bytes.toString("latin1").matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)].map((match) => match[1]!);
}

test("entries that a group is given arrive together", () =>
  withServer(async ({ server, client }) => {
    let stream = Buffer.alloc(0);
    // Replication would switch it off again: nobody follows.
    Object.defineProperty(server.outcomes, "active", { get: () => true, set() {} });
    server.outcomes.consume = (bytes, length) => {
      stream = Buffer.concat([stream, bytes.subarray(0, length)]);
    };
    const c = await client();
    const propagated = async (...lines: string[]) => {
      stream = Buffer.alloc(0);
      for (const line of lines) await c.line(line);
      server.outcomes.flush();
      return names(stream).join(" ");
    };
    assert.equal(await propagated("XADD s 1-1 a b", "XADD s 1-2 a b", "XADD s 1-3 a b"), "SELECT XADD XADD XADD");
    assert.equal(await propagated("XGROUP CREATE s g 0"), "XGROUP");
    assert.equal(await propagated("XREADGROUP GROUP g c COUNT 1 STREAMS s >"), "XCLAIM");
    assert.equal(await propagated("XREADGROUP GROUP g c STREAMS s >"), "MULTI XCLAIM XCLAIM EXEC");
    assert.equal(await propagated("XREADGROUP GROUP g c STREAMS s >", "XLEN s"), "");
    assert.equal(
      await propagated("MULTI", "XAUTOCLAIM s g d 0 0", "SET k v", "EXEC"),
      "MULTI XCLAIM XCLAIM XCLAIM SET EXEC",
    );
    assert.equal(await propagated("MULTI", "SET k v", "EXEC", "SET k w"), "MULTI SET EXEC SET");
  }));
