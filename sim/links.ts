/** What lies between the hosts: how long bytes take, what is lost on the way, and which ways are cut. */
import type { Random } from "../src/io/io.ts";

/** The first retransmission of TCP; each further one takes twice as long. */
const RETRANSMIT_MS = 200;

export interface Weather {
  /** How much longer than its usual time a segment may take, at most; mostly much less. */
  readonly jitterMs: number;
  /** The share of segments that are lost, and so come late. */
  readonly loss: number;
}

export const FINE: Weather = { jitterMs: 0.3, loss: 0 };

export class Links {
  /** Everywhere. */
  weather: Weather = FINE;
  readonly #random: Random;
  /** Milliseconds one way, by "from>to". */
  readonly #latency = new Map<string, number>();
  readonly #cuts = new Set<string>();
  /** Milliseconds that everything from or to a host takes longer. */
  readonly #slow = new Map<string, number>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Nothing from `from` reaches `to`. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
  }

  mend(from: string, to: string): void {
    this.#cuts.delete(`${from}>${to}`);
  }

  mendAll(): void {
    this.#cuts.clear();
    this.#slow.clear();
    this.weather = FINE;
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(`${from}>${to}`);
  }

  slowDown(host: string, ms: number): void {
    if (ms === 0) this.#slow.delete(host);
    else this.#slow.set(host, ms);
  }

  /** How long a segment takes that leaves now. */
  delay(from: string, to: string): number {
    const { jitterMs, loss } = this.weather;
    const random = this.#random;
    let ms = this.#base(from, to) + jitterMs * random.float() ** 3;
    for (let wait = RETRANSMIT_MS; loss > 0 && wait < 2000 && random.float() < loss; wait *= 2) ms += wait;
    if (this.#slow.size > 0) ms += (this.#slow.get(from) ?? 0) + (this.#slow.get(to) ?? 0);
    return ms;
  }

  /** After a cut was mended: until the sender tries again, who does so less and less often. */
  retryDelay(waitedMs: number): number {
    return Math.min(waitedMs, 2000) * this.#random.float();
  }

  /** Whether a segment arrives in two pieces: any byte may be the last of a read. */
  splits(): boolean {
    return this.#random.float() < 0.02;
  }

  below(limit: number): number {
    return Math.floor(this.#random.float() * limit);
  }

  #base(from: string, to: string): number {
    const key = `${from}>${to}`;
    let ms = this.#latency.get(key);
    if (ms === undefined) {
      ms = from === to ? 0.02 : 0.05 + 0.5 * this.#random.float();
      this.#latency.set(key, ms);
    }
    return ms;
  }
}
