/** The real world: what `main/` hands to everything else. */
import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import type { Clock, Io, Random, Timer } from "./io.ts";
import { NodeDisk } from "./node-disk.ts";
import { NodeNet } from "./node-net.ts";

/** What one timer of Node's can wait; a longer delay would be taken for none. */
const LONGEST_MS = 2 ** 31 - 1;

export class NodeClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonicMicros(): number {
    return performance.now() * 1000;
  }

  after(delayMs: number, action: () => void): Timer {
    let timer: NodeJS.Timeout;
    const arm = (left: number) => {
      timer = left > LONGEST_MS ? setTimeout(arm, LONGEST_MS, left - LONGEST_MS) : setTimeout(action, left);
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(timer) };
  }

  every(periodMs: number, action: () => void): Timer {
    const timer = setInterval(action, periodMs);
    return { cancel: () => clearInterval(timer) };
  }

  endOfTick(action: () => void): void {
    setImmediate(action);
  }
}

export class NodeRandom implements Random {
  #pool = randomBytes(1024);
  #used = 0;

  uint32(): number {
    if (this.#used + 4 > this.#pool.length) {
      this.#pool = randomBytes(this.#pool.length);
      this.#used = 0;
    }
    const value = this.#pool.readUInt32LE(this.#used);
    this.#used += 4;
    return value;
  }

  float(): number {
    return this.uint32() / 2 ** 32;
  }

  bytes(length: number): Uint8Array {
    return randomBytes(length);
  }
}

export function nodeIo(): Io {
  return { clock: new NodeClock(), random: new NodeRandom(), net: new NodeNet(), disk: new NodeDisk() };
}
