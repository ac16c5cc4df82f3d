/**
 * The world of one node of an embedded group, with the faults that a test can inject: `kill` (its connections break, its
 * timers never fire), `pause` (as SIGSTOP: it neither reads nor runs until `resume`), `partition` (what crosses the cut waits,
 * new connections across it do not come to be). The node's own code does not notice that it runs in such a world.
 */
import type { Clock, Io, Timer } from "../io/io.ts";
import type {
  ConnectOptions,
  Endpoint,
  Listener,
  ListenOptions,
  Net,
  NetError,
  Socket,
  TlsContext,
  TlsOptions,
} from "../io/net.ts";

/** Which nodes there are, by their ports, and between which the network is cut. */
export class FaultMap {
  readonly #byPort = new Map<number, FaultIo>();
  /** Pairs "a|b" of node names, in both orders. */
  readonly #cuts = new Set<string>();
  readonly #sockets = new Set<FaultSocket>();

  register(port: number, node: FaultIo): void {
    this.#byPort.set(port, node);
  }

  nodeAt(port: number): FaultIo | undefined {
    return this.#byPort.get(port);
  }

  /** The node that has a connection out from this port. */
  nodeConnectedFrom(port: number): FaultIo | undefined {
    for (const socket of this.#sockets) if (socket.connectsFrom === port) return socket.node;
    return undefined;
  }

  isCut(a: string, b: string): boolean {
    return this.#cuts.has(`${a}|${b}`);
  }

  cut(a: string, b: string): void {
    this.#cuts.add(`${a}|${b}`).add(`${b}|${a}`);
    for (const socket of this.#sockets) socket.settle();
  }

  /** Ends every cut. */
  heal(): void {
    this.#cuts.clear();
    for (const socket of this.#sockets) socket.settle();
  }

  add(socket: FaultSocket): void {
    this.#sockets.add(socket);
  }

  remove(socket: FaultSocket): void {
    this.#sockets.delete(socket);
  }

  socketsOf(node: FaultIo): FaultSocket[] {
    return [...this.#sockets].filter((socket) => socket.node === node);
  }
}

export class FaultIo implements Io {
  readonly name: string;
  readonly map: FaultMap;
  readonly clock: FaultClock;
  readonly random: Io["random"];
  readonly net: Net;
  readonly disk: Io["disk"];
  state: "running" | "paused" | "killed" = "running";
  readonly listeners: Listener[] = [];

  constructor(name: string, world: Io, map: FaultMap) {
    this.name = name;
    this.map = map;
    this.random = world.random;
    this.disk = world.disk;
    this.clock = new FaultClock(world.clock, this);
    this.net = new FaultNet(world.net, this);
  }

  /** As SIGKILL: the system closes its sockets; it says no farewell. Resolves when nobody can connect any more. */
  async kill(): Promise<void> {
    this.state = "killed";
    for (const socket of this.map.socketsOf(this)) socket.break();
    await Promise.all(this.listeners.splice(0).map((listener) => listener.close()));
  }

  /** As SIGSTOP. */
  pause(): void {
    if (this.state === "running") this.state = "paused";
    for (const socket of this.map.socketsOf(this)) socket.settle();
  }

  /** As SIGCONT. */
  resume(): void {
    if (this.state !== "paused") return;
    this.state = "running";
    this.clock.wake();
    for (const socket of this.map.socketsOf(this)) socket.settle();
  }
}

/** Time goes on while a node is paused; what became due meanwhile runs when it wakes, once each. */
class FaultClock implements Clock {
  readonly #clock: Clock;
  readonly #node: FaultIo;
  #late: (() => void)[] = [];

  constructor(clock: Clock, node: FaultIo) {
    this.#clock = clock;
    this.#node = node;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonicMicros(): number {
    return this.#clock.monotonicMicros();
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#clock.after(delayMs, () => this.#run(action));
  }

  every(periodMs: number, action: () => void): Timer {
    return this.#clock.every(periodMs, () => this.#run(action));
  }

  endOfTick(action: () => void): void {
    this.#clock.endOfTick(() => this.#run(action));
  }

  wake(): void {
    const late = this.#late;
    this.#late = [];
    for (const action of late) action();
  }

  #run(action: () => void): void {
    if (this.#node.state === "running") action();
    else if (this.#node.state === "paused" && !this.#late.includes(action)) this.#late.push(action);
  }
}

class FaultNet implements Net {
  readonly #net: Net;
  readonly #node: FaultIo;

  constructor(net: Net, node: FaultIo) {
    this.#net = net;
    this.#node = node;
  }

  async listen(options: ListenOptions, onConnection: (socket: Socket) => void): Promise<Listener> {
    const listener = await this.#net.listen(options, (socket) => {
      const node = this.#node;
      if (node.state === "killed") socket.destroy();
      else onConnection(new FaultSocket(socket, node, undefined));
    });
    this.#node.map.register(listener.endpoint.port, this.#node);
    this.#node.listeners.push(listener);
    return listener;
  }

  connect(endpoint: Endpoint, options?: ConnectOptions): Socket {
    return new FaultSocket(this.#net.connect(endpoint, options), this.#node, endpoint.port);
  }

  resolve(host: string): Promise<string[]> {
    return this.#net.resolve(host);
  }

  secure(options: TlsOptions): TlsContext {
    return this.#net.secure(options);
  }
}

/**
 * A socket that can be stopped. Which node is at the other end is known of those that connect (by the port); the end that
 * accepted learns it when a cut is made, from the port that the other end connected from.
 */
class FaultSocket implements Socket {
  onConnect: () => void = () => {};
  onData: (bytes: Uint8Array, length: number) => void = () => {};
  onDrain: () => void = () => {};
  onClose: (error?: NetError) => void = () => {};
  readonly node: FaultIo;
  readonly #socket: Socket;
  readonly #targetPort: number | undefined;
  #stopped = false;
  #wantsData = true;
  /** What happened while it was stopped, in order. */
  #missed: (() => void)[] = [];

  constructor(socket: Socket, node: FaultIo, targetPort: number | undefined) {
    this.#socket = socket;
    this.node = node;
    this.#targetPort = targetPort;
    node.map.add(this);
    socket.onConnect = () => this.#happened(() => this.onConnect());
    socket.onDrain = () => this.#happened(() => this.onDrain());
    socket.onData = (bytes, length) => {
      if (!this.#stopped) this.onData(bytes, length);
      else {
        const copy = bytes.slice(0, length);
        this.#missed.push(() => this.onData(copy, length));
      }
    };
    socket.onClose = (error) =>
      this.#happened(() => {
        node.map.remove(this);
        this.onClose(error);
      });
    this.settle();
  }

  get remote(): Endpoint {
    return this.#socket.remote;
  }

  get local(): Endpoint {
    return this.#socket.local;
  }

  get fd(): number {
    return this.#socket.fd;
  }

  get tls(): boolean {
    return this.#socket.tls ?? false;
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  get unsentBytes(): number {
    return this.#socket.unsentBytes;
  }

  /** Stops or goes on, as the node's state and the cuts want it. */
  settle(): void {
    const { node } = this;
    const peer = this.#peer();
    const stop = node.state === "paused" || (peer !== undefined && node.map.isCut(node.name, peer.name));
    if (stop === this.#stopped) return;
    this.#stopped = stop;
    if (stop) {
      this.#socket.pause();
      return;
    }
    if (this.#wantsData) this.#socket.resume();
    const missed = this.#missed;
    this.#missed = [];
    for (const happened of missed) happened();
  }

  /** The process is gone. */
  break(): void {
    this.node.map.remove(this);
    this.#missed = [];
    this.#socket.onData = () => {};
    this.#socket.onClose = () => {};
    this.#socket.destroy();
  }

  write(bytes: Uint8Array, length: number, more?: boolean): boolean {
    return this.node.state === "killed" ? true : this.#socket.write(bytes, length, more);
  }

  pause(): void {
    this.#wantsData = false;
    this.#socket.pause();
  }

  resume(): void {
    this.#wantsData = true;
    if (!this.#stopped) this.#socket.resume();
  }

  setNoDelay(on: boolean): void {
    this.#socket.setNoDelay(on);
  }

  setKeepAlive(delayMs: number): void {
    this.#socket.setKeepAlive(delayMs);
  }

  end(): void {
    this.node.map.remove(this);
    this.#socket.end();
  }

  destroy(): void {
    this.node.map.remove(this);
    this.#socket.destroy();
  }

  #peer(): FaultIo | undefined {
    const { map } = this.node;
    if (this.#targetPort !== undefined) return map.nodeAt(this.#targetPort);
    return map.nodeConnectedFrom(this.#socket.remote.port);
  }

  /** For `FaultMap.nodeConnectedFrom`. */
  get connectsFrom(): number | undefined {
    return this.#targetPort === undefined ? undefined : this.#socket.local.port;
  }

  #happened(what: () => void): void {
    if (this.#stopped) this.#missed.push(what);
    else what();
  }
}
