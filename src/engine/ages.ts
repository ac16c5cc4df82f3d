/**
 * The 24 bits of an entry that say how recently or how often it was used. LRU: seconds, modulo 2^24. LFU: 16 bits of
 * minutes since the counter last decayed, modulo 2^16, then 8 bits of a counter that grows with the logarithm of use.
 */
import { AGE_MASK } from "./entry.ts";
import type { Policy } from "./policy.ts";

/** New keys start above zero so that they are not the first to go. */
const LFU_INITIAL = 5;
const LFU_MAX = 255;

export class Ages {
  readonly #policy: Policy;
  readonly #random: () => number;
  /** The present, in both units. */
  #seconds = 0;
  #minutes = 0;

  constructor(policy: Policy, random: () => number) {
    this.#policy = policy;
    this.#random = random;
  }

  setNow(ms: number): void {
    const seconds = Math.floor(ms / 1000);
    this.#seconds = seconds & AGE_MASK;
    this.#minutes = Math.floor(seconds / 60) & 0xffff;
  }

  /** Of a key that is new. */
  initial(): number {
    return this.#policy.lfu ? (this.#minutes << 8) | LFU_INITIAL : this.#seconds;
  }

  /** The meta word of an entry that is being used. */
  touched(meta: number): number {
    const age = this.#policy.lfu ? (this.#minutes << 8) | this.#increment(this.frequency(meta)) : this.#seconds;
    return (meta & ~AGE_MASK) | age;
  }

  idleSeconds(meta: number): number {
    return (this.#seconds - meta) & AGE_MASK;
  }

  withIdle(meta: number, seconds: number): number {
    return (meta & ~AGE_MASK) | ((this.#seconds - Math.min(seconds, AGE_MASK)) & AGE_MASK);
  }

  /** The counter as it would be now: one less for every `lfu-decay-time` minutes without use. */
  frequency(meta: number): number {
    const counter = meta & 0xff;
    const decay = this.#policy.lfuDecayTime;
    if (decay === 0) return counter;
    const elapsed = (this.#minutes - (meta >>> 8)) & 0xffff;
    return elapsed < decay ? counter : Math.max(0, counter - Math.floor(elapsed / decay));
  }

  withFrequency(meta: number, counter: number): number {
    return (meta & ~AGE_MASK) | (this.#minutes << 8) | (counter & 0xff);
  }

  /** The larger the counter, the less likely it grows. */
  #increment(counter: number): number {
    if (counter === LFU_MAX) return counter;
    const base = Math.max(0, counter - LFU_INITIAL);
    const chance = 1 / (base * this.#policy.lfuLogFactor + 1);
    return this.#random() / 0x100000000 < chance ? counter + 1 : counter;
  }
}
