import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { RespClient } from "./resp-client.ts";
import { withServer } from "./with-server.ts";

async function answersAt(to: number | string): Promise<void> {
  const client = await RespClient.connect(to);
  assert.equal(await client.line("PING"), "+PONG");
  client.socket.destroy();
}

test("CONFIG SET bind takes addresses that cover the old ones, or are among them, and the port stays", () =>
  withServer(async ({ client, port }) => {
    const c = await client();
    for (const addresses of ["*", "127.0.0.1", "127.0.0.1 127.0.0.2"]) {
      assert.equal(await c.do("CONFIG", "SET", "bind", addresses), "+OK", addresses);
      await answersAt(port);
    }
  }));

test("CONFIG SET bind: addresses that are not to be had are refused, and the old ones stay", () =>
  withServer(async ({ client, port }) => {
    const c = await client();
    const refused =
      "-ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to specified addresses.";
    for (const addresses of ["192.0.2.1", "127.0.0.1 192.0.2.1"]) {
      assert.equal(await c.do("CONFIG", "SET", "bind", addresses), refused);
      await answersAt(port);
    }
  }));

test("CONFIG SET port: a busy one is refused and the old one stays; the Unix socket stays in both cases", async () => {
  const folder = mkdtempSync(join(tmpdir(), "nines-listen-"));
  const path = join(folder, "s");
  try {
    await withServer(
      async ({ client, server, port }) => {
        const c = await client();
        await withServer(async ({ port: busy }) => {
          const refused = await c.do("CONFIG", "SET", "port", busy);
          assert.match(refused, /argument 'port'\) - Unable to listen on this port/);
          await answersAt(port);
          await answersAt(path);
          await answersAt(busy);
        });
        const free = await withFreePort();
        assert.equal(await c.do("CONFIG", "SET", "port", free), "+OK");
        assert.equal(server.listeners.port, free);
        await answersAt(free);
        await answersAt(path);
      },
      { config: `unixsocket ${path}\n` },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("CONFIG SET port in a transaction is refused: its answer would come behind those of the others", () =>
  withServer(async ({ client, port }) => {
    const c = await client();
    for (const line of ["MULTI", "CONFIG SET port 1", "CONFIG SET BIND *", "CONFIG SET hz 20", "PING"])
      await c.line(line);
    const refused =
      "-ERR CONFIG SET of bind and port waits for the network, which is not possible inside a transaction";
    assert.equal(await c.line("EXEC"), `[${refused}, ${refused}, +OK, +PONG]`);
    assert.equal(c.unread, "");
    await answersAt(port);
  }));

async function withFreePort(): Promise<number> {
  let free = 0;
  await withServer(async ({ port }) => {
    free = port;
  });
  return free;
}

test("protected mode turns away who comes from elsewhere while the default user has no password, turned off or not", () =>
  withServer(async ({ client, server }) => {
    const c = await client();
    const elsewhere = { isLocal: false } as never;
    const refuses = () => server.listeners.refuses(elsewhere)?.code;
    assert.equal(refuses(), "DENIED");
    await c.line("ACL SETUSER admin on >secret ~* &* +@all");
    await c.line("ACL SETUSER default off");
    assert.equal(refuses(), "DENIED");
    await c.line("ACL SETUSER default resetpass");
    assert.equal(refuses(), undefined);
    await c.line("ACL SETUSER default nopass");
    await c.line("CONFIG SET protected-mode no");
    assert.equal(refuses(), undefined);
  }));
