/** One connection of the bus: bytes in and out of messages. */
import type { NetError, Socket } from "../io/net.ts";
import { BusError, decodeMessage, encodeMessage, messageLength } from "./codec.ts";
import type { Message } from "./messages.ts";

export interface BusLinkOwner {
  onConnect(link: BusLink): void;
  onMessage(link: BusLink, message: Message): void;
  onGarbage(link: BusLink, what: string): void;
  /** The connection has ended, or never came to be; not called after `destroy`. */
  onClose(link: BusLink, error: NetError | undefined): void;
  /** More than may be is waiting to leave. */
  onOverflow(link: BusLink): void;
}

export class BusLink {
  readonly number: number;
  readonly socket: Socket;
  readonly openedAt: number;
  readonly inbound: boolean;
  readonly #owner: BusLinkOwner;
  readonly #maxUnsentBytes: number;
  /** What has come and is no whole message yet. */
  #pending: Buffer = EMPTY;
  #pendingEnd = 0;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #draining = false;
  #closed = false;

  /** @param maxUnsentBytes  cluster-link-sendbuf-limit */
  constructor(
    owner: BusLinkOwner,
    socket: Socket,
    number: number,
    now: number,
    inbound: boolean,
    maxUnsentBytes: number,
  ) {
    this.#owner = owner;
    this.socket = socket;
    this.number = number;
    this.openedAt = now;
    this.inbound = inbound;
    this.#maxUnsentBytes = maxUnsentBytes;
    socket.onConnect = () => {
      socket.setNoDelay(true);
      owner.onConnect(this);
    };
    socket.onData = (bytes, length) => this.#received(bytes, length);
    socket.onDrain = () => this.#drained();
    socket.onClose = (error) => {
      this.#closed = true;
      owner.onClose(this, error);
    };
  }

  /** What waits to leave: CLUSTER LINKS shows it. */
  get unsentBytes(): number {
    return this.#queuedBytes + this.socket.unsentBytes;
  }

  send(message: Message): void {
    if (this.#closed) return;
    const bytes = encodeMessage(message);
    if (!this.#draining) {
      this.#draining = !this.socket.write(bytes, bytes.length);
      return;
    }
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.unsentBytes > this.#maxUnsentBytes) this.#owner.onOverflow(this);
  }

  destroy(): void {
    this.#closed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.socket.destroy();
  }

  #drained(): void {
    this.#draining = false;
    if (this.#queue.length === 0) return;
    const bytes = this.#queue.length === 1 ? this.#queue[0]! : Buffer.concat(this.#queue);
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#draining = !this.socket.write(bytes, bytes.length);
  }

  #received(bytes: Uint8Array, length: number): void {
    this.#keep(bytes, length);
    let at = 0;
    try {
      while (!this.#closed) {
        const size = messageLength(this.#pending, at, this.#pendingEnd);
        if (size === 0 || at + size > this.#pendingEnd) break;
        const message = decodeMessage(this.#pending, at, size);
        at += size;
        if (message !== null) this.#owner.onMessage(this, message);
      }
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      this.#owner.onGarbage(this, error.message);
      return;
    }
    this.#forget(at);
  }

  /** A message's length alone makes no buffer: room is made for what has come. */
  #keep(bytes: Uint8Array, length: number): void {
    if (this.#pendingEnd + length > this.#pending.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(MIN_BUFFER, (this.#pendingEnd + length) * 2));
      this.#pending.copy(larger, 0, 0, this.#pendingEnd);
      this.#pending = larger;
    }
    this.#pending.set(length === bytes.length ? bytes : bytes.subarray(0, length), this.#pendingEnd);
    this.#pendingEnd += length;
  }

  #forget(count: number): void {
    if (count === 0) return;
    this.#pending.copyWithin(0, count, this.#pendingEnd);
    this.#pendingEnd -= count;
    // A large message came and went.
    if (this.#pendingEnd === 0 && this.#pending.length > MAX_IDLE_BUFFER) this.#pending = EMPTY;
  }
}

const EMPTY = Buffer.alloc(0);
const MIN_BUFFER = 8192;
const MAX_IDLE_BUFFER = 1 << 20;
