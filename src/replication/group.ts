/**
 * What a server knows of its group: who the Sentinels are, what they call it, and at which address they know us. Learned from
 * the hello messages that Sentinels publish through every server they watch, and kept in a file, so that a primary that
 * restarts knows whom to ask.
 */
import type { Endpoint } from "../io/net.ts";

export const GROUP_FILE = "nines-group.json";
export const HELLO_CHANNEL = "__sentinel__:hello";

/** Sentinels that were replaced without a word are forgotten beyond this many. */
const MAX_SENTINELS = 32;

export interface Hello {
  readonly sentinel: Endpoint;
  readonly runId: string;
  readonly name: string;
  readonly primary: Endpoint;
  /** The epoch of that address: the greatest is right. */
  readonly epoch: number;
}

/** `ip,port,runid,current_epoch,name,primary_ip,primary_port,primary_config_epoch`; null for anything else. */
export function parseHello(message: string): Hello | null {
  const words = message.split(",");
  if (words.length < 8) return null;
  const [host, port, runId, , name, primaryHost, primaryPort, epoch] = words as [string, ...string[]];
  const numbers = [Number(port), Number(primaryPort), Number(epoch)];
  if (host === "" || primaryHost === "" || numbers.some((n) => !Number.isInteger(n) || n < 0)) return null;
  return {
    sentinel: { host, port: numbers[0]! },
    runId: runId!,
    name: name!,
    primary: { host: primaryHost!, port: numbers[1]! },
    epoch: numbers[2]!,
  };
}

export class Group {
  /** The Sentinels' name for it; "" while unknown. */
  name = "";
  /** Our own address in their words; null while unknown. */
  self: Endpoint | null = null;
  epoch = 0;
  /** By run id. */
  readonly #sentinels = new Map<string, Endpoint>();

  get sentinels(): Endpoint[] {
    return [...this.#sentinels.values()];
  }

  /** Takes in who a Sentinel is. True if that is news worth keeping. */
  heard(hello: Hello): boolean {
    const known = this.#sentinels.get(hello.runId);
    const same = known !== undefined && known.host === hello.sentinel.host && known.port === hello.sentinel.port;
    if (same && this.name === hello.name) return false;
    this.name = hello.name;
    // One that came back under another run id stands at the same address.
    for (const [runId, { host, port }] of this.#sentinels) {
      if (host === hello.sentinel.host && port === hello.sentinel.port) this.#sentinels.delete(runId);
    }
    this.#sentinels.delete(hello.runId);
    this.#sentinels.set(hello.runId, hello.sentinel);
    if (this.#sentinels.size > MAX_SENTINELS) this.#sentinels.delete(this.#sentinels.keys().next().value!);
    return true;
  }

  toJson(): string {
    const sentinels = [...this.#sentinels].map(([runId, { host, port }]) => ({ runId, host, port }));
    return `${JSON.stringify({ name: this.name, self: this.self, epoch: this.epoch, sentinels }, null, 2)}\n`;
  }

  /** What a file says, as far as it makes sense; a broken file is as good as none. */
  static fromJson(text: string): Group {
    const group = new Group();
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      return group;
    }
    if (typeof parsed !== "object" || parsed === null) return group;
    const { name, self, epoch, sentinels } = parsed as Record<string, unknown>;
    if (typeof name === "string") group.name = name;
    if (isEndpoint(self)) group.self = { host: self.host, port: self.port };
    if (typeof epoch === "number" && Number.isInteger(epoch)) group.epoch = epoch;
    for (const one of Array.isArray(sentinels) ? sentinels.slice(0, MAX_SENTINELS) : []) {
      if (isEndpoint(one) && "runId" in one && typeof one.runId === "string") {
        group.#sentinels.set(one.runId, { host: one.host, port: one.port });
      }
    }
    return group;
  }
}

function isEndpoint(value: unknown): value is Endpoint {
  if (typeof value !== "object" || value === null) return false;
  const { host, port } = value as Record<string, unknown>;
  return typeof host === "string" && host !== "" && typeof port === "number" && Number.isInteger(port);
}
