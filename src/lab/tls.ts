/** TLS in a lab: certificates of its own beside the nodes' folders, the lines that turn it on, and connections that speak it. */
import { join } from "node:path";
import { quoteWord } from "../base/words.ts";
import type { Io } from "../io/io.ts";
import type { Net, TlsContext } from "../io/net.ts";
import { withTls } from "../io/tls-net.ts";

/** Paths of PEM files, absolute. */
export interface TlsFiles {
  readonly ca: string;
  /** Of nodes and clients alike: each side wants to see one. */
  readonly certificate: string;
  readonly key: string;
}

/** The files of a lab in this folder. They are made anew at each start, by an authority whose own key is never written. */
export async function makeTlsFiles({ clock, random, disk }: Io, folder: string): Promise<TlsFiles> {
  const home = join(folder, "tls");
  await disk.makeFolder(home);
  // Loaded where it is needed: few want certificates, and all would wait for it.
  const { LocalAuthority } = await import("./certificates.ts");
  const authority = new LocalAuthority(clock, random);
  const { certificate, key } = authority.issue("nines lab");
  const files = { ca: join(home, "ca.crt"), certificate: join(home, "nines.crt"), key: join(home, "nines.key") };
  await disk.replace(files.ca, Buffer.from(authority.certificate));
  await disk.replace(files.certificate, Buffer.from(certificate));
  await disk.replace(files.key, Buffer.from(key));
  return files;
}

/** Configuration of a node: nothing but TLS, with clients and between the nodes, and everybody shows a certificate. */
export function tlsLines(files: TlsFiles, port: number, isCluster: boolean): string[] {
  return [
    "port 0",
    `tls-port ${port}`,
    `tls-ca-cert-file ${word(files.ca)}`,
    `tls-cert-file ${word(files.certificate)}`,
    `tls-key-file ${word(files.key)}`,
    "tls-replication yes",
    ...(isCluster ? ["tls-cluster yes"] : []),
  ];
}

/** The world in which connections to the lab's nodes are made. */
export function labIo(io: Io, files: TlsFiles | undefined): Io {
  return files === undefined ? io : clientIo(io, files);
}

/**
 * The world in which all connections speak TLS. Without `ca` the authorities that everybody believes in are believed.
 * @throws Error  that names the file which cannot be used
 */
export function clientIo(io: Io, files: Partial<TlsFiles>): Io {
  const read = (path: string | undefined) => {
    if (path === undefined) return undefined;
    const bytes = io.disk.readSync(path);
    if (bytes === undefined) throw new Error(`${path} is not there`);
    return bytes;
  };
  const context = clientContext(io.net, read(files.ca), read(files.certificate), read(files.key));
  return withTls(io, { outgoing: () => context, incoming: null });
}

/** What a client brings along, all PEM. @param ca  undefined: the authorities that everybody believes in */
export function clientContext(
  net: Net,
  ca: Uint8Array | undefined,
  certificate?: Uint8Array,
  key?: Uint8Array,
): TlsContext {
  return net.secure({
    certificate,
    key,
    authorities: ca === undefined ? "public" : [ca],
    clientCertificates: "no",
    protocols: ["TLSv1.2", "TLSv1.3"],
    ciphers: "",
    ciphersuites: "",
    preferServerCiphers: false,
    resumption: null,
  });
}

/** For ioredis. */
export function clientTls({ disk }: Io, files: TlsFiles): { ca: Buffer; cert: Buffer; key: Buffer } {
  const read = (path: string) => Buffer.from(disk.readSync(path) ?? []);
  return { ca: read(files.ca), cert: read(files.certificate), key: read(files.key) };
}

/** Configuration is bytes; `quoteWord` wants one character a byte. */
function word(path: string): string {
  return quoteWord(Buffer.from(path, "utf8").toString("latin1"));
}
