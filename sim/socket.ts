/** One end of a simulated TCP connection, and the way from it to the other end. */
import type { Endpoint, NetError, Socket } from "../src/io/net.ts";
import type { Host, Network } from "./net.ts";
import type { SimProcess } from "./process.ts";

/** What a sender's and a receiver's system hold for a connection before `write` has to wait. */
const WINDOW_BYTES = 256 * 1024;
/** After these times a SYN that was not answered is sent again; after the last the connection is given up. */
const SYN_RETRIES_MS = [1000, 3000, 7000, 15_000, 31_000, 63_000, 127_000];

/** Virtual time is a Unix time in floating point: no finer than this. */
const EPSILON_MS = 0.001;

type Segment = { readonly bytes: Uint8Array | null; readonly error?: NetError; readonly sentAt: number; at: number };

export class SimSocket implements Socket {
  onConnect: () => void = () => {};
  onData: (bytes: Uint8Array, length: number) => void = () => {};
  onDrain: () => void = () => {};
  onClose: (error?: NetError) => void = () => {};
  readonly fd = -1;
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly process: SimProcess;
  readonly host: Host;
  connected = false;
  readonly #network: Network;
  #peer: SimSocket | null = null;
  /** No more of our callbacks; the peer may not know yet. */
  #closed = false;
  /** Our system does not know the connection any more: what arrives is answered by a reset. */
  #gone = false;
  /** Under way to the peer, the earliest first. */
  readonly #segments: Segment[] = [];
  #lastAt = 0;
  #inFlight = 0;
  #full = false;
  #paused = false;
  readonly #unread: (() => void)[] = [];

  constructor(network: Network, host: Host, process: SimProcess, local: Endpoint, remote: Endpoint) {
    this.#network = network;
    this.host = host;
    this.process = process;
    this.local = local;
    this.remote = remote;
    host.sockets.add(this);
  }

  get unsentBytes(): number {
    return Math.max(0, this.#inFlight - WINDOW_BYTES);
  }

  // ---- What the process does

  write(bytes: Uint8Array, length: number): boolean {
    if (this.#closed || length === 0 || this.process.state === "dead") return true;
    const own = new Uint8Array(bytes.subarray(0, length));
    const cut = length > 1 && this.#network.links.splits() ? 1 + this.#network.links.below(length - 1) : length;
    this.#send(own.subarray(0, cut));
    if (cut < length) this.#send(own.subarray(cut));
    this.#inFlight += length;
    this.#full = this.#inFlight > WINDOW_BYTES;
    return !this.#full;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    while (!this.#paused && this.#unread.length > 0) this.#unread.shift()!();
  }

  setNoDelay(): void {}

  setKeepAlive(): void {}

  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#leave();
  }

  destroy(): void {
    this.end();
  }

  // ---- What the system does

  /** Tries to connect; `giveUpMs` is the process' own limit. */
  connectTo(giveUpMs: number | undefined): void {
    const { clock } = this.#network;
    if (giveUpMs !== undefined) clock.after(giveUpMs, () => this.#failed("ETIMEDOUT"));
    this.#knock(0);
  }

  /** The process was killed: the other side sees the end of the stream, or a reset if bytes were left unread. */
  torn(): void {
    this.#closed = true;
    const reset = this.#network.links.below(2) === 0;
    this.#leave(reset ? netError("ECONNRESET") : undefined);
  }

  /** The machine lost power. */
  vanish(): void {
    this.#closed = true;
    this.#gone = true;
    this.#segments.length = 0;
  }

  /** A way is open again that was cut. */
  retry(): void {
    const first = this.#segments[0];
    if (first === undefined || this.#gone) return;
    const { links, now } = this.#network;
    const wait = links.retryDelay(now - first.at);
    for (const segment of this.#segments) segment.at = Math.max(segment.at, now + wait);
    this.#lastAt = Math.max(this.#lastAt, now + wait);
    this.#deliverLater();
  }

  #knock(attempt: number): void {
    const { clock, links } = this.#network;
    const [us, them] = [this.host.address, this.remote.host];
    clock.after(links.delay(us, them), () => {
      if (this.#closed) return;
      if (this.#network.passes(us, them) && this.#network.passes(them, us)) {
        this.#answered();
        return;
      }
      const wait = SYN_RETRIES_MS[attempt];
      if (wait === undefined) this.#failed("ETIMEDOUT");
      else clock.after(wait - (SYN_RETRIES_MS[attempt - 1] ?? 0), () => this.#closed || this.#knock(attempt + 1));
    });
  }

  #answered(): void {
    const { clock, links } = this.#network;
    const host = this.#network.find(this.remote.host)!;
    const port = host.ports.get(this.remote.port);
    const back = links.delay(host.address, this.host.address);
    if (port === undefined) {
      clock.after(back, () => this.#failed("ECONNREFUSED"));
      return;
    }
    const other = new SimSocket(this.#network, host, port.process, this.remote, this.local);
    other.connected = true;
    other.#peer = this;
    this.#peer = other;
    clock.after(back, () => this.process.deliver(() => this.#established()));
    // The system has accepted; the process hears of it when it runs.
    clock.after(back, () => port.process.deliver(() => other.#gone || port.accept(other)));
  }

  #established(): void {
    if (this.#closed) return;
    this.connected = true;
    this.onConnect();
  }

  #failed(code: string): void {
    if (this.connected || this.#closed) return;
    this.#gone = true;
    this.host.sockets.delete(this);
    this.process.deliver(() => {
      if (this.#closed) return;
      this.#closed = true;
      this.onClose(netError(code));
    });
  }

  #leave(error?: NetError): void {
    this.connected = false;
    this.#unread.length = 0;
    this.host.sockets.delete(this);
    if (this.#peer === null) this.#gone = true;
    else this.#send(null, error);
  }

  #send(bytes: Uint8Array | null, error?: NetError): void {
    const { links, now } = this.#network;
    const at = Math.max(this.#lastAt, now + links.delay(this.host.address, this.remote.host));
    this.#lastAt = at;
    this.#segments.push({ bytes, error, sentAt: now, at });
    if (this.#segments.length === 1) this.#deliverLater();
  }

  #deliverLater(): void {
    const { clock, now } = this.#network;
    clock.after(this.#segments[0]!.at - now, () => this.#deliverNext());
  }

  #deliverNext(): void {
    const segment = this.#segments[0];
    const peer = this.#peer;
    if (segment === undefined || peer === null || segment.at > this.#network.now + EPSILON_MS) return;
    if (!this.#network.passes(this.host.address, this.remote.host)) {
      this.#network.stuck(this);
      return;
    }
    this.#segments.shift();
    if (this.#segments.length > 0) this.#deliverLater();
    this.#network.note(this.local.host, this.remote.host, segment.bytes?.length ?? -1);
    if (segment.bytes === null) peer.#ended(segment.error);
    else {
      this.#arrived(segment.bytes.length);
      peer.#received(segment.bytes, segment.sentAt);
    }
  }

  /** The other side's system has taken so many bytes. */
  #arrived(length: number): void {
    this.#inFlight -= length;
    if (!this.#full || this.#inFlight > WINDOW_BYTES / 2) return;
    this.#full = false;
    this.process.deliver(() => this.#closed || this.onDrain());
  }

  #received(bytes: Uint8Array, sentAt: number): void {
    if (this.#gone || this.#closed) {
      // Nobody reads here any more, and the system says so.
      if (this.#peer !== null && !this.#peer.#gone) this.#reset();
      return;
    }
    this.#happen(() => {
      this.#network.deliveredSentAt = sentAt;
      this.onData(bytes, bytes.length);
    });
  }

  #reset(): void {
    if (this.#segments.some((segment) => segment.bytes === null)) return;
    this.#send(null, netError("ECONNRESET"));
  }

  #ended(error?: NetError): void {
    this.#gone = true;
    this.#segments.length = 0;
    this.host.sockets.delete(this);
    this.#happen(() => {
      this.#closed = true;
      this.connected = false;
      this.onClose(error);
    });
  }

  /** Something reaches the process, unless it has closed the socket by then. */
  #happen(what: () => void): void {
    this.process.deliver(() => {
      if (this.#closed) return;
      if (this.#paused) this.#unread.push(() => this.#closed || what());
      else what();
    });
  }
}

const MESSAGES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect ECONNREFUSED",
  ECONNRESET: "read ECONNRESET",
  ETIMEDOUT: "connect ETIMEDOUT",
};

export function netError(code: string): NetError {
  return Object.assign(new Error(MESSAGES[code] ?? code), { code });
}
