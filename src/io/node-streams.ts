/**
 * The layer under Node's streams: what a socket's handle can do, and the one buffer that all sockets read into. Where Node does
 * not give us these (`direct` is undefined) its streams serve.
 */
import type { Socket } from "node:net";

/** As much as one read can bring: what Redis reads, so that nobody waits longer for a neighbour with a long pipeline. */
export const READ_BYTES = 16 * 1024;
export const readBuffer = Buffer.allocUnsafeSlow(READ_BYTES);

export interface WriteRequest {
  oncomplete: ((status: number) => void) | null;
  /** Keeps the bytes alive while the system still needs them. */
  buffer: Uint8Array | null;
}

export interface Handle {
  fd: number;
  /** What the stream calls when bytes have come, or no more will. */
  onread: (this: Handle, buffer: unknown) => void;
  writeQueueSize: number;
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  readStart(): number;
  readStop(): number;
}

interface StreamBinding {
  WriteWrap: new () => WriteRequest;
  streamBaseState: Int32Array;
}

/** Where `streamBaseState` says how many bytes were read (negative: the end, or an error). */
export const READ_BYTES_OR_ERROR = 0;
/** Where `streamBaseState` says that the last write could not be finished at once. */
export const LAST_WRITE_WAS_ASYNC = 3;

function streamBinding(): StreamBinding | undefined {
  try {
    const binding = (process as unknown as { binding(name: string): Partial<StreamBinding> }).binding("stream_wrap");
    if (typeof binding.WriteWrap === "function" && binding.streamBaseState && binding.streamBaseState.length > 3)
      return binding as StreamBinding;
  } catch {}
  return undefined;
}

export const direct = streamBinding();

/** A write that failed, as an error that says what POSIX would. */
export function writeError(status: number): Error & { code?: string; errno?: number } {
  const error = new Error(`write failed: ${status}`) as Error & { code?: string; errno?: number };
  error.errno = status;
  error.code = status === -32 ? "EPIPE" : status === -104 ? "ECONNRESET" : "EIO";
  return error;
}

export function nothing(): void {}

/** Takes the handle of an accepted socket, for another. Its server knows no more of it, and need not wait for its end to close. */
export function takeHandle(accepted: Socket): unknown {
  const holder = accepted as unknown as { _handle: unknown };
  const handle = holder._handle;
  holder._handle = null;
  accepted.on("error", nothing);
  accepted.destroy();
  return handle;
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
