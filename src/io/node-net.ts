/**
 * Node's sockets, with two short cuts that the hot path needs:
 * - reads land in one buffer that all sockets share (`onread`), so that a read allocates nothing, and their bytes come
 *   straight from the stream's handle;
 * - writes go to the stream's handle, which tries to send at once and tells whether it did; the layers of
 *   `stream.Writable` above it cost more than the system call. Where Node does not give us the handle, `Writable` serves.
 */
import { lookup } from "node:dns";
import { chmodSync, unlinkSync } from "node:fs";
import net from "node:net";
import { Doorstep } from "./doorstep.ts";
import type {
  ConnectOptions,
  Endpoint,
  Listener,
  ListenOptions,
  Net,
  NetError,
  Socket,
  TlsContext,
  TlsOptions,
} from "./net.ts";
import {
  direct,
  giveUpConnecting,
  type Handle,
  LAST_WRITE_WAS_ASYNC,
  nothing,
  READ_BYTES,
  READ_BYTES_OR_ERROR,
  readBuffer,
  takeHandle,
  type WriteRequest,
  writeError,
} from "./node-streams.ts";
import { connectTls, TlsDoor } from "./node-tls.ts";
import { secureContext } from "./node-tls-context.ts";

class NodeSocket implements Socket {
  onConnect: () => void = nothing;
  onData: (bytes: Uint8Array, length: number) => void = nothing;
  onDrain: () => void = nothing;
  onClose: (error?: NetError) => void = nothing;
  connected: boolean;
  readonly remote: Endpoint;

  readonly #socket: net.Socket;
  #handle: Handle | undefined;
  #request: WriteRequest | undefined;
  /** Writes that the system has not finished. */
  #pending = 0;
  #error: NetError | undefined;
  #closed = false;
  #paused = false;

  constructor(socket: net.Socket, remote: Endpoint, connected: boolean) {
    this.#socket = socket;
    this.remote = remote;
    this.connected = connected;
    if (connected) this.#adopt();
    socket.on("connect", () => {
      this.connected = true;
      this.#adopt();
      this.onConnect();
    });
    socket.on("error", (error: NetError) => {
      this.#error = error;
    });
    socket.on("end", () => this.#close());
    socket.on("close", () => this.#close());
  }

  /** Called by the shared read buffer's owner: `net.Socket`'s `onread`. */
  received(length: number): void {
    if (!this.#closed) this.onData(readBuffer, length);
  }

  get local(): Endpoint {
    return { host: this.#socket.localAddress ?? "", port: this.#socket.localPort ?? 0 };
  }

  get fd(): number {
    return this.#handle?.fd ?? -1;
  }

  get unsentBytes(): number {
    if (!direct) return this.#socket.writableLength;
    return this.#pending > 0 ? (this.#handle?.writeQueueSize ?? 0) : 0;
  }

  write(bytes: Uint8Array, length: number): boolean {
    if (this.#closed || length === 0) return true;
    // Not `subarray`: of a Buffer it takes a detour through its species.
    const part = length === bytes.length ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, length);
    const handle = this.#handle;
    if (!direct || !handle) return this.#writeThroughStream(part);
    const request = this.#request ?? new direct.WriteWrap();
    this.#request = undefined;
    request.oncomplete = null;
    const status = handle.writeBuffer(request, part);
    if (status !== 0) {
      this.#fail(status);
      return true;
    }
    if (direct.streamBaseState[LAST_WRITE_WAS_ASYNC] === 0) {
      this.#request = request;
      return true;
    }
    this.#pending++;
    request.buffer = part;
    request.oncomplete = (result) => {
      request.buffer = null;
      this.#pending--;
      if (result !== 0) this.#fail(result);
      else if (this.#pending === 0 && !this.#closed) this.onDrain();
    };
    return false;
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#closed) this.#socket.resume();
  }

  setNoDelay(on: boolean): void {
    this.#socket.setNoDelay(on);
  }

  setKeepAlive(delayMs: number): void {
    this.#socket.setKeepAlive(delayMs > 0, delayMs);
  }

  end(): void {
    this.#closed = true;
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #adopt(): void {
    const handle = (this.#socket as unknown as { _handle?: Handle })._handle;
    if (!handle || typeof handle.writeBuffer !== "function") return;
    this.#handle = handle;
    if (direct && typeof handle.onread === "function") this.#readFrom(handle, direct.streamBaseState);
  }

  /** Bytes come straight from the handle; the ends and errors still go through the stream, which knows what follows. */
  #readFrom(handle: Handle, state: Int32Array): void {
    const { onread } = handle;
    handle.onread = (buffer) => {
      const length = state[READ_BYTES_OR_ERROR]!;
      if (length > 0) {
        this.received(length);
        if (length === READ_BYTES) this.#letOthersRead(handle);
      } else onread.call(handle, buffer);
    };
  }

  /**
   * Whoever fills the buffer has more to say, and would be read up to 32 times in a row: the others go first. Two milliseconds
   * of somebody's pipeline are two milliseconds that everybody waits.
   */
  #letOthersRead(handle: Handle): void {
    if (this.#closed || this.#paused || handle.readStop() !== 0) return;
    setImmediate(() => {
      if (!this.#closed && !this.#paused) handle.readStart();
    });
  }

  #writeThroughStream(part: Uint8Array): boolean {
    this.#pending++;
    this.#socket.write(part, () => {
      this.#pending--;
      if (this.#pending === 0 && !this.#closed) this.onDrain();
    });
    return false;
  }

  /** The error reaches the owner later, never from within its own call to `write`. */
  #fail(status: number): void {
    this.#error ??= writeError(status);
    process.nextTick(() => this.#close());
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.connected = false;
    this.#socket.destroy();
    this.onClose(this.#error);
  }
}

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

/** A socket of an accepted connection's handle, which reads into the shared buffer. */
function adoptHandle(handle: unknown, path: string | undefined): NodeSocket {
  let owner: NodeSocket;
  const socket = new net.Socket({
    handle,
    onread: {
      buffer: readBuffer,
      callback(length: number) {
        owner.received(length);
        return true;
      },
    },
  } as unknown as net.SocketConstructorOpts);
  const remote = { host: socket.remoteAddress ?? "", port: socket.remotePort ?? 0, path };
  owner = new NodeSocket(socket, remote, true);
  return owner;
}

export class NodeNet implements Net {
  listen(options: ListenOptions, onConnection: (socket: Socket) => void): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const door = options.tls === undefined ? undefined : new TlsDoor(options.tls, onConnection);
      const doorstep = new Doorstep((handle) => {
        if (door?.enter(handle)) return;
        const socket = adoptHandle(handle, options.path);
        onConnection(socket);
        socket.resume();
      });
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
    let owner: NodeSocket;
    const onread = {
      buffer: readBuffer,
      callback(length: number) {
        owner.received(length);
        return true;
      },
    };
    const target =
      endpoint.path !== undefined
        ? { path: endpoint.path, onread }
        : { host: endpoint.host, port: endpoint.port, localAddress: options.sourceHost, noDelay: true, onread };
    const socket = net.connect(target as net.NetConnectOpts);
    owner = new NodeSocket(socket, endpoint, false);
    if (options.timeoutMs !== undefined) giveUpConnecting(socket, options.timeoutMs, "connect");
    return owner;
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
