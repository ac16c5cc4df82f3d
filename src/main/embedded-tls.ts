/** TLS for servers inside of a process: certificates, and the lines of configuration that turn it on everywhere. */
import type { Io } from "../io/io.ts";

/** PEM texts. */
export interface TlsMaterial {
  /** Of those who vouch for clients and nodes. */
  readonly ca: string;
  /** Of the node, as server and as client of others. */
  readonly certificate: string;
  readonly key: string;
}

/** Certificates made on the spot, by an authority that is forgotten. */
export async function makeMaterial({ clock, random }: Io): Promise<TlsMaterial> {
  const { LocalAuthority } = await import("../lab/certificates.ts");
  const authority = new LocalAuthority(clock, random);
  return { ca: authority.certificate, ...authority.issue("nines") };
}

const FILES = { ca: "/tls/ca.crt", certificate: "/tls/node.crt", key: "/tls/node.key" } as const;

/** Puts the files on the node's disk; returns the lines that name them: all it listens to and all its links speak TLS. */
export function tlsLines(material: TlsMaterial, { disk }: Io, port: number, sentinel: boolean): string[] {
  for (const [name, path] of Object.entries(FILES))
    disk.replaceSync(path, Buffer.from(material[name as keyof TlsMaterial]));
  return [
    "port 0",
    `tls-port ${port}`,
    `tls-ca-cert-file ${FILES.ca}`,
    `tls-cert-file ${FILES.certificate}`,
    `tls-key-file ${FILES.key}`,
    // Who has a certificate of the authority may show it; the others need none.
    "tls-auth-clients optional",
    "tls-replication yes",
    ...(sentinel ? [] : ["tls-cluster yes"]),
  ];
}
