/**
 * The network of a simulated world: hosts with addresses, and TCP between them as a process sees it. Bytes of a connection
 * arrive in order or not at all for now; a cut holds them until it is mended; a port that nobody listens on refuses; a process
 * that is stopped is still connected to by its system; one that is killed is torn from its connections; a host without power
 * says nothing at all.
 */
import type { Endpoint, ListenOptions } from "../src/io/net.ts";
import type { VirtualClock } from "../src/io/virtual-clock.ts";
import type { Links } from "./links.ts";
import type { SimProcess } from "./process.ts";
import type { SimSocket } from "./socket.ts";

export interface ListeningPort {
  readonly process: SimProcess;
  readonly accept: (socket: SimSocket) => void;
}

/** A machine with an address. */
export class Host {
  readonly address: string;
  powered = true;
  readonly sockets = new Set<SimSocket>();
  /** By port. */
  readonly ports = new Map<number, ListeningPort>();
  #nextPort = 40_000;

  constructor(address: string) {
    this.address = address;
  }

  takePort(): number {
    return this.#nextPort++;
  }
}

export class Network {
  readonly clock: VirtualClock;
  readonly links: Links;
  readonly #hosts = new Map<string, Host>();
  /** Sums up everything that was delivered: two runs are the same if this is. */
  digest = 0x811c9dc5;
  /** While something is delivered: when it was sent. */
  deliveredSentAt = 0;
  /** Directions that have something to deliver and cannot. */
  readonly #stuck = new Set<{ retry(): void }>();

  constructor(clock: VirtualClock, links: Links) {
    this.clock = clock;
    this.links = links;
  }

  get now(): number {
    return this.clock.monotonicMicros() / 1000;
  }

  host(address: string): Host {
    let host = this.#hosts.get(address);
    if (host === undefined) {
      host = new Host(address);
      this.#hosts.set(address, host);
    }
    return host;
  }

  find(address: string): Host | undefined {
    return this.#hosts.get(address);
  }

  /** Whether a segment that arrives now gets through. */
  passes(from: string, to: string): boolean {
    return !this.links.isCut(from, to) && (this.find(to)?.powered ?? false);
  }

  stuck(direction: { retry(): void }): void {
    this.#stuck.add(direction);
  }

  /** To be called when a cut was mended or a host came back. */
  changed(): void {
    const stuck = [...this.#stuck];
    this.#stuck.clear();
    for (const direction of stuck) direction.retry();
  }

  listen(host: Host, process: SimProcess, options: ListenOptions, accept: (socket: SimSocket) => void): Endpoint {
    const port = options.port === 0 ? host.takePort() : options.port;
    if (host.ports.has(port)) throw Object.assign(new Error("address already in use"), { code: "EADDRINUSE" });
    host.ports.set(port, { process, accept });
    return { host: host.address, port };
  }

  /** The process is gone and its system closes what it had open. */
  processEnded(host: Host, process: SimProcess): void {
    this.#closePorts(host, process);
    for (const socket of [...host.sockets]) if (socket.process === process) socket.torn();
  }

  /** The machine is gone: nobody is told. */
  powerLost(host: Host): void {
    host.powered = false;
    host.ports.clear();
    for (const socket of host.sockets) socket.vanish();
    host.sockets.clear();
  }

  powerBack(host: Host): void {
    host.powered = true;
    this.changed();
  }

  note(from: string, to: string, length: number): void {
    const micros = Math.round(this.clock.monotonicMicros());
    this.digest = mix(mix(mix(this.digest, micros), length), checksum(from) ^ checksum(to));
  }

  #closePorts(host: Host, process: SimProcess): void {
    for (const [port, listening] of host.ports) if (listening.process === process) host.ports.delete(port);
  }
}

function mix(digest: number, value: number): number {
  return Math.imul(digest ^ (value | 0), 0x01000193) >>> 0;
}

function checksum(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum = (Math.imul(sum, 31) + text.charCodeAt(i)) | 0;
  return sum;
}
