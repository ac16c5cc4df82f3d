import assert from "node:assert/strict";
import { test } from "node:test";
import { PrimarySession } from "../../src/server/primary-session.ts";
import { encode } from "./resp-client.ts";
import { withServer } from "./with-server.ts";

const known = Buffer.concat([encode("SET", "a", "x"), encode("INCR", "a")]);
const withStranger = Buffer.concat([encode("SET", "b", "y"), encode("NOSUCH", "h", "f"), encode("SET", "c", "z")]);

test("a command of the primary that fails here is told: our data are not the primary's any more", () =>
  withServer(async ({ server, log, client }) => {
    const primary = new PrimarySession(server);
    assert.equal(primary.apply(known, known.length), known.length);
    assert.deepEqual(
      log.filter((line) => line.startsWith("== CRITICAL ==")),
      [
        "== CRITICAL == This replica is sending an error to its master: 'ERR value is not an integer or out of range' after processing the command 'incr'",
      ],
    );
    assert.equal(server.stats.unexpectedErrors, 1);
    const c = await client();
    assert.equal(await c.line("INCR a"), "-ERR value is not an integer or out of range");
    assert.equal(server.stats.unexpectedErrors, 1);
  }));

test("a command of the primary that is unknown here ends the link, instead of passing it over", () =>
  withServer(async ({ server, client }) => {
    const primary = new PrimarySession(server);
    assert.throws(() => primary.apply(withStranger, withStranger.length), /the command 'NOSUCH' is not known here/);
    const c = await client();
    assert.equal(await c.line("MGET b c"), '["y", $-1]');
  }));
