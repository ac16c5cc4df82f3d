/** The network as links see it that may have to speak TLS: they connect and listen as ever, and do not know. */
import type { Io } from "./io.ts";
import type {
  ConnectOptions,
  Endpoint,
  Listener,
  ListenOptions,
  Net,
  Socket,
  TlsContext,
  TlsListening,
  TlsOptions,
} from "./net.ts";

export interface LinkSecurity {
  /** For a connection that is begun now; null for plain text. */
  outgoing(): TlsContext | null;
  /** For those who come; its context says anew each time whether TLS is spoken. Null where nobody comes. */
  readonly incoming: TlsListening | null;
}

/** The same world, in which all connections are as `security` says. */
export function withTls(io: Io, security: LinkSecurity): Io {
  return { clock: io.clock, random: io.random, disk: io.disk, net: new TlsNet(io.net, security) };
}

class TlsNet implements Net {
  readonly #net: Net;
  readonly #security: LinkSecurity;

  constructor(net: Net, security: LinkSecurity) {
    this.#net = net;
    this.#security = security;
  }

  listen(options: ListenOptions, onConnection: (socket: Socket) => void): Promise<Listener> {
    const tls = this.#security.incoming ?? undefined;
    return this.#net.listen({ ...options, tls }, onConnection);
  }

  connect(endpoint: Endpoint, options: ConnectOptions = {}): Socket {
    const tls = this.#security.outgoing();
    return this.#net.connect(endpoint, tls === null ? options : { ...options, tls });
  }

  resolve(host: string): Promise<string[]> {
    return this.#net.resolve(host);
  }

  secure(options: TlsOptions): TlsContext {
    return this.#net.secure(options);
  }
}
