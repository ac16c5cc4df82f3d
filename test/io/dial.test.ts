/** Addresses come from others: one that is none must not take down who dials it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TlsOptions } from "../../src/io/net.ts";
import { NodeNet } from "../../src/io/node-net.ts";

const network = new NodeNet();
const TLS: TlsOptions = {
  authorities: "public",
  clientCertificates: "no",
  protocols: ["TLSv1.3"],
  ciphers: "",
  ciphersuites: "",
  preferServerCiphers: false,
  resumption: null,
};

for (const [what, tls] of [
  ["a plain connection", undefined],
  ["one with TLS", network.secure(TLS)],
] as const)
  for (const port of [-1, 65_536, 99_999, 2 ** 53, Number.NaN])
    test(`${what} to port ${port} fails when it is looked at, and not before`, async () => {
      const socket = network.connect({ host: "127.0.0.1", port }, tls === undefined ? {} : { tls });
      const error = await new Promise<Error | undefined>((resolve) => {
        socket.onClose = resolve;
      });
      assert.match(String(error), /ERR_SOCKET_BAD_PORT|should be >= 0/);
      assert.equal(socket.connected, false);
    });
