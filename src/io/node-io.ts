/** The real world: what `main/` hands to everything else. */
import { randomBytes, randomFillSync } from "node:crypto";
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

/** So many numbers are drawn at once: the call costs as much as some hundred of them. */
const POOL = 1024;

export class NodeRandom implements Random {
  readonly #pool = new Uint32Array(POOL);
  #used = POOL;

  uint32(): number {
    if (this.#used === POOL) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    return this.#pool[this.#used++]!;
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
