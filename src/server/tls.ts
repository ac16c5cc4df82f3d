/**
 * TLS as the directives want it: certificates are read when something needs them and again at each CONFIG SET; what cannot be
 * used leaves what was in use. Connections keep what they were made with.
 */
import type { Log } from "../base/log.ts";
import type { Settings } from "../config/directives.ts";
import type { Io } from "../io/io.ts";
import {
  type Endpoint,
  type Net,
  type TlsContext,
  TlsError,
  type TlsListening,
  type TlsOptions,
  type TlsProtocol,
} from "../io/net.ts";
import { withTls } from "../io/tls-net.ts";
import { formatAddress } from "./connection.ts";
import type { RareLog } from "./rare-log.ts";

/** Redis' text for a CONFIG SET whose files or choices cannot be used. */
export const UNUSABLE = "Unable to update TLS configuration. Check server logs.";

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How many nodes may be in their handshakes on the bus at a time. */
const MAX_BUS_HANDSHAKES = 1000;
/** How OpenSSL looks for a certificate in a folder: by names that its `rehash` gives. */
const HASHED_NAME = /^[0-9a-f]{8}\.\d+$/;

export type TlsLink = "replication" | "cluster";

export interface TlsParts {
  readonly io: Io;
  readonly values: Settings;
  readonly log: Log;
  readonly rareLog: RareLog;
  /** Whether one more client may come, beside those whose handshakes are under way. */
  readonly hasRoom: (handshaking: number) => boolean;
  /** A client was turned away, for there was no room. */
  readonly onRejected: () => void;
}

class Unusable extends Error {}

export class ServerTls {
  /** Handshakes that came to nothing: strangers who speak plain text, certificates that nobody vouches for. */
  failedHandshakes = 0;
  readonly #parts: TlsParts;
  #server: TlsContext | null = null;
  #client: TlsContext | null = null;

  constructor(parts: TlsParts) {
    this.#parts = parts;
  }

  /** Whether a directive asks for TLS anywhere. */
  get isWanted(): boolean {
    const { values } = this.#parts;
    return values["tls-port"] !== 0 || values["tls-replication"] || values["tls-cluster"];
  }

  get isReady(): boolean {
    return this.#server !== null;
  }

  /**
   * Reads what the directives name and takes it into use, unless it cannot be used.
   * @returns  whether it could; if not, the log says why
   */
  configure(): boolean {
    const { io, log } = this.#parts;
    try {
      const server = this.#make(io.net, "");
      const { values } = this.#parts;
      const own = values["tls-client-cert-file"] !== "" && values["tls-client-key-file"] !== "";
      this.#client = own ? this.#make(io.net, "client-") : server;
      this.#server = server;
      return true;
    } catch (error) {
      if (!(error instanceof Unusable)) throw error;
      log.warning(error.message);
      return false;
    }
  }

  /** For clients on `tls-port`. */
  get clients(): TlsListening {
    const { hasRoom, onRejected } = this.#parts;
    return {
      context: () => this.#server,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      mayCome(handshaking) {
        const may = hasRoom(handshaking);
        if (!may) onRejected();
        return may;
      },
      onFailure: (remote, why) => this.#failed("Error accepting a client connection", remote, why),
    };
  }

  /** The world of a link: what it connects to and listens for speaks TLS where the directives say so. */
  ioFor(link: TlsLink): Io {
    const { io, values } = this.#parts;
    const isOn = () => values[`tls-${link}`];
    return withTls(io, {
      outgoing: () => (isOn() ? this.#client : null),
      incoming: {
        context: () => (isOn() ? this.#server : null),
        handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
        mayCome: (handshaking) => handshaking < MAX_BUS_HANDSHAKES,
        onFailure: (remote, why) => this.#failed("Error accepting cluster node connection", remote, why),
      },
    });
  }

  #failed(what: string, { host, port }: Endpoint, why: string): void {
    this.failedHandshakes++;
    this.#parts.rareLog.warning("handshakes", 1, `${what}: ${why.trim()} (addr=${formatAddress(host, port)})`);
  }

  /** @throws Unusable */
  #make(net: Net, side: "" | "client-"): TlsContext {
    const { values } = this.#parts;
    const names = {
      certificate: values[`tls-${side}cert-file`],
      key: values[`tls-${side}key-file`],
      authorities: `${values["tls-ca-cert-file"]} ${values["tls-ca-cert-dir"]}`.trim(),
      ciphers: values["tls-ciphers"],
      ciphersuites: values["tls-ciphersuites"],
      dhParams: values["tls-dh-params-file"],
    };
    if (names.certificate === "") throw new Unusable("No tls-cert-file configured!");
    if (names.key === "") throw new Unusable("No tls-key-file configured!");
    const needsAuthority = values["tls-auth-clients"] !== "no" || values["tls-cluster"] || values["tls-replication"];
    if (needsAuthority && names.authorities === "")
      throw new Unusable(
        "Either tls-ca-cert-file or tls-ca-cert-dir must be specified when tls-cluster, tls-replication or tls-auth-clients are enabled!",
      );
    try {
      return net.secure(this.#options(side));
    } catch (error) {
      if (!(error instanceof TlsError)) throw error;
      throw new Unusable(complaint(error, names));
    }
  }

  #options(side: "" | "client-"): TlsOptions {
    const { values } = this.#parts;
    const dhFile = values["tls-dh-params-file"];
    return {
      certificate: this.#read(values[`tls-${side}cert-file`], (path) => `Failed to load certificate: ${path}`),
      key: this.#read(values[`tls-${side}key-file`], (path) => `Failed to load private key: ${path}`),
      passphrase: values[`tls-${side}key-file-pass`],
      authorities: this.#authorities(),
      clientCertificates: values["tls-auth-clients"],
      protocols: protocolsOf(values["tls-protocols"]),
      ciphers: values["tls-ciphers"],
      ciphersuites: values["tls-ciphersuites"],
      preferServerCiphers: values["tls-prefer-server-ciphers"],
      resumption: values["tls-session-caching"] ? { seconds: values["tls-session-cache-timeout"] } : null,
      dhParams: dhFile === "" ? undefined : this.#read(dhFile, (path) => `Failed to load ${path}`),
    };
  }

  #authorities(): Uint8Array[] {
    const { values, io } = this.#parts;
    const [file, folder] = [values["tls-ca-cert-file"], values["tls-ca-cert-dir"]];
    const what = () => "Failed to configure CA certificate(s) file/directory";
    const found = file === "" ? [] : [this.#read(file, what)];
    if (folder === "") return found;
    if (!io.disk.exists(folder)) throw new Unusable(`${what()}: No such file or directory`);
    const names = io.disk.listSync(folder).filter((name) => HASHED_NAME.test(name));
    if (names.length === 0)
      this.#parts.log.warning(
        `No certificate in ${folder} has a name that \`openssl rehash\` gives: none of them is used`,
      );
    return [...found, ...names.map((name) => this.#read(`${folder}/${name}`, what))];
  }

  #read(path: string, what: (path: string) => string): Uint8Array {
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.#parts.io.disk.readSync(path);
    } catch (error) {
      throw new Unusable(`${what(path)}: ${(error as Error).message}`);
    }
    if (bytes === undefined) throw new Unusable(`${what(path)}: No such file or directory`);
    return bytes;
  }
}

function complaint({ part, message }: TlsError, names: Record<TlsError["part"], string>): string {
  switch (part) {
    case "certificate":
      return `Failed to load certificate: ${names.certificate}: ${message}`;
    case "key":
      return `Failed to load private key: ${names.key}: ${message}`;
    case "authorities":
      return `Failed to configure CA certificate(s) file/directory: ${message}`;
    case "dhParams":
      return `Failed to load DH params file: ${names.dhParams}: ${message}`;
    default:
      return `Failed to configure ${part}: ${names[part]}`;
  }
}

const PROTOCOLS: Record<string, TlsProtocol> = {
  tlsv1: "TLSv1",
  "tlsv1.1": "TLSv1.1",
  "tlsv1.2": "TLSv1.2",
  "tlsv1.3": "TLSv1.3",
};

/** @throws Unusable */
function protocolsOf(words: string): TlsProtocol[] {
  if (words === "") return ["TLSv1.2", "TLSv1.3"];
  return words.split(" ").map((word) => {
    const protocol = PROTOCOLS[word.toLowerCase()];
    if (protocol === undefined)
      throw new Unusable(
        "Invalid tls-protocols specified. Use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'.",
      );
    return protocol;
  });
}
