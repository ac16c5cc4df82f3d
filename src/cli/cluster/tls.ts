/** TLS with the nodes, by the words that redis-cli has for it. */
import type { Io } from "../../io/io.ts";
import { withTls } from "../../io/tls-net.ts";

export interface TlsFlags {
  tls?: boolean;
  cacert?: string;
  cert?: string;
  key?: string;
}

/** @throws Error  if a file cannot be read */
export function securedIo(io: Io, { tls, cacert, cert, key }: TlsFlags): Io {
  if (!tls) return io;
  const read = (path: string): Uint8Array => {
    const bytes = io.disk.readSync(path);
    if (bytes === undefined) throw new Error(`there is no file ${path}`);
    return bytes;
  };
  const context = io.net.secure({
    certificate: cert === undefined ? undefined : read(cert),
    key: key === undefined ? undefined : read(key),
    authorities: cacert === undefined ? "public" : [read(cacert)],
    clientCertificates: "no",
    protocols: ["TLSv1.2", "TLSv1.3"],
    ciphers: "",
    ciphersuites: "",
    preferServerCiphers: false,
    resumption: null,
  });
  return withTls(io, { outgoing: () => context, incoming: null });
}
