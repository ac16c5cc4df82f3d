/**
 * The layer under Node's streams: what a socket's handle can do, and the one buffer that all sockets read into. Where Node does
 * not give us these (`direct` is undefined) its streams serve.
 */
import { Socket } from "node:net";
import { getSystemErrorName } from "node:util";

/** As much as one read can bring: what Redis reads, so that nobody waits longer for a neighbour with a long pipeline. */
export const READ_BYTES = 16 * 1024;
export const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

export interface WriteRequest {
  oncomplete: ((status: number) => void) | null;
  /** Keeps the bytes alive while the system still needs them. */
  buffer: Uint8Array | null;
}

export interface Endable {
  close(): void;
}

export interface Handle extends Endable {
  fd: number;
  /** What the stream calls when bytes have come, or no more will. */
  onread: (this: Handle, buffer: unknown) => void;
  writeQueueSize: number;
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  /** From now on it reads into this buffer. */
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): number;
  readStop(): number;
}

/** The handle of a TCP connection, or of one by a Unix socket, which lacks the last four. */
export interface ConnectionHandle extends Handle {
  getpeername?(into: SocketName): number;
  getsockname?(into: SocketName): number;
  setNoDelay?(on: boolean): number;
  setKeepAlive?(on: boolean, delaySeconds: number): number;
}

export interface SocketName {
  address?: string;
  port?: number;
}

interface StreamBinding {
  WriteWrap: new () => WriteRequest;
  streamBaseState: Int32Array;
}

/** Where `streamBaseState` says how many bytes were read (negative: the end, or an error). */
const READ_BYTES_OR_ERROR = 0;
/** Where `streamBaseState` says that the last write could not be finished at once. */
export const LAST_WRITE_WAS_ASYNC = 3;

type Binding = (name: string) => Record<string, unknown>;

function streamBinding(): StreamBinding | undefined {
  try {
    const { binding } = process as unknown as { binding: Binding };
    const streams = binding("stream_wrap") as Partial<StreamBinding>;
    const { prototype } = binding("tcp_wrap").TCP as { prototype: object };
    const methods = ["useUserBuffer", "readStart", "readStop", "writeBuffer", "getpeername"];
    if (typeof streams.WriteWrap !== "function" || !methods.every((name) => name in prototype)) return undefined;
    if (streams.streamBaseState && streams.streamBaseState.length > 3) return streams as StreamBinding;
  } catch {}
  return undefined;
}

export const direct = streamBinding();

/** The end of a stream, where a count of bytes read would be. */
export const END_OF_STREAM = -4095;

/** What the system says when a read or a write fails, as an error that has its name for it. */
export function systemError(action: "read" | "write", status: number): Error & { code?: string; errno?: number } {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`${action} ${code}`), { errno: status, code, syscall: action });
}

/**
 * Reads from a handle into the buffer that all sockets share. Whoever fills it has more to say, and would be read up to 32 times
 * in a row: the others go first. Two milliseconds of somebody's pipeline are two milliseconds that everybody waits.
 */
export class SharedReading {
  readonly #handle: Handle;
  #isWanted = false;
  /** The others read; we go on in the next turn. */
  #waits = false;
  readonly #goOn = () => {
    this.#waits = false;
    if (this.#isWanted) this.#handle.readStart();
  };

  /**
   * @param onBytes  so many lie in `readBuffer`
   * @param onOther  no bytes have come: an error's number or END_OF_STREAM, and what the handle says with it
   */
  constructor(handle: Handle, onBytes: (length: number) => void, onOther: (status: number, said: unknown) => void) {
    this.#handle = handle;
    const state = direct!.streamBaseState;
    handle.useUserBuffer(readBuffer);
    handle.onread = (said) => {
      const length = state[READ_BYTES_OR_ERROR]!;
      if (length > 0) {
        onBytes(length);
        if (length === READ_BYTES) this.#letOthersRead();
      } else onOther(length, said);
    };
  }

  start(): void {
    this.#isWanted = true;
    if (!this.#waits) this.#handle.readStart();
  }

  stop(): void {
    this.#isWanted = false;
    this.#handle.readStop();
  }

  /** For good. A handle lives until a full collection, and with it all that it knows of: thousands who came and went. */
  end(): void {
    this.stop();
    this.#handle.onread = nothing;
  }

  #letOthersRead(): void {
    if (!this.#isWanted || this.#waits) return;
    this.#handle.readStop();
    this.#waits = true;
    setImmediate(this.#goOn);
  }
}

export function nothing(): void {}

/** Takes the handle of a socket that is connected. Who made it knows no more of the connection, and need not wait for its end. */
export function takeHandle(connected: Socket): unknown {
  const holder = connected as unknown as { _handle: unknown };
  const handle = holder._handle;
  holder._handle = null;
  connected.on("error", nothing);
  connected.destroy();
  return handle;
}

/**
 * Node throws for a number that is no port. Whom we dial is often named by others (a replica, a hello, a file), and in the midst of
 * something: to whoever dials, that is an address that cannot be reached, as any other.
 */
export function dial<Stream extends Socket>(connect: () => Stream): Stream {
  try {
    return connect();
  } catch (error) {
    const socket = new Socket();
    process.nextTick(() => socket.destroy(error as Error));
    return socket as Stream;
  }
}

/** @param event  what says that it is connected */
export function giveUpConnecting(socket: Socket, timeoutMs: number, event: "connect" | "secureConnect"): void {
  const timer = setTimeout(() => {
    const error = new Error("connection timed out") as Error & { code?: string };
    error.code = "ETIMEDOUT";
    socket.destroy(error);
  }, timeoutMs);
  const done = () => clearTimeout(timer);
  socket.once(event, done);
  socket.once("close", done);
}
