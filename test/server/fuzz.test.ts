/**
 * Whatever bytes come, the server goes on, answers others, has no bug of its own to log, and its memory stays bounded.
 * `NINES_FUZZ=1000000` tries a million inputs; `NINES_FUZZ_SEED=n` begins elsewhere: an input is named by its seed.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FuzzInputs } from "../../fuzz/request-inputs.ts";
import { FuzzSocket } from "../../fuzz/socket.ts";
import type { CommandRow } from "../../src/commands/call.ts";
import { SeededRandom } from "../../src/io/random.ts";
import { type TestServer, withServer } from "./with-server.ts";

const COUNT = Number(process.env["NINES_FUZZ"] ?? 20_000);
const FIRST = Number(process.env["NINES_FUZZ_SEED"] ?? 1);
const OVER_SOCKETS = Math.min(COUNT, 500);
const CONFIG =
  "proto-max-bulk-len 1mb\nclient-query-buffer-limit 1mb\nmaxmemory 64mb\nmaxmemory-policy allkeys-random\n";
const MEGABYTE = 1024 * 1024;

const newSocket = () => new FuzzSocket({ host: "127.0.0.1", port: 1 }, true);

/** An input in pieces, as a network would cut it. */
function* pieces(bytes: Buffer, seed: number): Generator<Buffer> {
  const random = new SeededRandom(seed);
  if (random.uint32() % 2 === 0) {
    yield bytes;
    return;
  }
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + (random.uint32() % 40);
    yield Buffer.from(bytes.subarray(at, at + length));
    at += length;
  }
}

function assertSound({ server, log }: TestServer, seed: number): void {
  assert.equal(server.stats.unexpectedErrors, 0, `a bug at or before seed ${seed}:\n${log.slice(-3).join("\n")}`);
  let bytes = 0;
  for (const { reader, reply } of server.clients.byId.values()) bytes += reader.bufferBytes + reply.size;
  assert.ok(bytes < 16 * MEGABYTE, `clients hold ${bytes} bytes at seed ${seed}`);
  assert.ok(
    server.engine.usedMemory() < 80 * MEGABYTE,
    `data take ${server.engine.usedMemory()} bytes at seed ${seed}`,
  );
}

test(`${COUNT} malformed inputs`, { timeout: 3_600_000 }, () =>
  withServer(
    async (lab) => {
      const { server } = lab;
      const inputs = new FuzzInputs([...server.table.all()].map((row) => row.name));
      const witness = await lab.client();
      const sockets: FuzzSocket[] = [];
      const heapBefore = process.memoryUsage().heapUsed;
      for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
        const socket = newSocket();
        server.accept(socket);
        for (const piece of pieces(inputs.make(seed), seed)) socket.feed(piece);
        sockets.push(socket);
        if (sockets.length < 50) continue;
        await new Promise((resolve) => setImmediate(resolve));
        assertSound(lab, seed);
        for (const one of sockets.splice(0)) one.leave();
        // What an input began for all (a pause, a replica's link) is not what the next ones are to find.
        server.pause.end("client_pause");
        if (seed % 5000 < 50) assert.equal(await witness.line("PING"), "+PONG", `at seed ${seed}`);
      }
      for (const one of sockets) one.leave();
      assertSound(lab, FIRST + COUNT);
      assert.equal(server.clients.count, 1);
      const grown = process.memoryUsage().heapUsed - heapBefore;
      assert.ok(grown < 150 * MEGABYTE, `the heap has grown by ${grown} bytes`);
    },
    { config: CONFIG },
  ),
);

test("a bug in a command would be noticed", () =>
  withServer(async (lab) => {
    const { server } = lab;
    const inputs = new FuzzInputs(["get"]);
    const get = server.table.get("get") as { -readonly [Key in keyof CommandRow]: CommandRow[Key] };
    get.run = () => {
      throw new TypeError("a bug");
    };
    for (let seed = 1; seed <= 100; seed++) {
      const socket = newSocket();
      server.accept(socket);
      socket.feed(inputs.make(seed));
      socket.leave();
    }
    assert.throws(() => assertSound(lab, 100), /a bug at or before seed 100/);
  }));

test(`${OVER_SOCKETS} of them over real sockets`, { timeout: 60_000 }, () =>
  withServer(
    async (lab) => {
      const inputs = new FuzzInputs([...lab.server.table.all()].map((row) => row.name));
      const witness = await lab.client();
      for (let seed = FIRST; seed < FIRST + OVER_SOCKETS; seed++) {
        const client = await lab.client();
        for (const piece of pieces(inputs.make(seed), seed)) client.raw(piece);
        if (seed % 2 === 0) client.socket.end();
        await new Promise((resolve) => setImmediate(resolve));
        await client.quit();
        lab.server.pause.end("client_pause");
        if (seed % 50 === 0) assert.equal(await witness.line("PING"), "+PONG", `at seed ${seed}`);
        assertSound(lab, seed);
      }
    },
    { config: CONFIG },
  ),
);
