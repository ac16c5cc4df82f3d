/** What is particular to the TLS port: who is let in, which certificates are shown, and what strangers come to. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { connect as connectPlain } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { LocalAuthority } from "../../src/lab/certificates.ts";
import { freePort, io, TlsHouse, until } from "./house.ts";

/** What a client gets that shows this certificate, or none. */
function ping(house: TlsHouse, port: number, name?: string): Promise<string> {
  return new Promise((resolve) => {
    const file = (suffix: string) =>
      name ? Buffer.from(io.disk.readSync(house.path(`${name}.${suffix}`))!) : undefined;
    const socket = connect({
      ...{ host: "127.0.0.1", port, ca: house.authority.certificate, cert: file("crt"), key: file("key") },
      checkServerIdentity: () => undefined,
    });
    socket.on("secureConnect", () => socket.write("PING\r\n"));
    socket.on("data", (data) => {
      resolve(data.toString());
      socket.destroy();
    });
    socket.on("error", (error: Error & { code?: string }) => resolve(`error ${error.code}`));
    socket.on("close", () => resolve("closed"));
  });
}

for (const [choice, without, foreign] of [
  ["yes", /error|closed/, /error|closed/],
  ["optional", /\+PONG/, /error|closed/],
  ["no", /\+PONG/, /\+PONG/],
] as const) {
  test(`tls-auth-clients ${choice}`, async () => {
    await using house = new TlsHouse();
    house.issue("stranger", new LocalAuthority(io.clock, io.random, "another"));
    const port = await freePort();
    const { server } = await house.nines(house.lines(port, `tls-auth-clients ${choice}`));
    assert.match(await ping(house, port, "node"), /\+PONG/);
    assert.match(await ping(house, port), without);
    assert.match(await ping(house, port, "stranger"), foreign);
    await until("all to have gone", () => server.clients.count === 0);
  });
}

/** A connection that stays, and the name in the certificate that it was shown. */
async function stay(house: TlsHouse, port: number): Promise<{ socket: TLSSocket; shown: string }> {
  const socket = connect({
    host: "127.0.0.1",
    port,
    ca: house.authority.certificate,
    checkServerIdentity: () => undefined,
  });
  await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
  return { socket, shown: (socket.getPeerCertificate() as PeerCertificate).subject.CN as string };
}

test("CONFIG SET: another certificate is shown to those who come, those who are there stay; a wrong one is refused", async () => {
  await using house = new TlsHouse();
  house.issue("next");
  const port = await freePort();
  const { log } = await house.nines(house.lines(port, "tls-auth-clients no"));
  const first = await stay(house, port);
  house.atEnd(() => first.socket.destroy());
  assert.equal(first.shown, "node");
  const set = (...pairs: string[]) => house.ask(port, "CONFIG", "SET", ...pairs);
  const named = (name: string) => [
    "tls-cert-file",
    house.path(`${name}.crt`),
    "tls-key-file",
    house.path(`${name}.key`),
  ];
  assert.equal(await set(...named("next")), "OK");
  assert.equal((await stay(house, port)).shown, "next");
  // Under the same name, as those who renew certificates write them.
  house.issue("next-year");
  house.write("next.crt", Buffer.from(io.disk.readSync(house.path("next-year.crt"))!).toString());
  house.write("next.key", Buffer.from(io.disk.readSync(house.path("next-year.key"))!).toString());
  assert.equal(await set(...named("next")), "OK");
  assert.equal((await stay(house, port)).shown, "next-year");

  house.write("broken.crt", "no certificate");
  house.write("broken.key", "no key");
  const wrong: [pairs: string[], logged: RegExp][] = [
    [named("missing"), /Failed to load certificate: .*missing.crt: No such file or directory/],
    [named("broken"), /Failed to load certificate: .*broken.crt: /],
    [["tls-key-file", house.path("broken.key")], /Failed to load private key: .*broken.key: /],
    [["tls-key-file", house.path("node.key")], /Failed to load private key: .*node.key: .*mismatch/],
    [["tls-cert-file", ""], /No tls-cert-file configured!/],
    [["tls-ciphers", "NONSENSE"], /Failed to configure ciphers: NONSENSE/],
    [["tls-ciphersuites", "TLS_NONSENSE"], /Failed to configure ciphersuites: TLS_NONSENSE/],
    [["tls-dh-params-file", house.path("broken.key")], /Failed to load DH params file/],
    [["tls-ca-cert-file", house.path("missing.crt")], /Failed to configure CA certificate\(s\) file\/directory/],
    [["tls-ca-cert-file", ""], /Either tls-ca-cert-file or tls-ca-cert-dir must be specified/],
    [["tls-protocols", "TLSv1.2 SSLv3"], /Invalid tls-protocols specified/],
  ];
  for (const [pairs, logged] of wrong) {
    const refusal = `ERR CONFIG SET failed (possibly related to argument '${pairs[0]}') - Unable to update TLS configuration. Check server logs.`;
    await assert.rejects(set(...pairs), { message: refusal });
    assert.match(log.at(-1)!, logged);
    assert.equal((await stay(house, port)).shown, "next-year", pairs.join(" "));
  }
  // All the while the first connection has been there.
  first.socket.write("ECHO still\r\n");
  const [answer] = await new Promise<Buffer[]>((resolve) => first.socket.once("data", (data) => resolve([data])));
  assert.equal(answer!.toString(), "$5\r\nstill\r\n");
});

test("tls-protocols, tls-ciphersuites and a key with a passphrase", async () => {
  await using house = new TlsHouse();
  const { createPrivateKey } = await import("node:crypto");
  const key = createPrivateKey(Buffer.from(io.disk.readSync(house.path("node.key"))!));
  house.write(
    "locked.key",
    key.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "open" }).toString(),
  );
  const port = await freePort();
  const locked = [`tls-key-file ${house.path("locked.key")}`, "tls-key-file-pass open"];
  await house.nines(house.lines(port, "tls-auth-clients no", "tls-protocols TLSv1.2", ...locked));
  assert.equal((await stay(house, port)).socket.getProtocol(), "TLSv1.2");
  const suite = "TLS_CHACHA20_POLY1305_SHA256";
  await house.ask(port, "CONFIG", "SET", "tls-protocols", "TLSv1.3", "tls-ciphersuites", suite);
  const { socket } = await stay(house, port);
  assert.deepEqual([socket.getProtocol(), socket.getCipher().name], ["TLSv1.3", suite]);
  await assert.rejects(house.ask(port, "CONFIG", "SET", "tls-key-file-pass", "wrong"), /Unable to update TLS/);
});

test("a server that cannot have its certificates does not start", async () => {
  await using house = new TlsHouse();
  const lines = house.lines(await freePort(), `tls-cert-file ${house.path("missing.crt")}`);
  await assert.rejects(house.nines(lines), { message: "Failed to configure TLS. Check logs for more info." });
});

test("strangers who speak plain text, or nothing sensible, are dropped and counted; the log says it once", async () => {
  await using house = new TlsHouse();
  const port = await freePort();
  const { server, log } = await house.nines(house.lines(port, "tls-auth-clients no"));
  for (let i = 0; i < 20; i++) {
    const socket = connectPlain(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(i % 2 ? "PING\r\n" : Buffer.from([22, 3, 1, 0, 200, 1, 0, 0, 196, 9, 9]));
    if (i % 2 === 0) socket.end();
    await new Promise((resolve) => socket.once("close", resolve).resume());
  }
  await until("them to be counted", () => server.tls.failedHandshakes === 20);
  const said = log.filter((line) => line.startsWith("Error accepting a client connection:"));
  assert.equal(said.length, 1);
  assert.match(said[0]!, /: .+ \(addr=127\.0\.0\.1:\d+\)$/);
  assert.equal(server.clients.count, 0);
  assert.equal(await house.field(port, "stats", "tls_handshake_failures"), "20");
});

test("maxclients counts those in their handshakes, and turns the others away", async () => {
  await using house = new TlsHouse();
  const port = await freePort();
  const { server } = await house.nines(house.lines(port, "tls-auth-clients no", "maxclients 3"));
  const silent = Array.from({ length: 3 }, () => connectPlain(port, "127.0.0.1"));
  house.atEnd(() => silent.forEach((socket) => void socket.destroy()));
  await Promise.all(silent.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
  assert.match(await ping(house, port), /error|closed/);
  assert.ok(server.stats.rejectedConnections >= 1);
  silent[0]!.destroy();
  await until("room", async () => (await ping(house, port)) === "+PONG\r\n");
});

test("CLIENT LIST, the ready line, INFO, CONFIG SET tls-port", async () => {
  await using house = new TlsHouse();
  const [port, next] = [await freePort(), await freePort()];
  const { server, log } = await house.nines(house.lines(port, "tls-auth-clients no"));
  assert.ok(log.includes("Ready to accept connections tls"));
  const line = String(await house.ask(port, "CLIENT", "LIST"));
  assert.match(line, new RegExp(`addr=127.0.0.1:\\d+ laddr=127.0.0.1:${port} fd=\\d+ `));
  assert.equal(await house.field(port, "server", "tcp_port"), `${port}`);
  assert.equal(await house.field(port, "server", "listener0"), `name=tls,bind=127.0.0.1,port=${port}`);
  const here = house.connect(port);
  assert.equal(await here.call("CONFIG", "SET", "tls-port", String(next)), "OK");
  assert.equal(await here.call("PING"), "PONG");
  assert.equal(await house.ask(next, "PING"), "PONG");
  assert.equal(await here.call("CONFIG", "SET", "tls-port", "0", "port", String(port)), "OK");
  assert.equal(server.listeners.tlsPort, 0);
  assert.equal(server.listeners.port, port);
});

for (const choice of ["yes", "no"] as const) {
  test(`tls-session-caching ${choice}: whether a client may resume its session`, async () => {
    await using house = new TlsHouse();
    const port = await freePort();
    await house.nines(house.lines(port, "tls-auth-clients optional", `tls-session-caching ${choice}`));
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const options = { ...{ host: "127.0.0.1", port, ca: house.authority.certificate, maxVersion: version } };
      const first = connect({ ...options, checkServerIdentity: () => undefined });
      let session: Buffer | undefined;
      first.on("session", (one) => {
        session = one;
      });
      first.write("PING\r\n");
      await new Promise((resolve) => first.once("data", resolve));
      first.destroy();
      const second = connect({ ...options, session, checkServerIdentity: () => undefined });
      second.write("PING\r\n");
      await new Promise((resolve) => second.once("data", resolve));
      assert.equal(second.isSessionReused(), choice === "yes", version);
      second.destroy();
    }
  });
}

test("tls-ca-cert-dir: certificates by their hashed names, as OpenSSL looks for them", async () => {
  await using house = new TlsHouse();
  const port = await freePort();
  mkdirSync(house.path("authorities"));
  const place = (name: string) => house.write(join("authorities", name), house.authority.certificate);
  place("ca.pem");
  const lines = house.lines(port, `tls-ca-cert-dir ${house.path("authorities")}`);
  const { server, log } = await house.nines(lines.filter((line) => !line.startsWith("tls-ca-cert-file")));
  assert.ok(log.some((line) => line.startsWith("No certificate in ")));
  assert.match(await ping(house, port, "node"), /error|closed/);
  place("9d66eef0.0");
  await server.config.set([["tls-ca-cert-dir", house.path("authorities")]]);
  assert.match(await ping(house, port, "node"), /\+PONG/);
});
