/**
 * The bus between simulated nodes: connections that carry messages in their order, after a while, or not any more. A port
 * nobody listens on refuses; the host of a stopped process accepts for it; what is cut off says nothing at all.
 */
import { decodeMessage, encodedLength, encodeMessage } from "../../src/cluster/codec.ts";
import type { Message } from "../../src/cluster/messages.ts";
import type { Random } from "../../src/io/io.ts";
import type { VirtualClock } from "../../src/io/virtual-clock.ts";
import type { Member } from "./member.ts";

export interface BusWeather {
  /** How long a message takes, at least and at most. */
  readonly leastMs: number;
  readonly mostMs: number;
  /** The share of messages that never arrive, while their connection stays. TCP knows no such thing; the machine has to stand it. */
  readonly loss: number;
  /** Messages of a connection may overtake each other. As above. */
  readonly reorders: boolean;
}

export const FINE: BusWeather = { leastMs: 1, mostMs: 4, loss: 0, reorders: false };

/** One end of a connection. */
interface Wire {
  readonly to: Member;
  readonly toLink: number;
  /** When the last message arrives at the other end: none goes past it. */
  lastAt: number;
}

export class Wires {
  weather: BusWeather = FINE;
  /** Messages travel as their bytes, as they do in reality; as values they are faster. */
  readonly asBytes: boolean;
  messages = 0;
  bytes = 0;
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #cuts = new Set<number>();
  /** By the number of a member and of its link. */
  readonly #wires: Map<number, Wire>[] = [];

  constructor(clock: VirtualClock, random: Random, asBytes: boolean) {
    this.#clock = clock;
    this.#random = random;
    this.asBytes = asBytes;
  }

  // ---- What lies between

  /** Nothing from `from` reaches `to`. */
  cutWay(from: Member, to: Member): void {
    this.#cuts.add(wayOf(from, to));
  }

  heal(): void {
    this.#cuts.clear();
    this.weather = FINE;
  }

  passes(from: Member, to: Member): boolean {
    return this.#cuts.size === 0 || !this.#cuts.has(wayOf(from, to));
  }

  /** Both ways: no connection can be made otherwise. */
  connects(a: Member, b: Member): boolean {
    return this.passes(a, b) && this.passes(b, a);
  }

  delay(): number {
    const { leastMs, mostMs } = this.weather;
    return leastMs + (this.#random.uint32() % (mostMs - leastMs + 1));
  }

  // ---- Connections

  connect(from: Member, link: number, to: Member | undefined): void {
    const { life } = from;
    this.#clock.after(this.delay(), () => {
      if (life !== from.life) return;
      // Cut off, nothing comes back, not even a refusal.
      if (to !== undefined && !this.connects(from, to)) return;
      if (to === undefined || !to.isAlive) {
        from.receive({ kind: "disconnected", link, refused: true });
        return;
      }
      this.join(from, link, to, to.accept());
      from.receive({ kind: "connected", link, remoteIp: HOST, localIp: HOST });
    });
  }

  /** A connection that has been there for long. */
  join(from: Member, link: number, to: Member, there: number): void {
    this.#of(from).set(link, { to, toLink: there, lastAt: 0 });
    this.#of(to).set(there, { to: from, toLink: link, lastAt: 0 });
  }

  send(from: Member, link: number, message: Message): void {
    const wire = this.#of(from).get(link);
    if (wire === undefined) return;
    const { to, toLink } = wire;
    const bytes = encodedLength(message);
    this.messages++;
    this.bytes += bytes;
    from.sentMessages++;
    from.sentBytes += bytes;
    const { loss, reorders } = this.weather;
    if (!this.passes(from, to) || (loss > 0 && this.#random.uint32() / 2 ** 32 < loss)) return;
    const due = this.#clock.now() + this.delay();
    const at = reorders ? due : Math.max(due, wire.lastAt);
    wire.lastAt = at;
    const packet = this.asBytes ? encodeMessage(message) : message;
    const { life } = to;
    this.#clock.after(at - this.#clock.now(), () => {
      if (life !== to.life || !this.passes(from, to) || !this.#of(to).has(toLink)) return;
      const arrived = packet instanceof Uint8Array ? decodeMessage(packet, 0, packet.length)! : packet;
      to.receive({ kind: "message", link: toLink, message: arrived });
    });
  }

  /** Closes one; the other end hears of it. */
  hangUp(from: Member, link: number): void {
    const wire = this.#of(from).get(link);
    if (wire === undefined) return;
    this.#of(from).delete(link);
    const { to, toLink } = wire;
    if (!this.#of(to).delete(toLink)) return;
    const { life } = to;
    this.#clock.after(this.delay(), () => {
      if (life === to.life && this.passes(from, to)) to.receive({ kind: "disconnected", link: toLink, refused: false });
    });
  }

  hangUpAll(from: Member): void {
    for (const link of [...this.#of(from).keys()]) this.hangUp(from, link);
  }

  #of(member: Member): Map<number, Wire> {
    let wires = this.#wires[member.index];
    if (wires === undefined) {
      wires = new Map();
      this.#wires[member.index] = wires;
    }
    return wires;
  }
}

export const HOST = "127.0.0.1";

const wayOf = (from: Member, to: Member) => from.index * 65536 + to.index;
