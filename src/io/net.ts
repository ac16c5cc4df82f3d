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
}

export interface ListenOptions extends Endpoint {
  readonly backlog?: number;
  /** Octal permissions of a Unix socket. */
  readonly mode?: number;
}

export interface ConnectOptions {
  /** The local address to connect from. */
  readonly sourceHost?: string;
  readonly timeoutMs?: number;
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
   */
  write(bytes: Uint8Array, length: number): boolean;
  pause(): void;
  resume(): void;
  setNoDelay(on: boolean): void;
  setKeepAlive(delayMs: number): void;
  /** Closes after what was written has left. */
  end(): void;
  /** Closes now; `onClose` is not called. */
  destroy(): void;
}
