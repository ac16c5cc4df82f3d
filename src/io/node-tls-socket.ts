/**
 * A connection that speaks TLS, once its handshake is done. As with plain sockets the streams are passed by: bytes are read
 * from and written to the handle, in which OpenSSL sits between us and the system.
 *
 * What differs: OpenSSL's handle takes one write at a time, and tells only in the next turn of the loop that it has finished,
 * even if the system took all at once. What is written meanwhile waits here and leaves together. But bytes that were
 * encrypted are not needed any more, so that the caller usually has its buffer back when `write` returns, as with a plain socket.
 */
import type { TLSSocket } from "node:tls";
import type { Endpoint, NetError, Socket } from "./net.ts";
import {
  direct,
  type Handle,
  LAST_WRITE_WAS_ASYNC,
  nothing,
  readBuffer,
  SharedReading,
  systemError,
  type WriteRequest,
} from "./node-streams.ts";
import { reasonOf } from "./node-tls-context.ts";

/** Node's handle under a `TLSSocket`. */
interface TlsHandle extends Handle {
  /** The handle of the connection below. */
  _parent: Handle;
}

/** At most so much is encrypted at once: what Node hands to the system in one go, and what is held twice. */
const SLICE_BYTES = 128 * 1024;
/** What is written in several pieces is put together here. All sockets share it: OpenSSL is done with it when it has encrypted. */
const gathering = Buffer.allocUnsafeSlow(SLICE_BYTES);

export class NodeTlsSocket implements Socket {
  onConnect: () => void = nothing;
  onData: (bytes: Uint8Array, length: number) => void = nothing;
  onDrain: () => void = nothing;
  onClose: (error?: NetError) => void = nothing;
  connected = false;
  readonly tls = true;
  readonly remote: Endpoint;

  readonly #socket: TLSSocket;
  #handle: TlsHandle | undefined;
  #reading: SharedReading | undefined;
  /** The request of the last write that has ended, to be used again. */
  #request: WriteRequest | undefined;
  /** The request of the write that goes on. */
  #latest: WriteRequest | undefined;
  #writing = false;
  /** Writes that the stream has not finished, where it serves. */
  #pendingInStream = 0;
  /** Bytes in `gathering`. */
  #gathered = 0;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Somebody was told to wait for `onDrain`. */
  #owesDrain = false;
  #ending = false;
  #error: NetError | undefined;
  #closed = false;
  readonly #written = (status: number) => this.#afterWrite(status);

  /** @param socket  of which `secured` is called when its handshake is done */
  constructor(socket: TLSSocket, remote: Endpoint) {
    this.#socket = socket;
    this.remote = remote;
    socket.on("error", (error: NetError) => {
      error.message = reasonOf(error);
      this.#error ??= error;
    });
    socket.on("end", () => this.#close());
    socket.on("close", () => this.#close());
  }

  /** The handshake is done. */
  secured(): void {
    if (this.#closed) return;
    this.connected = true;
    const handle = (this.#socket as unknown as { _handle?: TlsHandle })._handle;
    if (direct && handle && typeof handle.useUserBuffer === "function" && typeof handle.writeBuffer === "function") {
      this.#handle = handle;
      this.#reading = this.#readFrom(handle);
    } else this.#socket.on("data", (bytes: Buffer) => this.#received(bytes, bytes.length));
  }

  get local(): Endpoint {
    return { host: this.#socket.localAddress ?? "", port: this.#socket.localPort ?? 0 };
  }

  get fd(): number {
    return this.#handle?.fd ?? -1;
  }

  get unsentBytes(): number {
    const handle = this.#handle;
    if (!handle) return this.#socket.writableLength;
    if (!this.#owesDrain) return 0;
    return this.#waitingBytes + (this.#writing ? handle.writeQueueSize : 0);
  }

  write(bytes: Uint8Array, length: number, more = false): boolean {
    if (this.#closed || length === 0) return true;
    const handle = this.#handle;
    if (!direct || !handle) return this.#writeThroughStream(partOf(bytes, length));
    if (this.#writing || this.#gathered + length > SLICE_BYTES) return this.#wait(handle, partOf(bytes, length));
    if (more || this.#gathered > 0) {
      gathering.set(partOf(bytes, length), this.#gathered);
      this.#gathered += length;
      if (more) return true;
      this.#encryptGathered(handle);
    } else this.#encrypt(handle, partOf(bytes, length));
    if (handle._parent.writeQueueSize === 0) return true;
    this.#owesDrain = true;
    return false;
  }

  pause(): void {
    if (this.#reading) this.#reading.stop();
    else this.#socket.pause();
  }

  resume(): void {
    if (this.#closed) return;
    if (this.#reading) this.#reading.start();
    else this.#socket.resume();
  }

  setNoDelay(on: boolean): void {
    this.#socket.setNoDelay(on);
  }

  setKeepAlive(delayMs: number): void {
    this.#socket.setKeepAlive(delayMs > 0, delayMs);
  }

  end(): void {
    this.#closed = true;
    // The farewell of TLS comes behind what was written, so that has to have left.
    if (this.#writing) this.#ending = true;
    else this.#socket.destroySoon();
  }

  destroy(): void {
    this.#closed = true;
    this.#ending = false;
    this.#stop();
  }

  /** Bytes come straight from the handle; the ends and errors still go through the stream, which knows what follows. */
  #readFrom(handle: TlsHandle): SharedReading {
    const { onread } = handle;
    const reading = new SharedReading(
      handle,
      (length) => this.#received(readBuffer, length),
      (_, said) => onread.call(handle, said),
    );
    // It does already; now it is known.
    reading.start();
    return reading;
  }

  #received(bytes: Uint8Array, length: number): void {
    if (!this.#closed) this.onData(bytes, length);
  }

  /** Behind what is being written, or what was gathered and leaves now. */
  #wait(handle: TlsHandle, part: Uint8Array): boolean {
    if (this.#gathered > 0) this.#encryptGathered(handle);
    this.#waiting.push(part);
    this.#waitingBytes += part.length;
    this.#owesDrain = true;
    if (!this.#writing) this.#writeWaiting(handle);
    return false;
  }

  #encryptGathered(handle: TlsHandle): void {
    const length = this.#gathered;
    this.#gathered = 0;
    this.#encrypt(handle, gathering.subarray(0, length));
  }

  #encrypt(handle: TlsHandle, part: Uint8Array): void {
    const request = this.#request ?? new direct!.WriteWrap();
    this.#request = undefined;
    request.oncomplete = this.#written;
    this.#writing = true;
    const status = handle.writeBuffer(request, part);
    if (status !== 0) {
      this.#writing = false;
      this.#fail(status);
    } else if (direct!.streamBaseState[LAST_WRITE_WAS_ASYNC] === 0) {
      this.#writing = false;
      this.#request = request;
    } else this.#latest = request;
  }

  #afterWrite(status: number): void {
    const request = this.#latest;
    this.#writing = false;
    if (status !== 0) {
      this.#fail(status);
      return;
    }
    const handle = this.#handle!;
    if (this.#waitingBytes > 0) this.#writeWaiting(handle);
    else if (this.#ending) this.#socket.destroySoon();
    else if (this.#owesDrain) {
      this.#owesDrain = false;
      if (!this.#closed) this.onDrain();
    }
    // Node lets go of it only when we have returned.
    this.#request ??= request;
  }

  /** What has gathered, as one write. */
  #writeWaiting(handle: TlsHandle): void {
    const slice = takeSlice(this.#waiting, Math.min(SLICE_BYTES, this.#waitingBytes));
    this.#waitingBytes -= slice.length;
    this.#encrypt(handle, slice);
  }

  #stop(): void {
    this.#forgetWaiting();
    this.#reading?.stop();
    this.#socket.destroy();
  }

  #forgetWaiting(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #writeThroughStream(part: Uint8Array): boolean {
    this.#pendingInStream++;
    this.#socket.write(part, () => {
      this.#pendingInStream--;
      if (this.#pendingInStream === 0 && !this.#closed) this.onDrain();
    });
    return false;
  }

  /** The error reaches the owner later, never from within its own call to `write`. */
  #fail(status: number): void {
    this.#error ??= systemError("write", status);
    this.#forgetWaiting();
    if (this.#ending) this.#socket.destroy();
    process.nextTick(() => this.#close());
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.connected = false;
    this.#stop();
    this.onClose(this.#error);
  }
}

/** Not `subarray`: of a Buffer it takes a detour through its species. */
function partOf(bytes: Uint8Array, length: number): Uint8Array {
  return length === bytes.length ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, length);
}

/** Takes the first `length` bytes out of `parts`; what is put together lies in `gathering`. */
function takeSlice(parts: Uint8Array[], length: number): Uint8Array {
  const first = parts[0]!;
  if (first.length >= length) {
    if (first.length > length) parts[0] = first.subarray(length);
    else parts.shift();
    return first.subarray(0, length);
  }
  let at = 0;
  let used = 0;
  while (at < length) {
    const part = parts[used]!;
    const taken = Math.min(part.length, length - at);
    gathering.set(taken === part.length ? part : part.subarray(0, taken), at);
    at += taken;
    if (taken < part.length) parts[used] = part.subarray(taken);
    else used++;
  }
  parts.splice(0, used);
  return gathering.subarray(0, length);
}
