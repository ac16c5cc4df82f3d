/**
 * A plain connection, on Node's handle of it alone. `net.Socket` above it would be most of what a connection costs to come and
 * to go, and its layers more than the system calls below them:
 * - reads land in one buffer that all sockets share, so that a read allocates nothing;
 * - a write is tried at once, and tells whether all of it left.
 */
import type { Socket as StreamSocket } from "node:net";
import type { Endpoint, NetError, Socket } from "./net.ts";
import {
  type ConnectionHandle,
  direct,
  END_OF_STREAM,
  LAST_WRITE_WAS_ASYNC,
  nothing,
  readBuffer,
  SharedReading,
  type SocketName,
  systemError,
  takeHandle,
  type WriteRequest,
} from "./node-streams.ts";
import { SHORT_WRITE, ShortWrites } from "./short-writes.ts";

const NO_NAME = { host: "", port: 0 };
const shortWrites = new ShortWrites();

/** Not by `subarray`: of a Buffer it takes a detour through its species. */
function partOf(bytes: Uint8Array, length: number): Uint8Array {
  return length === bytes.length ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, length);
}

export class NodeSocket implements Socket {
  onConnect: () => void = nothing;
  onData: (bytes: Uint8Array, length: number) => void = nothing;
  onDrain: () => void = nothing;
  onClose: (error?: NetError) => void = nothing;
  readonly remote: Endpoint;

  /** Null before it is connected, and when it is closed. */
  #handle: ConnectionHandle | null = null;
  #reading: SharedReading | null = null;
  /** What connects. */
  #connecting: StreamSocket | null = null;
  /** The request of the last write that has ended, to be used again. */
  #request: WriteRequest | undefined;
  /** Writes that the system has not finished. */
  #pending = 0;
  /** Written before it was connected. */
  #early: Uint8Array[] | null = null;
  #error: NetError | undefined;
  /** Its owner has closed it, or knows that it is closed. */
  #closed = false;
  #paused = false;

  constructor(remote: Endpoint) {
    this.remote = remote;
  }

  /** Of a connection that was accepted. It reads when it is resumed. */
  static accepted(handle: ConnectionHandle, path: string | undefined): NodeSocket {
    const { host, port } = nameOf(handle, "getpeername");
    const socket = new NodeSocket({ host, port, path });
    socket.#adopt(handle);
    return socket;
  }

  /** @param stream  which is connecting, and gives its handle away when it is connected */
  static connecting(stream: StreamSocket, remote: Endpoint): NodeSocket {
    const socket = new NodeSocket(remote);
    socket.#connecting = stream;
    stream.once("connect", () => socket.#connected(stream));
    stream.on("error", (error: NetError) => {
      socket.#error = error;
    });
    stream.once("close", () => {
      if (socket.#connecting !== null) socket.#close();
    });
    return socket;
  }

  get connected(): boolean {
    return this.#handle !== null && !this.#closed;
  }

  get local(): Endpoint {
    return this.#handle === null ? NO_NAME : nameOf(this.#handle, "getsockname");
  }

  get fd(): number {
    return this.#handle?.fd ?? -1;
  }

  get unsentBytes(): number {
    if (this.#early !== null) return this.#early.reduce((sum, part) => sum + part.length, 0);
    return this.#pending > 0 ? (this.#handle?.writeQueueSize ?? 0) : 0;
  }

  write(bytes: Uint8Array, length: number): boolean {
    if (this.#closed || length === 0) return true;
    const handle = this.#handle;
    if (handle === null) {
      this.#early ??= [];
      this.#early.push(partOf(bytes, length));
      return false;
    }
    const part = length <= SHORT_WRITE ? shortWrites.copyOf(bytes, length) : partOf(bytes, length);
    const request = this.#request ?? new direct!.WriteWrap();
    this.#request = undefined;
    request.oncomplete = null;
    const status = handle.writeBuffer(request, part);
    if (status !== 0) {
      this.#fail(status);
      return true;
    }
    if (direct!.streamBaseState[LAST_WRITE_WAS_ASYNC] === 0) {
      this.#request = request;
      return true;
    }
    this.#pending++;
    if (length <= SHORT_WRITE) shortWrites.leave();
    request.buffer = part;
    request.oncomplete = (result) => {
      request.buffer = null;
      this.#afterWrite(result);
    };
    return false;
  }

  pause(): void {
    this.#paused = true;
    this.#reading?.stop();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#closed) this.#reading?.start();
  }

  setNoDelay(on: boolean): void {
    this.#handle?.setNoDelay?.(on);
  }

  setKeepAlive(delayMs: number): void {
    this.#handle?.setKeepAlive?.(delayMs > 0, Math.trunc(delayMs / 1000));
  }

  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reading?.stop();
    // What the system has taken it sends without us.
    if (this.#pending === 0) this.#release();
  }

  destroy(): void {
    this.#closed = true;
    this.#release();
  }

  #connected(stream: StreamSocket): void {
    this.#connecting = null;
    const early = this.#early;
    this.#early = null;
    this.#adopt(takeHandle(stream) as ConnectionHandle);
    if (!this.#paused) this.#reading!.start();
    if (early !== null) this.#writeEarly(early);
    this.onConnect();
  }

  /** Its owner was told to wait for `onDrain`. */
  #writeEarly(early: readonly Uint8Array[]): void {
    let left = true;
    for (const part of early) left = this.write(part, part.length) && left;
    if (left)
      process.nextTick(() => {
        if (!this.#closed && this.#pending === 0) this.onDrain();
      });
  }

  #adopt(handle: ConnectionHandle): void {
    this.#handle = handle;
    this.#reading = new SharedReading(
      handle,
      (length) => {
        if (!this.#closed) this.onData(readBuffer, length);
      },
      (status) => {
        if (status === 0) return;
        if (status !== END_OF_STREAM) this.#error ??= systemError("read", status);
        this.#close();
      },
    );
  }

  #afterWrite(status: number): void {
    this.#pending--;
    if (this.#closed) {
      if (this.#pending === 0 || status !== 0) this.#release();
    } else if (status !== 0) this.#fail(status);
    else if (this.#pending === 0) this.onDrain();
  }

  /** The error reaches the owner later, never from within its own call to `write`. */
  #fail(status: number): void {
    this.#error ??= systemError("write", status);
    process.nextTick(() => this.#close());
  }

  #close(): void {
    if (this.#closed) {
      this.#release();
      return;
    }
    this.#closed = true;
    this.#release();
    this.onClose(this.#error);
  }

  /** Gives the connection back to the system. */
  #release(): void {
    this.#reading?.end();
    this.#reading = null;
    this.#early = null;
    this.#handle?.close();
    this.#handle = null;
    const connecting = this.#connecting;
    this.#connecting = null;
    connecting?.destroy();
  }
}

function nameOf(handle: ConnectionHandle, method: "getpeername" | "getsockname"): { host: string; port: number } {
  const name: SocketName = {};
  handle[method]?.(name);
  return { host: name.address ?? "", port: name.port ?? 0 };
}
