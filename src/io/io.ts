/**
 * Time, chance, network and disk as the rest of the system sees them. Everything above this room is handed an `Io`
 * and touches the world through it alone, which is what lets `sim/` run whole topologies on virtual time.
 * Node's own are in `node-*.ts`; `test-clock.ts` has the clock that a test can turn.
 */
import type { Disk } from "./disk.ts";
import type { Net } from "./net.ts";

export interface Io {
  readonly clock: Clock;
  readonly random: Random;
  readonly net: Net;
  readonly disk: Disk;
}

export interface Clock {
  /** Wall clock: milliseconds since 1970, whole. May jump. */
  now(): number;
  /** Microseconds since an arbitrary start; never jumps, never goes back. */
  monotonicMicros(): number;
  /** Runs `action` once, `delayMs` from now. */
  after(delayMs: number, action: () => void): Timer;
  /** Runs `action` every `periodMs`. */
  every(periodMs: number, action: () => void): Timer;
  /** Runs `action` when the sockets that are readable now have been read: the end of the tick. */
  endOfTick(action: () => void): void;
}

export interface Timer {
  cancel(): void;
}

export interface Random {
  /** 0 to 2^32 - 1, uniform. */
  uint32(): number;
  /** 0 to 1, 1 excluded. */
  float(): number;
  bytes(length: number): Uint8Array;
}

/** 40 hex digits, as Redis names runs, histories and nodes. */
export function randomId(random: Random): string {
  return Buffer.from(random.bytes(20)).toString("hex");
}
