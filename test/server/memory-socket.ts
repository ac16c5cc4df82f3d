/** A connection without a network: what the test feeds in arrives at once, what the server writes is counted. */
import type { NetError, Socket } from "../../src/io/net.ts";

export class MemorySocket implements Socket {
  readonly remote = { host: "127.0.0.1", port: 1 };
  readonly local = { host: "127.0.0.1", port: 2 };
  readonly fd = -1;
  connected = true;
  readonly unsentBytes = 0;
  onConnect = () => {};
  onData: (bytes: Uint8Array, length: number) => void = () => {};
  onDrain = () => {};
  onClose: (error?: NetError) => void = () => {};
  /** Bytes the server has sent. */
  written = 0;

  /** Sends bytes to the server. Nothing arrives once it has closed. */
  feed(bytes: Uint8Array): void {
    if (this.connected && bytes.length > 0) this.onData(bytes, bytes.length);
  }

  /** The client goes away. */
  leave(): void {
    if (!this.connected) return;
    this.connected = false;
    this.onClose();
  }

  write(_bytes: Uint8Array, length: number): boolean {
    this.written += length;
    return true;
  }

  end(): void {
    this.connected = false;
  }

  destroy(): void {
    this.connected = false;
  }

  pause(): void {}
  resume(): void {}
  setNoDelay(): void {}
  setKeepAlive(): void {}
}
