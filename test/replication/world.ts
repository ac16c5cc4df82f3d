/**
 * Small servers around the real `Replication`, on virtual time: keys and values in maps, an RDB that is JSON, and a network with
 * latency that can be cut. Everything replication is handed is here in its plainest form.
 */
import { Slice } from "../../src/base/bytes.ts";
import { ReplyError } from "../../src/base/reply-error.ts";
import { Args } from "../../src/commands/args.ts";
import type { Call, CommandRow } from "../../src/commands/call.ts";
import type { Session } from "../../src/commands/session.ts";
import type { Clock } from "../../src/io/io.ts";
import { MemoryDisk } from "../../src/io/memory-disk.ts";
import type { Endpoint, Listener, ListenOptions, Net, NetError, Socket } from "../../src/io/net.ts";
import { SeededRandom } from "../../src/io/random.ts";
import { VirtualClock } from "../../src/io/virtual-clock.ts";
import { encodeCommand } from "../../src/replication/codec.ts";
import type {
  Answer,
  AskPeer,
  Dataset,
  Loader,
  ParkEvents,
  ParkedClient,
  ReplicaPeer,
  ReplicationHost,
  ReplicationPoint,
  ReplicationSettings,
  SnapshotStream,
} from "../../src/replication/dataset.ts";
import { Replication } from "../../src/replication/shell.ts";
import { ChunkPool } from "../../src/resp/chunk-pool.ts";
import { ReplyReader } from "../../src/resp/reply-reader.ts";
import { ReplyWriter } from "../../src/resp/reply-writer.ts";
import { RequestReader } from "../../src/resp/request-reader.ts";
import { defaultSettings } from "./default-settings.ts";

const LATENCY_MS = 1;

// ---- Network

class MemorySocket implements Socket {
  readonly fd = -1;
  connected = false;
  unsentBytes = 0;
  other: MemorySocket | null = null;
  closed = false;
  #stalled = false;
  onConnect = (): void => {};
  onData: Socket["onData"] = () => {};
  onDrain = (): void => {};
  onClose: Socket["onClose"] = () => {};
  readonly #world: World;

  constructor(
    world: World,
    readonly remote: Endpoint,
    readonly local: Endpoint,
  ) {
    this.#world = world;
  }

  write(bytes: Uint8Array, length: number): boolean {
    const copy = new Slice(bytes, 0, length).copy();
    const { other } = this;
    if (other === null || this.closed) return true;
    this.#world.clock.after(LATENCY_MS, () => {
      // What a partition swallowed is never made good: nothing behind it can be delivered either.
      if (this.#world.isCut(this.local, this.remote)) this.#stalled = true;
      if (other.closed || this.#stalled) return;
      // The network cuts where it likes.
      for (let at = 0; at < copy.length && !other.closed; ) {
        const piece = this.#world.piece(copy.length - at);
        other.onData(copy.subarray(at, at + piece), piece);
        at += piece;
      }
    });
    return true;
  }

  pause(): void {}
  resume(): void {}
  setNoDelay(): void {}
  setKeepAlive(): void {}

  end(): void {
    this.destroy();
  }

  destroy(): void {
    if (this.closed) return;
    this.closed = true;
    const { other } = this;
    this.#world.clock.after(LATENCY_MS, () => other?.broken());
  }

  broken(error?: NetError): void {
    if (this.closed) return;
    this.closed = true;
    this.onClose(error);
  }
}

class MemoryNet implements Net {
  readonly #world: World;
  readonly #host: string;

  constructor(world: World, host: string) {
    this.#world = world;
    this.#host = host;
  }

  secure(): never {
    throw new Error("no TLS here");
  }

  async listen(options: ListenOptions): Promise<Listener> {
    return { endpoint: options, close: async () => {} };
  }

  connect(endpoint: Endpoint): Socket {
    const world = this.#world;
    const local = { host: this.#host, port: world.nextPort++ };
    const here = new MemorySocket(world, endpoint, local);
    world.clock.after(LATENCY_MS, () => {
      if (here.closed) return;
      const node = world.nodes.find((one) => one.alive && one.endpoint.host === endpoint.host);
      if (node === undefined || world.isCut(local, endpoint)) {
        here.broken(Object.assign(new Error(`connect ECONNREFUSED ${endpoint.host}`), { code: "ECONNREFUSED" }));
        return;
      }
      const there = new MemorySocket(world, local, endpoint);
      here.other = there;
      there.other = here;
      here.connected = there.connected = true;
      world.sockets.push(here, there);
      node.accept(there);
      here.onConnect();
    });
    return here;
  }

  async resolve(host: string): Promise<string[]> {
    return [host];
  }
}

// ---- A server

class Client implements Session, ReplicaPeer {
  dbIndex = 0;
  protocol: 2 | 3 = 2;
  name = "";
  authenticated = true;
  user = "default";
  inMulti = false;
  noEvict = false;
  noTouch = false;
  readonly denyBlocking = false;
  isReplica = false;
  parked = false;
  writeOffset = 0;
  lastReadAt = 0;
  onDrain = (): void => {};
  onClose = (): void => {};
  readonly reply: ReplyWriter;
  readonly reader = new RequestReader<Args>(new Args(), () => new Args());

  constructor(
    readonly id: number,
    readonly fromPrimary: boolean,
    readonly socket: Socket | null,
    onDirty: () => void,
  ) {
    this.reply = new ReplyWriter(new ChunkPool(), onDirty);
  }

  get address(): Endpoint {
    return this.socket?.remote ?? { host: "", port: 0 };
  }

  get pendingBytes(): number {
    return this.reply.size;
  }

  send(bytes: Uint8Array, start: number, end: number): void {
    this.reply.raw(bytes, start, end);
  }

  setNoDelay(): void {}

  close(): void {
    this.socket?.destroy();
  }

  flush(): void {
    this.reply.take((bytes, length) => {
      if (!this.fromPrimary) this.socket?.write(bytes, length);
      return true;
    });
    this.onDrain();
  }
}

export class Node implements Dataset, ReplicationHost {
  readonly endpoint: Endpoint;
  readonly settings: ReplicationSettings;
  readonly disk = new MemoryDisk();
  readonly runId: string;
  readonly lines: string[] = [];
  readonly log = {
    debug: () => {},
    verbose: () => {},
    notice: (text: string) => void this.lines.push(text),
    warning: (text: string) => void this.lines.push(`# ${text}`),
  };
  alive = true;
  databases: Map<string, string>[] = Array.from({ length: 4 }, () => new Map());
  replication!: Replication;
  readonly pauses = new Set<string>();
  replies: "free" | "held" | "dropped" = "free";
  readonly world: World;
  readonly #link = new Client(0, true, null, () => {});
  readonly #clients = new Set<Client>();
  #rows!: Map<string, CommandRow>;
  #transaction: Uint8Array[] | null = null;
  #pending: Uint8Array[] = [];
  #streamDb = -1;
  #chunkDb = -1;
  #waitingWrites: (() => void)[] = [];
  /** What happened to a stopped process, in order. */
  #frozen: (() => void)[] | null = null;

  constructor(world: World, host: string, settings: Partial<ReplicationSettings>) {
    this.world = world;
    this.endpoint = { host, port: 6379 };
    this.runId = Buffer.from(host.padEnd(20, ".")).toString("hex");
    this.settings = {
      ...defaultSettings(),
      replDisklessSyncDelaySeconds: 0,
      dir: `/${host}`,
      ...settings,
    };
    this.boot();
  }

  /** A fresh process on the same disk. */
  boot(): void {
    const { random } = this.world;
    const clock = this.#clock();
    this.alive = true;
    this.replies = "free";
    this.pauses.clear();
    this.databases = Array.from({ length: 4 }, () => new Map());
    this.#transaction = null;
    this.#pending = [];
    this.#streamDb = -1;
    this.replication = new Replication({
      io: { clock, random, net: new MemoryNet(this.world, this.endpoint.host), disk: this.disk },
      host: this,
      dataset: this,
      settings: this.settings,
      ask: this.world.asker(this.endpoint),
    });
    this.#rows = new Map(this.replication.commands().map((row) => [row.name, row]));
  }

  /** SIGSTOP: time goes on without it. */
  freeze(): void {
    this.#frozen = [];
  }

  /** SIGCONT: what has come meanwhile is found at once. */
  thaw(): void {
    const missed = this.#frozen ?? [];
    this.#frozen = null;
    for (const action of missed) action();
  }

  #clock(): Clock {
    const { clock } = this.world;
    const mine = (action: () => void) => () => {
      if (this.#frozen === null) action();
      else this.#frozen.push(action);
    };
    return {
      now: () => clock.now(),
      monotonicMicros: () => clock.monotonicMicros(),
      after: (ms, action) => clock.after(ms, mine(action)),
      every: (ms, action) => clock.every(ms, mine(action)),
      endOfTick: (action) => clock.endOfTick(mine(action)),
    };
  }

  kill(): void {
    this.alive = false;
    this.replication.stop();
    for (const client of this.#clients) client.close();
    this.#clients.clear();
  }

  // ---- Clients

  accept(socket: Socket): void {
    const client = new Client(this.world.nextPort++, false, socket, () => {
      this.world.clock.endOfTick(() => this.#flush(client));
    });
    this.#clients.add(client);
    socket.onData = (lent, length) => {
      if (this.#frozen !== null) {
        const bytes = new Slice(lent, 0, length).copy();
        this.#frozen.push(() => socket.onData(bytes, length));
        return;
      }
      client.lastReadAt = this.world.clock.now();
      this.replication.beforeCommands();
      client.reader.lend(lent, length);
      for (let args = client.reader.next(); args !== null; args = client.reader.next()) this.#run(client, args);
      client.reader.release();
    };
    socket.onClose = () => {
      this.#clients.delete(client);
      client.onClose();
    };
  }

  #flush(client: Client): void {
    this.settle();
    this.replication.endOfTick();
    this.replication.beforeAnswers();
    client.flush();
  }

  /** As a client would; the answer as text. Writes that are paused answer later. */
  command(...words: string[]): { answer: string | null } {
    const box: { answer: string | null } = { answer: null };
    const client = new Client(this.world.nextPort++, false, null, () => {});
    const run = () => {
      this.replication.beforeCommands();
      if (this.pauses.size > 0 && isWrite(words[0]!)) {
        this.#waitingWrites.push(run);
        return;
      }
      const args = new Args();
      args.reset(words.length);
      words.forEach((word, i) => {
        args.slots[i] = Slice.of(word);
      });
      this.#run(client, args);
      const drain = () => {
        client.reply.take((bytes, length) => {
          box.answer = (box.answer ?? "") + Buffer.from(bytes.subarray(0, length)).toString();
          return true;
        });
      };
      this.settle();
      this.replication.endOfTick();
      drain();
      if (client.parked) this.world.whenParked.push(drain);
    };
    if (this.#frozen !== null) this.#frozen.unshift(run);
    else run();
    return box;
  }

  get(key: string, db = 0): string | undefined {
    return this.databases[db]!.get(key);
  }

  get info(): Record<string, string> {
    return Object.fromEntries(
      this.replication
        .info()
        .trim()
        .split("\r\n")
        .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
    );
  }

  get offset(): number {
    return this.replication.offset;
  }

  get contents(): string {
    return JSON.stringify(this.databases.map((db) => [...db].sort(([a], [b]) => (a < b ? -1 : 1))));
  }

  #run(client: Client, args: Args): void {
    const name = args.at(0).latin1().toLowerCase();
    try {
      const row = this.#rows.get(name);
      if (row !== undefined) row.run({ session: client, reply: client.reply, row } as unknown as Call, args);
      else this.#runOwn(client, name, args);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      if (!client.fromPrimary) client.reply.error(error);
    }
  }

  #runOwn(client: Client, name: string, args: Args): void {
    const words = args.slots.slice(0, args.count).map((slot) => slot.utf8());
    if (isWrite(name)) {
      const refusal = this.replication.refusal(client, true);
      if (refusal !== null) throw refusal;
      this.#write(client.dbIndex, words);
      if (!client.fromPrimary) this.#outcome(client, words);
      client.reply.ok();
      return;
    }
    switch (name) {
      case "select":
        client.dbIndex = Number(words[1]);
        client.reply.ok();
        return;
      case "ping":
        client.reply.simple("PONG");
        return;
      case "info":
        client.reply.bulkText(`${this.replication.info()}run_id:${this.runId}\r\ndb0:keys=${this.keyCount()}\r\n`);
        return;
      case "client":
        client.reply.bulkText(`id=1 addr=${client.address.host}:${client.address.port}`);
        return;
      default:
        throw new ReplyError("ERR", `unknown command '${name}'`);
    }
  }

  #write(db: number, words: string[]): void {
    const map = this.databases[db]!;
    const [name, key, value] = words as [string, string, string];
    if (name.toLowerCase() === "set") map.set(key, value);
    else if (name.toLowerCase() === "incr") map.set(key, String(Number(map.get(key) ?? 0) + 1));
    else map.delete(key);
  }

  /** Puts commands into the stream, framed if they are several. */
  transaction(db: number, ...commands: string[][]): void {
    const framed = [["MULTI"], ...commands, ["EXEC"]];
    for (const words of commands) this.#write(db, words);
    for (const words of framed) this.#emit(db, words);
  }

  #outcome(client: Client, words: string[]): void {
    this.#emit(client.dbIndex, words);
    client.writeOffset = this.replication.offset + this.#pending.reduce((sum, piece) => sum + piece.length, 0);
  }

  #emit(db: number, words: string[]): void {
    if (!this.replication.wantsStream) return;
    if (this.#pending.length === 0) {
      this.#chunkDb = this.#streamDb;
      this.world.clock.endOfTick(() => this.settle());
    }
    if (db !== this.#streamDb) this.#pending.push(encodeCommand(["SELECT", String(db)]));
    this.#streamDb = db;
    this.#pending.push(encodeCommand(words));
  }

  // ---- Dataset

  isEmpty(): boolean {
    return this.keyCount() === 0;
  }

  keyCount(): number {
    return this.databases.reduce((sum, db) => sum + db.size, 0);
  }

  settle(): void {
    if (this.#pending.length === 0) return;
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.replication.feed(bytes, bytes.length, this.#chunkDb);
  }

  selectAgain(): void {
    this.settle();
    this.#streamDb = -1;
  }

  beginSnapshot(point: ReplicationPoint): SnapshotStream {
    const bytes = Buffer.from(
      `TOY${JSON.stringify({ db: point.streamDb, data: this.databases.map((db) => [...db]) })}`,
    );
    let at = 0;
    return {
      next: (most) => {
        if (at >= bytes.length) return null;
        const piece = bytes.subarray(at, at + Math.min(most, 1 + (this.world.random.uint32() % 200)));
        at += piece.length;
        return piece;
      },
      close: () => {},
    };
  }

  load(): Loader {
    const pieces: Uint8Array[] = [];
    let data: [string, string][][] = [];
    let db = 0;
    return {
      feed: (bytes, start, end) => void pieces.push(bytes.slice(start, end)),
      finish: () => {
        const text = Buffer.concat(pieces).toString();
        if (!text.startsWith("TOY")) throw new Error("Wrong signature trying to load DB from file");
        ({ data, db } = JSON.parse(text.slice(3)) as { data: [string, string][][]; db: number });
        return { keys: data.reduce((sum, pairs) => sum + pairs.length, 0), aux: new Map() };
      },
      commit: () => {
        this.databases = data.map((pairs) => new Map(pairs));
        this.appliedDb = Math.max(0, db);
      },
      abort: () => {},
    };
  }

  get appliedDb(): number {
    return this.#link.dbIndex;
  }

  set appliedDb(index: number) {
    this.#link.dbIndex = index;
  }

  get applyingTransaction(): boolean {
    return this.#transaction !== null;
  }

  abandonTransaction(): void {
    this.#transaction = null;
  }

  apply(bytes: Uint8Array, length: number): number {
    const { reader } = this.#link;
    reader.lend(bytes, length);
    try {
      for (let args = reader.next(); args !== null; args = reader.next()) {
        const name = args.at(0).latin1().toLowerCase();
        if (name === "multi") this.#transaction = [];
        else if (name === "exec") {
          const queued = this.#transaction!;
          this.#transaction = null;
          for (const request of queued) {
            const inner = new RequestReader<Args>(new Args(), () => new Args());
            inner.lend(request, request.length);
            this.#run(this.#link, inner.next()!);
          }
        } else if (this.#transaction !== null) {
          this.#transaction.push(encodeCommand(args.slots.slice(0, args.count).map((slot) => slot.utf8())));
        } else this.#run(this.#link, args);
      }
      return reader.position;
    } finally {
      reader.clear();
    }
  }

  // ---- Host

  becomeReplica(session: Session): ReplicaPeer {
    (session as Client).isReplica = true;
    return session as Client;
  }

  addressOf(session: Session): Endpoint {
    return (session as Client).address;
  }

  park(session: Session, _events: ParkEvents): ParkedClient {
    const client = session as Client;
    client.parked = true;
    return { answer: (write) => write(client.reply) };
  }

  writeOffsetOf(session: Session): number {
    this.settle();
    return (session as Client).writeOffset || this.replication.offset;
  }

  pauseWrites(reason: string): void {
    this.pauses.add(reason);
  }

  resumeWrites(reason: string): void {
    this.pauses.delete(reason);
    if (this.pauses.size > 0) return;
    const waiting = this.#waitingWrites;
    this.#waitingWrites = [];
    for (const run of waiting) this.world.clock.endOfTick(run);
  }

  holdReplies(): void {
    this.replies = "held";
  }

  releaseReplies(): void {
    this.replies = "free";
  }

  dropHeldReplies(): void {
    if (this.replies === "held") this.replies = "dropped";
  }

  roleChanged(): void {}
  linkChanged(): void {}
}

function isWrite(name: string): boolean {
  return ["set", "incr", "del"].includes(name.toLowerCase());
}

// ---- The world

export class World {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly nodes: Node[] = [];
  readonly sockets: MemorySocket[] = [];
  readonly whenParked: (() => void)[] = [];
  /** Stands for Sentinels: answers by address. */
  readonly others = new Map<string, (command: readonly string[]) => Answer>();
  readonly #cut = new Set<string>();
  /** Whether the network cuts what it carries into small pieces. */
  fragment = false;
  nextPort = 10_000;

  constructor(seed = 1) {
    this.random = new SeededRandom(seed);
  }

  node(host: string, settings: Partial<ReplicationSettings> = {}): Node {
    const node = new Node(this, host, settings);
    this.nodes.push(node);
    return node;
  }

  run(ms: number): this {
    this.clock.advance(ms);
    for (const drain of this.whenParked) drain();
    return this;
  }

  /** As `run`, for what asks other servers: answers come by promises. */
  async runAsking(ms: number): Promise<this> {
    for (let at = 0; at < ms; at += 5) {
      this.run(5);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this;
  }

  piece(most: number): number {
    return this.fragment ? Math.min(most, 1 + (this.random.uint32() % 60)) : most;
  }

  isCut(a: Endpoint, b: Endpoint): boolean {
    return this.#cut.has(a.host) || this.#cut.has(b.host);
  }

  /** Breaks all connections of that host, and bytes on their way are lost. */
  reset(host: string): void {
    for (const socket of this.sockets) {
      if (socket.closed || (socket.local.host !== host && socket.remote.host !== host)) continue;
      const { other } = socket;
      socket.broken(new Error("read ECONNRESET"));
      other?.broken(new Error("read ECONNRESET"));
    }
  }

  /** Nothing reaches that host, or leaves it, until `heal`; open connections are silent. */
  partition(host: string): void {
    this.#cut.add(host);
  }

  heal(host: string): void {
    this.#cut.delete(host);
  }

  asker(from: Endpoint): AskPeer {
    return {
      ask: (endpoint, commands) =>
        new Promise((resolve, reject) => {
          const other = this.others.get(endpoint.host);
          if (other !== undefined) {
            resolve(commands.map((command) => other(command)));
            return;
          }
          const socket = new MemoryNet(this, from.host).connect(endpoint);
          const answers: Answer[] = [];
          const reader = new ReplyReader(
            {
              onReply: (reply) => {
                answers.push(reply as Answer);
                if (answers.length < commands.length) return;
                socket.destroy();
                resolve(answers);
              },
              onPush: () => {},
            },
            { strings: "latin1" },
          );
          socket.onConnect = () => {
            for (const command of commands) {
              const bytes = encodeCommand(command);
              socket.write(bytes, bytes.length);
            }
          };
          socket.onData = (bytes, length) => reader.feed(bytes, length);
          socket.onClose = (error) => reject(error ?? new Error("closed"));
        }),
    };
  }
}
