/** Certificates and choices as OpenSSL holds them, by way of Node. */
import { constants } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import {
  type ClientCertificates,
  type TlsContext,
  TlsError,
  type TlsOptions,
  type TlsPart,
  type TlsProtocol,
} from "./net.ts";

/** OpenSSL's SSL_OP_NO_RENEGOTIATION, which Node does not name: a client could ask for one handshake after the other. */
const NO_RENEGOTIATION = 1 << 30;
const PROTOCOLS: readonly TlsProtocol[] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
const WITHOUT: Record<TlsProtocol, number> = {
  TLSv1: constants.SSL_OP_NO_TLSv1,
  "TLSv1.1": constants.SSL_OP_NO_TLSv1_1,
  "TLSv1.2": constants.SSL_OP_NO_TLSv1_2,
  "TLSv1.3": constants.SSL_OP_NO_TLSv1_3,
};
const DEFAULT_CIPHERS = "DEFAULT";
const DEFAULT_SUITES = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
/** Sessions are resumed only with a server that says the same: Redis' own word. */
const SESSION_CONTEXT = "redis";

export class NodeTlsContext implements TlsContext {
  /** What Node's own servers make theirs of. */
  readonly options: SecureContextOptions;
  readonly secure: SecureContext;
  readonly clientCertificates: ClientCertificates;

  constructor(options: SecureContextOptions, clientCertificates: ClientCertificates) {
    this.options = options;
    this.secure = createSecureContext(options);
    this.clientCertificates = clientCertificates;
  }
}

/** @throws TlsError */
export function secureContext(options: TlsOptions): TlsContext {
  const { dhParams } = options;
  // Node takes anything for them, and goes on without.
  if (
    dhParams !== undefined &&
    !/-----BEGIN (X9.42 )?DH PARAMETERS-----/.test(Buffer.from(dhParams).toString("latin1"))
  )
    throw new TlsError("dhParams", "no DH parameters in PEM form");
  const parts = partsOf(options);
  try {
    const all = Object.assign({}, choicesOf(options), ...parts.map(([, part]) => part)) as SecureContextOptions;
    return new NodeTlsContext(all, options.clientCertificates);
  } catch (error) {
    throw culprit(parts, error);
  }
}

type Part = readonly [TlsPart, SecureContextOptions];

function partsOf(options: TlsOptions): Part[] {
  const { certificate, key, passphrase, authorities, dhParams } = options;
  const suites = options.ciphersuites || DEFAULT_SUITES;
  return [
    ["certificate", certificate === undefined ? {} : { cert: Buffer.from(certificate) }],
    ["key", key === undefined ? {} : { key: Buffer.from(key), passphrase: passphrase || undefined }],
    // Undefined means the authorities that Node brings, an empty list none.
    ["authorities", authorities === "public" ? {} : { ca: authorities.map((pem) => Buffer.from(pem)) }],
    ["ciphersuites", { ciphers: `${DEFAULT_CIPHERS}:${suites}` }],
    ["ciphers", { ciphers: `${options.ciphers || DEFAULT_CIPHERS}:${suites}` }],
    ["dhParams", { dhparam: dhParams === undefined ? "auto" : Buffer.from(dhParams) }],
  ];
}

function choicesOf(options: TlsOptions): SecureContextOptions {
  const { protocols, resumption } = options;
  const known = PROTOCOLS.filter((protocol) => protocols.includes(protocol));
  let secureOptions = NO_RENEGOTIATION;
  for (const protocol of PROTOCOLS) if (!known.includes(protocol)) secureOptions |= WITHOUT[protocol];
  if (resumption === null) secureOptions |= constants.SSL_OP_NO_TICKET;
  return {
    minVersion: known[0],
    maxVersion: known.at(-1),
    secureOptions,
    honorCipherOrder: options.preferServerCiphers,
    sessionIdContext: SESSION_CONTEXT,
    sessionTimeout: resumption?.seconds,
  };
}

/** OpenSSL says what is wrong, not where: each part is tried by itself, and the key with its certificate. */
function culprit(parts: readonly Part[], error: unknown): TlsError {
  const [certificate] = parts;
  for (const [name, part] of parts) {
    try {
      createSecureContext(name === "key" ? { ...certificate![1], ...part } : part);
    } catch (cause) {
      return new TlsError(name, reasonOf(cause));
    }
  }
  return new TlsError("certificate", reasonOf(error));
}

/** OpenSSL's words as other programs show them, without the thread and the line of source that Node adds. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [, code, library, reason] = /error:([0-9A-F]+):([^:]*):[^:]*:([^:\n]*)/.exec(text) ?? [];
  return code === undefined ? text : `error:${code}:${library}::${reason}`;
}
