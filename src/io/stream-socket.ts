/** A plain connection by Node's documented streams: where Node does not give us its handle, or one that looks different. */
import type { Socket as NodeStream } from "node:net";
import type { Endpoint, NetError, Socket } from "./net.ts";
import { nothing } from "./node-streams.ts";

export class StreamSocket implements Socket {
  onConnect: () => void = nothing;
  onData: (bytes: Uint8Array, length: number) => void = nothing;
  onDrain: () => void = nothing;
  onClose: (error?: NetError) => void = nothing;
  connected: boolean;
  readonly fd = -1;
  readonly remote: Endpoint;

  readonly #stream: NodeStream;
  /** Writes that the system has not finished. */
  #pending = 0;
  #error: NetError | undefined;
  #closed = false;

  constructor(stream: NodeStream, remote: Endpoint, connected: boolean) {
    this.#stream = stream;
    this.remote = remote;
    this.connected = connected;
    stream.on("data", (bytes: Buffer) => {
      if (!this.#closed) this.onData(bytes, bytes.length);
    });
    // Nothing is heard before its owner listens.
    if (connected) stream.pause();
    stream.on("connect", () => {
      this.connected = true;
      this.onConnect();
    });
    stream.on("error", (error: NetError) => {
      this.#error = error;
    });
    stream.on("end", () => this.#close());
    stream.on("close", () => this.#close());
  }

  get local(): Endpoint {
    return { host: this.#stream.localAddress ?? "", port: this.#stream.localPort ?? 0 };
  }

  get unsentBytes(): number {
    return this.#stream.writableLength;
  }

  write(bytes: Uint8Array, length: number): boolean {
    if (this.#closed || length === 0) return true;
    this.#pending++;
    this.#stream.write(length === bytes.length ? bytes : bytes.subarray(0, length), () => {
      this.#pending--;
      if (this.#pending === 0 && !this.#closed) this.onDrain();
    });
    return false;
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    if (!this.#closed) this.#stream.resume();
  }

  setNoDelay(on: boolean): void {
    this.#stream.setNoDelay(on);
  }

  setKeepAlive(delayMs: number): void {
    this.#stream.setKeepAlive(delayMs > 0, delayMs);
  }

  end(): void {
    this.#closed = true;
    this.#stream.destroySoon();
  }

  destroy(): void {
    this.#closed = true;
    this.#stream.destroy();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.connected = false;
    this.#stream.destroy();
    this.onClose(this.#error);
  }
}
