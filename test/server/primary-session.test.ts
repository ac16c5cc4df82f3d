import assert from "node:assert/strict";
import { test } from "node:test";
import { PrimarySession } from "../../src/server/primary-session.ts";
import { encode } from "./resp-client.ts";
import { withServer } from "./with-server.ts";

test("a command of the primary that cannot be run here is told: our data are not the primary's any more", () =>
  withServer(async ({ server, log, client }) => {
    const primary = new PrimarySession(server);
    const stream = Buffer.concat([encode("SET", "a", "x"), encode("HSET", "h", "f", "v"), encode("INCR", "a")]);
    assert.equal(primary.apply(stream, stream.length), stream.length);
    const told = log.filter((line) => line.startsWith("== CRITICAL =="));
    assert.deepEqual(told, [
      "== CRITICAL == This replica is sending an error to its master: 'ERR unknown command 'HSET', with args beginning with: 'h' 'f' 'v' ' after processing the command '<unknown>'",
      "== CRITICAL == This replica is sending an error to its master: 'ERR value is not an integer or out of range' after processing the command 'incr'",
    ]);
    assert.equal(server.stats.unexpectedErrors, 2);
    const c = await client();
    assert.equal(await c.line("INCR a"), "-ERR value is not an integer or out of range");
    assert.equal(server.stats.unexpectedErrors, 2);
  }));
