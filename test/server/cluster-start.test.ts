/** A node of a cluster that cannot start leaves nothing behind. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { test } from "node:test";
import { startServer } from "../../src/main/embedded.ts";
import { freePort } from "../ports.ts";

test("nobody listens on its port when the port of its bus is taken", async () => {
  const taken = createServer();
  await once(taken.listen(0, "127.0.0.1"), "listening");
  const port = await freePort();
  const config = { "cluster-enabled": true, "cluster-port": (taken.address() as AddressInfo).port };
  try {
    await assert.rejects(startServer({ port, config }), /cluster bus port/);
    const socket = connect(port, "127.0.0.1");
    await assert.rejects(once(socket, "connect"), { code: "ECONNREFUSED" });
    socket.destroy();
  } finally {
    taken.close();
  }
});
