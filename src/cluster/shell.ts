/**
 * The cluster as the server sees it, and the place where the world becomes inputs of the machine (`machine.ts`) and its effects
 * become the world: the connections of the bus, nodes.conf, the tick. Nothing is decided here.
 */
import type { Log } from "../base/log.ts";
import type { FileLock } from "../io/disk.ts";
import { type Io, randomId, type Timer } from "../io/io.ts";
import type { Endpoint, Listener, NetError, Socket } from "../io/net.ts";
import { steadyTime } from "../io/steady-time.ts";
import { BusLink } from "./bus-link.ts";
import type { Effect, Input } from "./effects.ts";
import type { ClusterFacts, ClusterSettings } from "./facts.ts";
import { ClusterMachine } from "./machine.ts";
import { type Message, NodeFlag } from "./messages.ts";
import { readNodesConf, writeNodesConf } from "./nodes-conf.ts";
import { lockNodesConf } from "./nodes-conf-lock.ts";
import { describeSelf } from "./self.ts";
import { senderOf, sendOn } from "./sending.ts";
import type { ClusterState } from "./state.ts";

const TICK_MS = 100;
/** In node timeouts: an idle connection that was made to us is probed, as in Redis. */
const KEEP_ALIVE_TIMEOUTS = 2;
/** Without `cluster-link-sendbuf-limit`: a node that takes nothing any more must not cost us our memory. */
const DEFAULT_SENDBUF_LIMIT = 256 * 1024 * 1024;

/** What a cluster node does to the server around it. */
export interface ClusterHost {
  readonly log: Log;
  /** Commands on keys are served from now on, or refused. */
  stateChanged(ok: boolean): void;
  slotsChanged(): void;
  replicate(primary: Endpoint): void;
  promote(): void;
  dropKeys(slots: readonly number[]): void;
  /** Until `resumeWrites`. */
  pauseWrites(): void;
  resumeWrites(): void;
  /** Answers that have not left wait as well. */
  holdWrites(): void;
  /** `replaced`: whoever waits for an answer is not to believe it. */
  releaseWrites(replaced: boolean): void;
  published(sharded: boolean, channel: Uint8Array, message: Uint8Array): void;
  /** We cannot go on: what must be remembered cannot be. */
  exit(code: number): void;
}

export interface ClusterShellParts {
  readonly io: Io;
  readonly host: ClusterHost;
  readonly settings: ClusterSettings;
  readonly facts: ClusterFacts;
  /** cluster-config-file */
  readonly file: string;
  /** cluster-link-sendbuf-limit; 0 for our own bound. */
  readonly sendBufferLimit: number;
}

export class ClusterShell {
  readonly machine: ClusterMachine;
  readonly #io: Io;
  readonly #host: ClusterHost;
  readonly #file: string;
  readonly #sendBufferLimit: number;
  /** Connections closed because their other end took too little. */
  overflows = 0;
  readonly #time: () => number;
  readonly #links = new Map<number, BusLink>();
  #listeners: Listener[] = [];
  #timer: Timer | null = null;
  readonly #lock: FileLock;
  /** What is being done was heard on the bus. */
  #learning = false;
  /** Something that we heard is not in nodes.conf yet. */
  #unsaved = false;
  #stopped = false;
  /** nodes.conf could not be written. */
  #failed = false;

  /**
   * @throws NodesConfError  a file that is there and cannot be believed
   * @throws NodesConfLockError  another node uses it
   */
  constructor(parts: ClusterShellParts) {
    const { io, host, settings, facts, file } = parts;
    this.#io = io;
    this.#time = steadyTime(io.clock);
    this.#host = host;
    this.#file = file;
    this.#sendBufferLimit = parts.sendBufferLimit || DEFAULT_SENDBUF_LIMIT;
    this.machine = new ClusterMachine({ id: randomId(io.random), settings, facts, random: io.random });
    this.#lock = lockNodesConf(io.disk, file, host.log);
    try {
      this.#load();
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  get state(): ClusterState {
    return this.machine.state;
  }

  /** The machine's clock, which the times of its nodes are of. */
  get now(): number {
    return this.#time();
  }

  /**
   * Listens on the bus at these addresses.
   * @param port  0 for any that is free; what is announced may be another
   * @returns  the port
   */
  async listen(addresses: readonly string[], port: number): Promise<number> {
    let open = port;
    for (const host of addresses) {
      const listener = await this.#io.net.listen({ host, port: open }, (socket) => this.#accept(socket));
      this.#listeners.push(listener);
      open = listener.endpoint.port;
    }
    return open;
  }

  /** Begins, once the settings say under which ports this node is reached. */
  start(): void {
    describeSelf(this.machine.state);
    this.#save(true);
    this.#timer = this.#io.clock.every(TICK_MS, () => this.#step({ kind: "tick" }));
  }

  async stop(): Promise<void> {
    if (this.#unsaved) this.#save(false);
    this.#stopped = true;
    this.#timer?.cancel();
    for (const link of this.#links.values()) link.destroy();
    this.#links.clear();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    this.#listeners = [];
    this.#lock.release();
  }

  /** CLUSTER FAILOVER; the caller has made sure that we are a replica whose primary is known. */
  failover(how: "" | "force" | "takeover"): void {
    this.#perform(this.machine.failover(how, this.now));
  }

  /** The process was stopped for so long: another node may have our slots. */
  stoodStill(ms: number): void {
    this.#step({ kind: "stoodStill", ms });
  }

  /** Writes are held until that is known. */
  get holdsWrites(): boolean {
    return this.state.returning.since !== 0;
  }

  /**
   * For commands that change what is known: what they changed is saved and told.
   * @param learnt  others say it again, should we forget it: it is written at the next tick
   */
  change(act: (state: ClusterState) => void, learnt = false): void {
    const effects = this.machine.change(act, this.now);
    const before = this.#learning;
    this.#learning = learnt;
    this.#perform(effects);
    this.#learning = before;
  }

  /** PUBLISH to all nodes, or with `sharded` to those of our shard. */
  publish(channel: Uint8Array, message: Uint8Array, sharded: boolean): void {
    this.change((s) => {
      const text: Message = { kind: sharded ? "publishshard" : "publish", sender: senderOf(s), channel, message };
      const shard = s.shardOf(s.myself);
      for (const node of s.nodes.values()) {
        const wanted = !sharded || s.shardOf(node) === shard;
        if (wanted && node.link?.isUp && !node.is(NodeFlag.myself | NodeFlag.handshake)) sendOn(s, node.link, text);
      }
    });
  }

  /** The connections, for CLUSTER LINKS. */
  get links(): IterableIterator<BusLink> {
    return this.#links.values();
  }

  #load(): void {
    const { state } = this.machine;
    const bytes = this.#io.disk.readSync(this.#file);
    if (bytes !== undefined && bytes.length > 0) {
      readNodesConf(Buffer.from(bytes).toString("latin1"), state, this.now);
      state.hasPast = true;
      this.#host.log.notice(`Node configuration loaded, I'm ${state.myself.id}`);
    } else {
      this.#host.log.notice(`No cluster configuration found, I'm ${state.myself.id}`);
    }
    const { myself } = state;
    if (myself.shardId === "") myself.shardId = state.newId();
  }

  #step(input: Input): void {
    if (this.#stopped) return;
    this.#learning = input.kind !== "tick";
    this.#perform(this.machine.step(input, this.now));
    this.#learning = false;
    if (this.#unsaved && input.kind === "tick") this.#save(false);
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) {
      // What could not be saved is not to be said either.
      if (this.#failed) return;
      this.#do(effect);
    }
  }

  #do(effect: Effect): void {
    const host = this.#host;
    switch (effect.kind) {
      case "log":
        host.log[effect.level](effect.text);
        return;
      case "connect": {
        const socket = this.#io.net.connect({ host: effect.host, port: effect.port });
        this.#add(socket, effect.link, false);
        return;
      }
      case "hangUp":
        this.#links.get(effect.link)?.destroy();
        this.#links.delete(effect.link);
        return;
      case "send":
        this.#links.get(effect.link)?.send(effect.message);
        return;
      case "save":
        // What others told us they tell again: of a thousand such messages one write a tick comes.
        if (this.#learning && !effect.durable) this.#unsaved = true;
        else this.#save(effect.durable);
        return;
      case "stateChanged":
        host.stateChanged(effect.ok);
        return;
      case "slotsChanged":
        host.slotsChanged();
        return;
      case "replicate":
        host.replicate({ host: effect.address.ip, port: effect.address.port });
        return;
      case "promote":
        host.promote();
        return;
      case "dropKeys":
        host.dropKeys(effect.slots);
        return;
      case "pauseWrites":
        host.pauseWrites();
        return;
      case "resumeWrites":
        host.resumeWrites();
        return;
      case "holdWrites":
        host.holdWrites();
        return;
      case "releaseWrites":
        host.releaseWrites(effect.replaced);
        return;
      case "published":
        host.published(effect.sharded, effect.channel, effect.message);
    }
  }

  /** CLUSTER SAVECONFIG. @throws  when it cannot be written: nothing was promised that would have to be there */
  saveNow(): void {
    this.#write(true);
  }

  #write(durable: boolean): void {
    this.#io.disk.replaceSync(this.#file, Buffer.from(writeNodesConf(this.machine.state), "latin1"), durable);
  }

  /** On disk before anything else is done: a vote that a crash makes us forget would be given twice. */
  #save(durable: boolean): void {
    this.#unsaved = false;
    try {
      this.#write(durable);
    } catch (error) {
      this.#host.log.warning(`Fatal: can't update cluster config file: ${(error as Error).message}`);
      this.#stopped = this.#failed = true;
      this.#host.exit(1);
    }
  }

  // ---- Connections

  #accept(socket: Socket): void {
    if (this.#stopped) {
      socket.destroy();
      return;
    }
    const number = this.machine.accept(socket.remote.host, socket.local.host, this.now);
    socket.setNoDelay(true);
    // We say nothing here but answers: of a host that is gone nothing else would tell us.
    socket.setKeepAlive(this.state.settings.nodeTimeoutMs * KEEP_ALIVE_TIMEOUTS);
    this.#add(socket, number, true);
  }

  #add(socket: Socket, number: number, inbound: boolean): void {
    const now = this.#io.clock.now();
    this.#links.set(number, new BusLink(this.#owner, socket, number, now, inbound, this.#sendBufferLimit));
  }

  readonly #owner = {
    onConnect: ({ number, socket }: BusLink) =>
      this.#step({ kind: "connected", link: number, remoteIp: socket.remote.host, localIp: socket.local.host }),
    onMessage: ({ number }: BusLink, message: Message) => this.#step({ kind: "message", link: number, message }),
    onGarbage: ({ number }: BusLink, what: string) => this.#step({ kind: "garbage", link: number, what }),
    onClose: ({ number }: BusLink, error: NetError | undefined) => {
      this.#links.delete(number);
      this.#step({ kind: "disconnected", link: number, refused: error?.code === "ECONNREFUSED" });
    },
    onOverflow: ({ number }: BusLink) => {
      this.overflows++;
      this.#step({ kind: "garbage", link: number, what: "it does not take what we send" });
    },
  };
}
