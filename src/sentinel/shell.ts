/**
 * A Sentinel in the world: connections, timers, scripts and the configuration file around the machine. The world becomes
 * inputs, effects become the world; nothing is decided here.
 */
import { type Io, randomId, type Timer } from "../io/io.ts";
import type { Processes } from "../io/processes.ts";
import { type ConfigLine, configLines, loadConfig } from "./config.ts";
import { Connections } from "./connections.ts";
import type { SentinelHost } from "./host.ts";
import { Sentinel } from "./machine.ts";
import type { Effect, Input, LogLevel, Order } from "./protocol.ts";
import { ScriptRunner } from "./script-runner.ts";
import { ScriptQueue } from "./scripts.ts";
import { pace } from "./settings.ts";
import type { State } from "./state.ts";

export interface OrderResult {
  /** Whether what had to be saved was. */
  readonly saved: boolean;
  readonly answer: Extract<Effect, { kind: "answer" }> | null;
}

/** Wakes closer together than this are one. */
const WAKE_GRAIN_MS = 2;

export class SentinelShell {
  readonly machine: Sentinel;
  readonly host: SentinelHost;
  readonly scripts = new ScriptQueue();
  readonly #io: Io;
  readonly #connections: Connections;
  readonly #runner: ScriptRunner;
  readonly #timers = new Set<Timer>();
  readonly #wakes = new Set<number>();
  /** What the file last held, should it vanish. */
  #text = "";
  #stopped = false;

  /**
   * @param lines  the lines `sentinel ...` of the configuration file
   * @throws BadLine
   */
  constructor(io: Io, processes: Processes, host: SentinelHost, lines: readonly ConfigLine[]) {
    this.#io = io;
    this.host = host;
    this.machine = new Sentinel(io.random, { requirePass: host.requirePass });
    this.#connections = new Connections(io, host.sourceHost, (input) => this.#step(input));
    this.#runner = new ScriptRunner({
      queue: this.scripts,
      processes,
      clock: io.clock,
      timings: this.state.timings,
      tell: ({ level, name, text }) => this.#event(level, name, text),
    });
    this.state.now = this.now;
    loadConfig(this.state, lines, { isExecutable: (path) => host.isExecutable(path) });
  }

  get state(): State {
    return this.machine.state;
  }

  /** The machine's clock: monotonic milliseconds. */
  get now(): number {
    return this.#io.clock.monotonicMicros() / 1000;
  }

  /** The time of day at a moment of the machine's clock. */
  timeOfDay(at: number): number {
    return Math.round(this.#io.clock.now() - (this.now - at));
  }

  /**
   * Begins to watch. The server listens already.
   * @param port  where others reach this Sentinel
   * @throws  if the state cannot be saved: a Sentinel without a memory could vote twice
   */
  start(port: number): void {
    if (this.state.myid === "") this.state.myid = randomId(this.#io.random);
    if (!this.#save()) throw new Error(`Sentinel config file ${this.host.configFile} is not writable`);
    this.#step({ kind: "start", port });
    this.#timers.add(
      this.#io.clock.every(pace.tickMs, () => {
        this.#step({ kind: "tick" });
        this.#runner.run();
      }),
    );
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#connections.closeAll();
    this.#runner.stop();
  }

  /**
   * Does what a SENTINEL subcommand asks for.
   * @throws ReplyError
   */
  order(order: Order): OrderResult {
    return this.#perform(this.machine.step(order, this.now));
  }

  /** A hello that another Sentinel published at us. */
  hello(text: string): void {
    this.#step({ kind: "hello", text });
  }

  #step(input: Input): void {
    if (!this.#stopped) this.#perform(this.machine.step(input, this.now));
  }

  #perform(effects: readonly Effect[]): OrderResult {
    /** Null while this step has saved nothing. */
    let saved: boolean | null = null;
    let answer: OrderResult["answer"] = null;
    for (const effect of effects) {
      if (effect.kind === "save") saved = this.#save();
      else if (effect.kind === "answer") answer = saved === false ? { ...effect, leader: null, epoch: 0 } : effect;
      else this.#act(effect);
    }
    if (saved !== null && saved === this.state.unsaved) this.#step({ kind: "saved", ok: saved });
    return { saved: saved !== false, answer };
  }

  #act(effect: Exclude<Effect, { kind: "save" | "answer" }>): void {
    switch (effect.kind) {
      case "connect":
        this.#connections.connect(effect);
        break;
      case "disconnect":
        this.#connections.disconnect(effect);
        break;
      case "send":
        this.#connections.send(effect);
        break;
      case "subscribe":
        this.#connections.subscribe(effect);
        break;
      case "resolve":
        this.#resolve(effect.host);
        break;
      case "event":
        this.#event(effect.level, effect.name, effect.text);
        break;
      case "log":
        this.host.log[effect.level](
          effect.untilMs === undefined ? effect.text : this.#until(effect.text, effect.untilMs),
        );
        break;
      case "script":
        this.scripts.add(effect.argv);
        break;
      case "wake":
        this.#wakeIn(effect.delayMs);
        break;
      case "exit":
        this.host.exit(effect.code);
        break;
    }
  }

  #event(level: LogLevel, name: string, text: string): void {
    this.host.log[level](text === "" ? name : `${name} ${text}`);
    if (level !== "debug") this.host.publish(name, text);
  }

  /** As C's ctime writes it, in local time: the line is Redis'. */
  #until(text: string, ms: number): string {
    const date = new Date(this.#io.clock.now() + ms);
    const [day, month] = [date.toDateString().slice(0, 3), date.toDateString().slice(4, 7)];
    return `${text} ${day} ${month} ${String(date.getDate()).padStart(2)} ${date.toTimeString().slice(0, 8)} ${date.getFullYear()}`;
  }

  #resolve(host: string): void {
    this.#io.net.resolve(host).then(
      ([ip]) => {
        if (ip !== undefined) this.#step({ kind: "resolved", host, ip });
      },
      () => this.host.log.warning(`Failed to resolve hostname '${host}'`),
    );
  }

  #wakeIn(delayMs: number): void {
    const at = Math.ceil((this.now + delayMs) / WAKE_GRAIN_MS);
    if (this.#wakes.has(at)) return;
    this.#wakes.add(at);
    const timer = this.#io.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      this.#wakes.delete(at);
      this.#step({ kind: "wake" });
    });
    this.#timers.add(timer);
  }

  /** On disk when this returns: what is sent next may rely on it. */
  #save(): boolean {
    const { configFile, log } = this.host;
    try {
      const old = this.#io.disk.readSync(configFile);
      if (old) this.#text = Buffer.from(old).toString("latin1");
      const text = this.host.rewriteConfig(this.#text, configLines(this.state));
      this.#io.disk.replaceSync(configFile, Buffer.from(text, "latin1"));
      this.#text = text;
      log.notice("Sentinel new configuration saved on disk");
      return true;
    } catch (error) {
      log.warning(
        `WARNING: Sentinel was not able to save the new configuration on disk!!!: ${(error as Error).message}`,
      );
      return false;
    }
  }
}
