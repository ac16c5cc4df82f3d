/**
 * Node's network. Where Node gives us the handles of connections these serve (node-socket.ts); else its streams do
 * (stream-socket.ts).
 */
import { lookup } from "node:dns";
import { chmodSync, unlinkSync } from "node:fs";
import net from "node:net";
import { Doorstep } from "./doorstep.ts";
import type { ConnectOptions, Endpoint, Listener, ListenOptions, Net, Socket, TlsContext, TlsOptions } from "./net.ts";
import { NodeSocket } from "./node-socket.ts";
import { type ConnectionHandle, dial, direct, giveUpConnecting, nothing, takeHandle } from "./node-streams.ts";
import { connectTls, TlsDoor } from "./node-tls.ts";
import { secureContext } from "./node-tls-context.ts";
import { StreamSocket } from "./stream-socket.ts";

class NodeListener implements Listener {
  readonly endpoint: Endpoint;
  readonly #server: net.Server;
  readonly #door: TlsDoor | undefined;
  readonly #doorstep: Doorstep;

  constructor(server: net.Server, endpoint: Endpoint, door: TlsDoor | undefined, doorstep: Doorstep) {
    this.#server = server;
    this.endpoint = endpoint;
    this.#door = door;
    this.#doorstep = doorstep;
  }

  close(): Promise<void> {
    this.#doorstep.close();
    this.#door?.close();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }
}

type OnConnection = (this: unknown, error: unknown, client: unknown) => void;

/**
 * Has `accept` called with the bare handle of a connection: the socket that Node would make of it first, only to have its handle
 * taken, is half of what a connection costs. Where Node has no such handle the event "connection" serves.
 */
function acceptHandles(server: net.Server, accept: (handle: unknown) => void): void {
  const listening = (server as unknown as { _handle?: { onconnection?: OnConnection } | null })._handle;
  if (!listening || typeof listening.onconnection !== "function") return;
  const { onconnection } = listening;
  listening.onconnection = (error, client) => {
    if (error || client === undefined) onconnection.call(listening, error, client);
    else accept(client);
  };
}

function adopt(handle: unknown, path: string | undefined): Socket {
  if (direct) return NodeSocket.accepted(handle as ConnectionHandle, path);
  const stream = new net.Socket({ handle } as unknown as net.SocketConstructorOpts);
  return new StreamSocket(stream, { host: stream.remoteAddress ?? "", port: stream.remotePort ?? 0, path }, true);
}

export class NodeNet implements Net {
  listen(options: ListenOptions, onConnection: (socket: Socket) => void): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const door = options.tls === undefined ? undefined : new TlsDoor(options.tls, onConnection);
      const doorstep = new Doorstep((handle) => {
        if (door?.enter(handle)) return;
        const socket = adopt(handle, options.path);
        onConnection(socket);
        socket.resume();
      }, options.waitingRoom);
      const accept = (handle: unknown) => doorstep.come(handle);
      const server = net.createServer({ noDelay: true, pauseOnConnect: true }, (accepted) =>
        accept(takeHandle(accepted)),
      );
      server.once("error", reject);
      const listening = () => {
        server.off("error", reject);
        server.on("error", nothing);
        acceptHandles(server, accept);
        if (options.path !== undefined) {
          if (options.mode) chmodSync(options.path, options.mode);
          resolve(new NodeListener(server, { host: "", port: 0, path: options.path }, door, doorstep));
          return;
        }
        const address = server.address() as net.AddressInfo;
        resolve(new NodeListener(server, { host: address.address, port: address.port }, door, doorstep));
      };
      const backlog = options.backlog ?? 511;
      if (options.path !== undefined) {
        removeStaleSocket(options.path);
        server.listen({ path: options.path, backlog }, listening);
      } else {
        const ipv6Only = options.host.includes(":");
        server.listen({ host: options.host, port: options.port, backlog, ipv6Only, exclusive: true }, listening);
      }
    });
  }

  connect(endpoint: Endpoint, options: ConnectOptions = {}): Socket {
    if (options.tls !== undefined) return connectTls(endpoint, options.tls, options);
    const target =
      endpoint.path !== undefined
        ? { path: endpoint.path }
        : { host: endpoint.host, port: endpoint.port, localAddress: options.sourceHost, noDelay: true };
    const stream = dial(() => net.connect(target));
    const socket = direct ? NodeSocket.connecting(stream, endpoint) : new StreamSocket(stream, endpoint, false);
    if (options.timeoutMs !== undefined) giveUpConnecting(stream, options.timeoutMs, "connect");
    return socket;
  }

  secure(options: TlsOptions): TlsContext {
    return secureContext(options);
  }

  async resolve(host: string): Promise<string[]> {
    if (net.isIP(host)) return [host];
    return new Promise((resolve, reject) => {
      lookup(host, { all: true, verbatim: true }, (error, found) => {
        if (error) reject(error);
        else resolve(found.map((entry) => entry.address));
      });
    });
  }
}

/** As Redis does: a socket file left by an earlier process would make the bind fail. */
function removeStaleSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch {}
}
