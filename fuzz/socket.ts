/** A connection without a network: what is fed in arrives at once, what the server writes is counted, and kept if somebody asks. */
import type { Endpoint, NetError, Socket } from "../src/io/net.ts";

/** One end of a connection; the other end is the fuzzer. */
export class FuzzSocket implements Socket {
  readonly local = { host: "127.0.0.1", port: 6379 };
  readonly fd = -1;
  readonly unsentBytes = 0;
  readonly remote: Endpoint;
  connected = false;
  onConnect = () => {};
  onData: (bytes: Uint8Array, length: number) => void = () => {};
  onDrain = () => {};
  onClose: (error?: NetError) => void = () => {};
  /** What the server sent, as far as it is kept. */
  received = "";
  keeps = 0;
  /** Bytes that the server sent. */
  written = 0;

  constructor(remote: Endpoint, connected: boolean) {
    this.remote = remote;
    this.connected = connected;
  }

  /** Sends bytes to the server. Nothing arrives once it has closed. */
  feed(bytes: Uint8Array): void {
    if (this.connected && bytes.length > 0) this.onData(bytes, bytes.length);
  }

  /** The other end goes away. */
  leave(): void {
    if (!this.connected) return;
    this.connected = false;
    this.onClose();
  }

  write(bytes: Uint8Array, length: number): boolean {
    this.written += length;
    if (this.received.length < this.keeps)
      this.received += Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("latin1");
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
