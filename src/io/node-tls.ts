/** How connections that speak TLS come to be: the handshakes of those who come, and of those that we begin. */
import { type SocketConstructorOpts, Socket as TcpSocket } from "node:net";
import tls from "node:tls";
import type { ConnectOptions, Endpoint, Socket, TlsContext, TlsListening } from "./net.ts";
import { dial, giveUpConnecting, nothing } from "./node-streams.ts";
import type { NodeTlsContext } from "./node-tls-context.ts";
import { reasonOf } from "./node-tls-context.ts";
import { NodeTlsSocket } from "./node-tls-socket.ts";

/** Where those who come have their handshakes. Node's `tls.Server` has them; it listens to nothing itself. */
export class TlsDoor {
  readonly #listening: TlsListening;
  readonly #onConnection: (socket: Socket) => void;
  /** And from where: one that has gone does not say any more. */
  readonly #entering = new Map<TcpSocket, Endpoint>();
  #context: TlsContext | undefined;
  #server: tls.Server | undefined;

  constructor(listening: TlsListening, onConnection: (socket: Socket) => void) {
    this.#listening = listening;
    this.#onConnection = onConnection;
  }

  /**
   * @param handle  of a connection that was accepted
   * @returns  whether it has been taken care of; false: it is to be had without TLS
   */
  enter(handle: unknown): boolean {
    const context = this.#listening.context();
    if (context === null) return false;
    const socket = new TcpSocket({ handle, manualStart: true } as unknown as SocketConstructorOpts);
    socket.on("error", nothing);
    if (!this.#listening.mayCome(this.#entering.size)) {
      socket.destroy();
      return true;
    }
    socket.setNoDelay(true);
    this.#entering.set(socket, remoteOf(socket));
    // Behind the handshake's own end, which still asks from where it came.
    socket.once("close", () => setImmediate(() => this.#entering.delete(socket)));
    this.#serverOf(context).emit("connection", socket);
    return true;
  }

  /** Those who are not in yet will not come in. */
  close(): void {
    for (const socket of this.#entering.keys()) socket.destroy();
  }

  /** One for as long as the context is the same: those who came before keep what they were let in with. */
  #serverOf(context: TlsContext): tls.Server {
    if (this.#server !== undefined && this.#context === context) return this.#server;
    const server = tls.createServer({
      ...(context as NodeTlsContext).options,
      requestCert: context.clientCertificates !== "no",
      rejectUnauthorized: context.clientCertificates === "yes",
      handshakeTimeout: this.#listening.handshakeTimeoutMs,
    });
    server.on("secureConnection", (socket) => this.#admit(socket, context));
    server.on("tlsClientError", (error, socket) => {
      this.#listening.onFailure(this.#leave(socket) ?? remoteOf(socket), reasonOf(error));
      socket.destroy();
    });
    this.#context = context;
    this.#server = server;
    return server;
  }

  /** It is in, or will never be: from where it came. */
  #leave(socket: tls.TLSSocket): Endpoint | undefined {
    const { _parent: below } = socket as unknown as { _parent: TcpSocket };
    const remote = this.#entering.get(below);
    this.#entering.delete(below);
    return remote;
  }

  #admit(socket: tls.TLSSocket, context: TlsContext): void {
    const remote = this.#leave(socket) ?? remoteOf(socket);
    // With "optional" none need be shown, but what is shown must be good.
    const { authorizationError } = socket;
    const showed = context.clientCertificates === "optional" && socket.getPeerX509Certificate() !== undefined;
    if (showed && authorizationError) {
      this.#listening.onFailure(remote, String(authorizationError));
      socket.on("error", nothing);
      socket.destroy();
      return;
    }
    const ours = new NodeTlsSocket(socket, remote);
    ours.secured();
    this.#onConnection(ours);
  }
}

export function connectTls(endpoint: Endpoint, context: TlsContext, options: ConnectOptions): Socket {
  const target = {
    host: endpoint.host,
    port: endpoint.port,
    localAddress: options.sourceHost,
    secureContext: (context as NodeTlsContext).secure,
    rejectUnauthorized: true,
    // An authority of ours vouches for the other side; names and addresses change hands with a failover.
    checkServerIdentity: () => undefined,
  };
  const socket = dial(() => tls.connect(target));
  const ours = new NodeTlsSocket(socket, endpoint);
  socket.once("secureConnect", () => {
    socket.setNoDelay(true);
    ours.secured();
    ours.onConnect();
  });
  if (options.timeoutMs !== undefined) giveUpConnecting(socket, options.timeoutMs, "secureConnect");
  return ours;
}

function remoteOf(socket: TcpSocket): Endpoint {
  return { host: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
}
