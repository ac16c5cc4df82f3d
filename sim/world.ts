/**
 * A whole topology in one process on virtual time: nines servers, Sentinels, and clients that write. All that happens follows
 * from the seed. What befalls the nodes is done and written down here; `faults.ts` draws it, `checkers/` judge it.
 */
import { SeededRandom } from "../src/io/random.ts";
import { VirtualClock } from "../src/io/virtual-clock.ts";
import type { Checker } from "./checkers/checker.ts";
import { sentinelConfig, serverConfig } from "./configs.ts";
import { Links, type Weather } from "./links.ts";
import { Loop } from "./loop.ts";
import { Network } from "./net.ts";
import { type LogLevel, type NodeWatcher, SimNode } from "./node.ts";
import { Troubles } from "./troubles.ts";
import { type Acknowledgement, Writer } from "./writer.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly replicas: number;
  readonly sentinels: number;
  readonly quorum: number;
  readonly downAfterMs: number;
  readonly failoverTimeoutMs: number;
  /** Clients that find the primary through Sentinel. */
  readonly followers: number;
  /** Clients that never leave the server that was the first primary. */
  readonly loyalists: number;
  /** Sentinels live on the machines of the servers. */
  readonly together: boolean;
  /** Servers save their data every other second. */
  readonly saves: boolean;
  /** More lines for the configuration of a server. */
  readonly serverLines: (name: string) => readonly string[];
}

export const DEFAULTS: WorldOptions = {
  seed: 1,
  replicas: 2,
  sentinels: 3,
  quorum: 2,
  downAfterMs: 1000,
  failoverTimeoutMs: 4000,
  followers: 2,
  loyalists: 1,
  together: false,
  saves: true,
  serverLines: () => [],
};

/** The name the Sentinels have for the group. */
export const GROUP = "mymaster";

export class World implements NodeWatcher {
  readonly options: WorldOptions;
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly links: Links;
  readonly network: Network;
  readonly loop: Loop;
  readonly servers: SimNode[] = [];
  readonly sentinels: SimNode[] = [];
  readonly writers: Writer[] = [];
  readonly acknowledgements: Acknowledgement[] = [];
  readonly troubles: Troubles;
  readonly checkers: Checker[] = [];
  /** What happened, a line each. */
  readonly transcript: string[] = [];
  /** Which lines of the nodes' logs go there. */
  keepsLine = (_node: SimNode, level: LogLevel, text: string): boolean =>
    (level === "notice" || level === "warning") && !text.startsWith("Sentinel new configuration saved");

  constructor(options: Partial<WorldOptions> & { seed: number }) {
    this.options = { ...DEFAULTS, ...options };
    this.random = new SeededRandom(this.options.seed);
    this.links = new Links(new SeededRandom(this.random.uint32()));
    this.network = new Network(this.clock, this.links);
    this.loop = new Loop(this.clock);
    this.troubles = new Troubles(() => this.now);
    for (let i = 0; i <= this.options.replicas; i++) this.#addServer(i);
    for (let i = 0; i < this.options.sentinels; i++) this.#addSentinel(i);
    const { followers, loyalists } = this.options;
    for (let i = 0; i < followers + loyalists; i++) this.#addWriter(i, i >= followers);
  }

  /** Milliseconds since the world began. */
  get now(): number {
    return this.network.now;
  }

  get nodes(): SimNode[] {
    return [...this.servers, ...this.sentinels];
  }

  at(address: string, port: number): SimNode | undefined {
    return this.nodes.find((node) => node.address === address && node.port === port);
  }

  /** Everything starts; the clients, when there is something to write to. */
  async begin(): Promise<void> {
    for (const node of this.nodes) {
      this.clock.after(this.random.float() * 50, () => node.start());
    }
    await this.loop.run(500);
    for (const writer of this.writers) writer.start();
  }

  note(who: string, text: string): void {
    this.transcript.push(`${(this.now / 1000).toFixed(3).padStart(8)} ${who.padEnd(3)} ${text}`);
  }

  // ---- What befalls the nodes

  kill(node: SimNode): void {
    this.note(node.name, "<< killed");
    this.troubles.begin("dead", node.name);
    node.kill();
  }

  start(node: SimNode): void {
    this.note(node.name, "<< starts");
    if (node.host.powered) node.start();
    else this.#power(node);
  }

  stop(node: SimNode): void {
    this.note(node.name, "<< stopped");
    this.troubles.begin("stopped", node.name);
    node.stop();
  }

  resume(node: SimNode): void {
    this.note(node.name, "<< goes on");
    node.resume();
    this.troubles.end("stopped", node.name);
  }

  /** The machine fails, with all that runs on it. */
  losePower(node: SimNode): void {
    this.note(node.name, "<< its machine loses power");
    for (const one of this.#on(node.address)) {
      this.troubles.begin("dead", one.name);
      one.losePower();
    }
  }

  cut(from: string, to: string): void {
    this.links.cut(from, to);
    this.troubles.begin("cut", `${from}>${to}`);
  }

  /** Nothing passes between these machines and all others. */
  isolate(...addresses: string[]): void {
    this.note("net", `<< ${addresses.join(", ")} cut off`);
    for (const inside of addresses) {
      for (const outside of this.addresses) {
        if (addresses.includes(outside)) continue;
        this.cut(inside, outside);
        this.cut(outside, inside);
      }
    }
  }

  /** One way only. */
  cutWay(from: string, to: string): void {
    this.note("net", `<< nothing passes from ${from} to ${to}`);
    this.cut(from, to);
  }

  slowDown(address: string, ms: number): void {
    this.note("net", `<< ${address} is ${ms} ms further away`);
    this.links.slowDown(address, ms);
    this.troubles.begin("slow", address);
  }

  storm(weather: Weather): void {
    this.note("net", `<< ${Math.round(weather.loss * 100)} % of all segments are lost`);
    this.links.weather = weather;
    this.troubles.begin("storm", "everywhere");
  }

  jumpClock(node: SimNode, byMs: number): void {
    this.note(node.name, `<< its wall clock jumps by ${byMs} ms`);
    this.troubles.pass("clock", node.name);
    node.jumpClock(byMs);
  }

  /** All ways are open and fast again. */
  mend(): void {
    this.note("net", "<< mended");
    this.links.mendAll();
    for (const kind of ["cut", "slow", "storm"] as const) this.troubles.endAll(kind);
    this.network.changed();
  }

  /** Everything is up and connected from now on. */
  heal(): void {
    this.note("all", "<< is well");
    this.mend();
    for (const node of this.nodes) {
      if (node.state === "stopped") this.resume(node);
      else if (node.state === "dead") this.start(node);
    }
  }

  get addresses(): string[] {
    return [...new Set([...this.nodes.map((node) => node.address), ...this.writers.map((writer) => writer.address)])];
  }

  // ---- What is heard of it

  logged(node: SimNode, level: LogLevel, text: string): void {
    if (this.keepsLine(node, level, text)) this.note(node.name, text);
    for (const checker of this.checkers) checker.logged?.(node, text);
  }

  started(node: SimNode, error?: Error): void {
    if (error) {
      this.note(node.name, `could not start: ${error.stack}`);
      for (const checker of this.checkers) checker.failedToStart?.(node, error);
      return;
    }
    this.troubles.end("dead", node.name);
    for (const checker of this.checkers) checker.started?.(node);
  }

  ended(node: SimNode): void {
    for (const checker of this.checkers) checker.ended?.(node);
  }

  acknowledged(acknowledgement: Acknowledgement): void {
    this.acknowledgements.push(acknowledgement);
    for (const checker of this.checkers) checker.acknowledged?.(acknowledgement);
  }

  // ---- Making it

  #addServer(i: number): void {
    const { saves, serverLines } = this.options;
    const name = `s${i + 1}`;
    const address = `10.0.0.${i + 1}`;
    const primary = i === 0 ? null : "10.0.0.1";
    const config = serverConfig({ address, primary, saves, lines: serverLines(name) });
    const options = { name, address, port: 6379, mode: "server", config } as const;
    this.servers.push(new SimNode(this.network, this.random, options, this));
  }

  #addSentinel(i: number): void {
    const { together, replicas } = this.options;
    const address = together && i <= replicas ? `10.0.0.${i + 1}` : `10.0.1.${i + 1}`;
    const config = sentinelConfig({ address, primary: "10.0.0.1", ...this.options });
    const options = { name: `w${i + 1}`, address, port: 26379, mode: "sentinel", config } as const;
    this.sentinels.push(new SimNode(this.network, this.random, options, this));
  }

  #addWriter(i: number, loyal: boolean): void {
    const name = `c${i + 1}`;
    const random = new SeededRandom(this.random.uint32());
    const sentinels = this.sentinels.map(({ address, port }) => ({ host: address, port }));
    const home = loyal ? { host: "10.0.0.1", port: 6379 } : null;
    const told = (acknowledgement: Acknowledgement) => this.acknowledged(acknowledgement);
    this.writers.push(
      new Writer({ name, address: `10.0.2.${i + 1}`, network: this.network, random, sentinels, home, told }),
    );
  }

  #on(address: string): SimNode[] {
    return this.nodes.filter((node) => node.address === address);
  }

  #power(node: SimNode): void {
    for (const one of this.#on(node.address)) one.getPower();
  }
}
