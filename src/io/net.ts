/** Streams of bytes between addresses. */

export interface Endpoint {
  /** An IP address, a host name, or "" with `path`. */
  readonly host: string;
  readonly port: number;
  /** A Unix socket instead. */
  readonly path?: string;
}

export interface Net {
  /** Resolves once it listens; `port: 0` is replaced by the port that was free. Rejects with a `NetError`. */
  listen(options: ListenOptions, onConnection: (socket: Socket) => void): Promise<Listener>;
  /** Starts connecting at once; the socket's `onConnect` or `onClose` says how that ended. */
  connect(endpoint: Endpoint, options?: ConnectOptions): Socket;
  /** Resolves a host name to addresses, in the order of preference; rejects if it has none. */
  resolve(host: string): Promise<string[]>;
  /** Makes certificates and choices ready for use. @throws TlsError */
  secure(options: TlsOptions): TlsContext;
}

export interface ListenOptions extends Endpoint {
  readonly backlog?: number;
  /** Octal permissions of a Unix socket. */
  readonly mode?: number;
  /** TLS is spoken here: `onConnection` hears of those whose handshake is done. */
  readonly tls?: TlsListening;
  /** Where those wait who come faster than they can be let in. Without it there is always room. */
  readonly waitingRoom?: WaitingRoom;
}

export interface WaitingRoom {
  /** How many may wait. */
  places(): number;
  /** One who found no place was sent away, without a word. */
  onTurnedAway(): void;
}

export interface ConnectOptions {
  /** The local address to connect from. */
  readonly sourceHost?: string;
  readonly timeoutMs?: number;
  /** TLS is spoken: `onConnect` comes when the handshake is done and the other side's certificate is believed. */
  readonly tls?: TlsContext;
}

export interface Listener {
  readonly endpoint: Endpoint;
  /** Stops accepting; sockets already accepted live on. */
  close(): Promise<void>;
}

/** `code` as Node and POSIX name it: ECONNREFUSED, ECONNRESET, ETIMEDOUT, EADDRINUSE... */
export interface NetError extends Error {
  readonly code?: string;
}

export interface Socket {
  readonly remote: Endpoint;
  readonly local: Endpoint;
  /** The number of the file descriptor, -1 where there is none. */
  readonly fd: number;
  /** What is sent is encrypted. */
  readonly tls?: boolean;
  readonly connected: boolean;
  /** Bytes handed to `write` that the network has not taken yet. */
  readonly unsentBytes: number;

  /** For sockets made by `connect`. */
  onConnect: () => void;
  /** The first `length` bytes of `bytes` have arrived. They are lent: valid until this returns. */
  onData: (bytes: Uint8Array, length: number) => void;
  /** All that was handed to `write` has left. */
  onDrain: () => void;
  /** The other side sent its last byte, or the connection broke (`error` says so), or never came to be. Called once. */
  onClose: (error?: NetError) => void;

  /**
   * Sends bytes[0, length). True: all of them left, and the buffer is the caller's again. False: the socket keeps the
   * buffer until `onDrain`; the caller must not touch it before.
   * @param more  another `write` follows at once, in this very turn, so that what is encrypted may be so in one go
   */
  write(bytes: Uint8Array, length: number, more?: boolean): boolean;
  pause(): void;
  resume(): void;
  setNoDelay(on: boolean): void;
  setKeepAlive(delayMs: number): void;
  /** Closes after what was written has left. */
  end(): void;
  /** Closes now; `onClose` is not called. */
  destroy(): void;
}

/** Certificates and choices, ready for use on either side of any number of connections. */
export interface TlsContext {
  readonly clientCertificates: ClientCertificates;
}

/** Whether those who connect must show a certificate, and what is shown is believed only if an authority vouches for it. */
export type ClientCertificates = "no" | "optional" | "yes";

export type TlsProtocol = "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";

export interface TlsOptions {
  /** PEM: our certificate and those that lead from it to an authority. A client may have none. */
  readonly certificate?: Uint8Array;
  /** PEM */
  readonly key?: Uint8Array;
  readonly passphrase?: string;
  /** PEM: those who may vouch for the other side, and nobody else; or those that everybody believes in. */
  readonly authorities: readonly Uint8Array[] | "public";
  readonly clientCertificates: ClientCertificates;
  readonly protocols: readonly TlsProtocol[];
  /** As OpenSSL writes lists, for TLS 1.2 and before; "" for its default. */
  readonly ciphers: string;
  /** The same for TLS 1.3. */
  readonly ciphersuites: string;
  readonly preferServerCiphers: boolean;
  /** Whether a client may resume its session, and for how long. */
  readonly resumption: { readonly seconds: number } | null;
  /** PEM; absent for parameters that fit the key. */
  readonly dhParams?: Uint8Array;
}

export interface TlsListening {
  /** Asked at each connection: what it returns may change while others live. Null: no TLS is spoken for now. */
  context(): TlsContext | null;
  /** How long a handshake may take. */
  readonly handshakeTimeoutMs: number;
  /** Whether one more may come while so many are in their handshakes. */
  mayCome(handshaking: number): boolean;
  /** A handshake came to nothing. */
  onFailure(remote: Endpoint, why: string): void;
}

export type TlsPart = "certificate" | "key" | "authorities" | "ciphers" | "ciphersuites" | "dhParams";

/** What of `TlsOptions` cannot be used; the message is OpenSSL's reason. */
export class TlsError extends Error {
  readonly part: TlsPart;

  constructor(part: TlsPart, reason: string) {
    super(reason);
    this.part = part;
  }
}
