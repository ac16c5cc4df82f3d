/**
 * Writers and readers of a cluster through somebody's client, who keep account: what was acknowledged, what failed and when.
 * Each key has one writer, so what it holds in the end is what that one wrote last, or tried to write after that.
 */
import { Slice } from "../../src/base/bytes.ts";
import { hashSlot } from "../../src/base/hash-slot.ts";

/** A client of the cluster, as its library hands it out: nothing tuned. */
export interface LoadClient {
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<string | null>;
  close(): unknown;
}

export interface Account {
  acknowledged: number;
  /** By phase. */
  readonly errors: Map<string, string[]>;
  /** Keys that hold less than what was acknowledged. */
  lost: string[];
}

/** `count` keys, half of them in the first slots of all, which are the first that a reshard moves away from there. */
export function loadKeys(count: number): string[] {
  const keys: string[] = [];
  const near = (key: string) => slotOf(key) < NEAR_SLOTS;
  for (let i = 0; keys.length < count / 2; i++) if (near(`key:${i}`)) keys.push(`key:${i}`);
  for (let i = 0; keys.length < count; i++) if (!near(`other:${i}`)) keys.push(`other:${i}`);
  return keys;
}

export const NEAR_SLOTS = 60;

function slotOf(key: string): number {
  const bytes = Buffer.from(key);
  return hashSlot(new Slice(bytes, 0, bytes.length));
}

export class Load implements AsyncDisposable {
  readonly account: Account = { acknowledged: 0, errors: new Map(), lost: [] };
  phase = "start";
  readonly #client: LoadClient;
  readonly #keys: readonly string[];
  readonly #acknowledged = new Map<string, number>();
  readonly #tried = new Map<string, number>();
  #running: Promise<unknown> = Promise.resolve();
  #stopped = false;

  constructor(client: LoadClient, keys: readonly string[]) {
    this.#client = client;
    this.#keys = keys;
  }

  start(writers: number): void {
    const shares = Array.from({ length: writers }, (_, w) => this.#keys.filter((_, i) => i % writers === w));
    this.#running = Promise.all(shares.map((keys) => this.#write(keys)));
  }

  /** Names what goes on now, and tells what failed in it when it is over. */
  async during(phase: string, work: () => Promise<unknown>): Promise<string[]> {
    this.phase = phase;
    await work();
    this.phase = `after ${phase}`;
    return this.account.errors.get(phase) ?? [];
  }

  /** Resolves once so many more writes have been acknowledged. */
  async progress(count: number): Promise<void> {
    const goal = this.account.acknowledged + count;
    const deadline = performance.now() + 30_000;
    while (this.account.acknowledged < goal) {
      if (performance.now() > deadline) throw new Error(`stuck: ${this.describe()}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Ends the writes, and reads all of it once more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    for (const key of this.#keys) {
      const value = Number(await this.#client.get(key));
      if (!this.#fits(key, value)) this.account.lost.push(`${key}: ${value}, not ${this.#acknowledged.get(key)}`);
    }
  }

  /** In the midst of it, too: who waits for an answer is told that there will be none. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await this.#client.close();
  }

  describe(): string {
    const { acknowledged, errors, lost } = this.account;
    return JSON.stringify({ acknowledged, errors: [...errors], lost });
  }

  async #write(keys: readonly string[]): Promise<void> {
    for (let i = 0; !this.#stopped; i++) {
      const key = keys[i % keys.length]!;
      const value = i + 1;
      try {
        this.#tried.set(key, value);
        await this.#client.set(key, `${value}`);
        this.#acknowledged.set(key, value);
        this.account.acknowledged++;
        const read = Number(await this.#client.get(key));
        if (!this.#fits(key, read)) this.account.lost.push(`${this.phase}: ${key} was ${read}, not ${value}`);
      } catch (error) {
        this.#failed(error as Error);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  #fits(key: string, value: number): boolean {
    return value >= (this.#acknowledged.get(key) ?? 0) && value <= (this.#tried.get(key) ?? 0);
  }

  #failed(error: Error): void {
    const list = this.account.errors.get(this.phase);
    const text = `${error.name}: ${error.message}`;
    if (list === undefined) this.account.errors.set(this.phase, [text]);
    else if (list.length < 20) list.push(text);
  }
}
