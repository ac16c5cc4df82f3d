/**
 * One connection to any server that speaks Redis' protocol: pipelined requests, deadlines, pub/sub. It lives once: when it
 * breaks, `onClose` says why, everything unanswered fails with that cause, and who wants another makes another.
 */
import { Slice } from "../base/bytes.ts";
import { ReplyError } from "../base/reply-error.ts";
import type { Io, Timer } from "../io/io.ts";
import type { Endpoint, NetError, Socket } from "../io/net.ts";
import { type Reply, ReplyReader } from "../resp/reply-reader.ts";
import { ConnectionError, endpointName, networkError } from "./connection-error.ts";
import { type Done, type Pending, PendingRequests } from "./pending-requests.ts";
import { RequestWriter, type Word } from "./request-writer.ts";
import { isConfirmation, type OnMessage, Subscriptions } from "./subscriptions.ts";

export type { Done } from "./pending-requests.ts";
export type { Word } from "./request-writer.ts";
export type { OnMessage } from "./subscriptions.ts";

export interface ConnectionOptions {
  username?: Word;
  password?: Word;
  /** Shown by CLIENT LIST. */
  name?: string;
  database?: number;
  /** Default 2. With 3 the server must know HELLO. */
  protocol?: 2 | 3;
  /** How bulk strings are given; default "utf8". */
  strings?: "utf8" | "latin1" | "buffer";
  /** Until the server has let us in; default 5000. */
  connectTimeoutMs?: number;
  /** Until a request is answered, unless the request says otherwise; default 0: for ever. */
  timeoutMs?: number;
  /** More than this waiting to leave, and further requests fail; default 64 MiB. */
  maxUnsentBytes?: number;
  /** The local address to connect from. */
  sourceHost?: string;
  /** Called once, unless we closed it ourselves. */
  onClose?: (error: ConnectionError) => void;
  /** What RESP3 pushes that is no message of a subscription: invalidations and the like. */
  onPush?: (items: Reply[]) => void;
}

export class RedisConnection {
  readonly endpoint: Endpoint;
  readonly #io: Io;
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #reader: ReplyReader;
  readonly #subscriptions: Subscriptions;
  readonly #pending: PendingRequests;
  readonly #connectTimer: Timer;
  /** Requests being gathered; `#leaving` belongs to the socket while `#busy`. */
  #gathering = new RequestWriter();
  #leaving = new RequestWriter();
  #busy = false;
  #flushPlanned = false;
  #error: ConnectionError | null = null;
  /** Requests made before the server let us in. */
  #early: (() => void)[] | null = [];
  #onReady: (() => void)[] = [];

  /** Starts connecting; requests may be made at once and leave when the server has let us in. */
  constructor(io: Io, endpoint: Endpoint, options: ConnectionOptions = {}) {
    this.#io = io;
    this.endpoint = endpoint;
    this.#options = options;
    this.#pending = new PendingRequests(io.clock, endpoint);
    this.#subscriptions = new Subscriptions();
    this.#reader = new ReplyReader(
      { onReply: (reply) => this.#onReply(reply), onPush: (items) => this.#onPush(items) },
      { strings: options.strings },
    );
    this.#socket = io.net.connect(endpoint, { sourceHost: options.sourceHost });
    this.#socket.onConnect = () => this.#handshake();
    this.#socket.onData = (bytes, length) => this.#onData(bytes, length);
    this.#socket.onDrain = () => this.#onDrain();
    this.#socket.onClose = (error) => this.#fail(this.#closeCause(error));
    const limit = options.connectTimeoutMs ?? 5000;
    this.#connectTimer = io.clock.after(limit, () => {
      const name = endpointName(endpoint);
      this.#fail(new ConnectionError("timeout", `${name} did not accept a connection within ${limit} ms`));
    });
  }

  /**
   * A connection that the server has let in.
   * @throws ConnectionError
   * @example
   * const connection = await RedisConnection.open(nodeIo(), { host: "127.0.0.1", port: 6379 }, { timeoutMs: 1000 });
   * await connection.call("SET", "greeting", "hello");
   */
  static async open(io: Io, endpoint: Endpoint, options: ConnectionOptions = {}): Promise<RedisConnection> {
    const connection = new RedisConnection(io, endpoint, options);
    await connection.ready();
    return connection;
  }

  /** Resolves when the server has let us in; rejects with the `ConnectionError` that prevented it. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error) reject(this.#error);
      else if (this.#early === null) resolve();
      else this.#onReady.push(() => (this.#error ? reject(this.#error) : resolve()));
    });
  }

  /** Why it ended, or null while it lives. */
  get error(): ConnectionError | null {
    return this.#error;
  }

  /** Whether the server has let us in and has not gone since. */
  get isReady(): boolean {
    return this.#early === null && this.#error === null;
  }

  /** Requests that are not answered yet. */
  get pendingCount(): number {
    return this.#pending.size + (this.#early?.length ?? 0);
  }

  get localEndpoint(): Endpoint {
    return this.#socket.local;
  }

  /**
   * Sends a request. Rejects with a `ReplyError` if the server refuses it, with a `ConnectionError` if there is no answer.
   * Errors inside of an array (as EXEC gives them) are values.
   */
  call(...words: Word[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.request(words, (error, reply) => (error ? reject(error) : resolve(reply)));
    });
  }

  /**
   * As `call`, without a promise. `done` is called exactly once, never before this returns.
   * @param timeoutMs  until the answer, counted from now; 0 for ever. A late answer is dropped; the connection stays.
   */
  request(words: readonly Word[], done: Done, timeoutMs = this.#options.timeoutMs ?? 0): void {
    const refusal = this.#refusal();
    if (refusal) {
      this.#io.clock.after(0, () => done(refusal, null));
      return;
    }
    const pending = this.#pending.make(nameOf(words[0]), done, timeoutMs);
    if (this.#early === null) {
      this.#send(words, pending);
    } else {
      const kept = words.map(own);
      this.#early.push(() => this.#send(kept, pending));
    }
  }

  /**
   * Subscribes to channels (or, with `patterns`, to patterns); `onMessage` is called for each message until the connection
   * ends or `unsubscribe`. Resolves when the server has confirmed all of them.
   * @param command  what SUBSCRIBE is called there, if the server renamed it
   */
  subscribe(
    channels: readonly string[],
    onMessage: OnMessage,
    patterns = false,
    command = patterns ? "PSUBSCRIBE" : "SUBSCRIBE",
  ): Promise<void> {
    for (const channel of channels) this.#subscriptions.add(channel, onMessage, patterns);
    return this.#changeSubscriptions(command, channels);
  }

  unsubscribe(channels: readonly string[], patterns = false): Promise<void> {
    for (const channel of channels) this.#subscriptions.remove(channel, patterns);
    return this.#changeSubscriptions(patterns ? "PUNSUBSCRIBE" : "UNSUBSCRIBE", channels);
  }

  /** Closes now. What is unanswered fails; `onClose` is not called. */
  close(): void {
    this.#end(new ConnectionError("local", `the connection to ${endpointName(this.endpoint)} was closed by us`));
  }

  #changeSubscriptions(command: string, channels: readonly string[]): Promise<void> {
    if (channels.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const refusal = this.#refusal();
      if (refusal) return reject(refusal);
      const words = [command, ...channels];
      const done: Done = (error) => (error ? reject(error) : resolve());
      const pending = this.#pending.make(command, done, this.#options.timeoutMs ?? 0);
      pending.confirmations = channels.length;
      if (this.#early === null) this.#send(words, pending);
      else this.#early.push(() => this.#send(words, pending));
    });
  }

  #refusal(): ConnectionError | null {
    if (this.#error) return this.#error;
    const unsent = this.#gathering.length + (this.#busy ? this.#leaving.length : 0);
    const limit = this.#options.maxUnsentBytes ?? 64 * 1024 * 1024;
    if (unsent <= limit) return null;
    return new ConnectionError("overload", `more than ${limit} bytes wait for ${endpointName(this.endpoint)}`);
  }

  #send(words: readonly Word[], pending: Pending): void {
    if (pending.isDone) return; // its time ran out before the server let us in
    this.#gathering.request(words);
    this.#pending.sent(pending);
    if (this.#flushPlanned || this.#busy) return;
    this.#flushPlanned = true;
    this.#io.clock.endOfTick(() => this.#flush());
  }

  #flush(): void {
    this.#flushPlanned = false;
    if (this.#busy || this.#error || this.#gathering.length === 0) return;
    [this.#gathering, this.#leaving] = [this.#leaving, this.#gathering];
    if (this.#socket.write(this.#leaving.bytes, this.#leaving.length)) this.#leaving.clear();
    else this.#busy = true;
  }

  #onDrain(): void {
    this.#busy = false;
    this.#leaving.clear();
    this.#flush();
  }

  #onData(bytes: Uint8Array, length: number): void {
    try {
      this.#reader.feed(bytes, length);
    } catch (cause) {
      // A callback's own error is not the server's doing: it goes to whoever runs the loop.
      if (!(cause instanceof Error) || cause.name !== "ReplyProtocolError") throw cause;
      const message = `${endpointName(this.endpoint)} does not speak RESP: ${cause.message}`;
      this.#fail(new ConnectionError("protocol", message, { cause }));
    }
  }

  #onReply(reply: Reply): void {
    if (Array.isArray(reply) && this.#options.protocol !== 3 && this.#subscriptions.active) {
      if (this.#subscribed(reply)) return;
    }
    if (this.#pending.answer(reply)) return;
    // Not that anyone asked: a server that is full says so and closes, before or after the first request.
    if (reply instanceof ReplyError) this.#fail(this.#handshakeError("refused us", reply));
    else this.#fail(new ConnectionError("protocol", `${endpointName(this.endpoint)} answered what nobody asked`));
  }

  #onPush(items: Reply[]): void {
    if (!this.#subscribed(items)) this.#options.onPush?.(items);
  }

  /** Whether these words were a subscription's: a message, or the confirmation of one. */
  #subscribed(items: Reply[]): boolean {
    const kind = String(items[0]);
    if (isConfirmation(kind)) {
      this.#subscriptions.confirm(items);
      this.#pending.confirm();
      return true;
    }
    return this.#subscriptions.deliver(kind, items);
  }

  /** Asks to be let in; what was requested meanwhile follows when that is granted. */
  #handshake(): void {
    const { protocol, username, password, name, database } = this.#options;
    const steps: Promise<unknown>[] = [];
    const step = (words: readonly [string, ...Word[]], tolerates: (error: ReplyError) => boolean) => {
      const answered = new Promise<void>((resolve, reject) => {
        const done: Done = (error) => {
          if (!error || (error instanceof ReplyError && tolerates(error))) return resolve();
          reject(error instanceof ReplyError ? this.#handshakeError(`refused ${words[0]}`, error) : error);
        };
        this.#send(words, this.#pending.make(words[0], done, 0));
      });
      steps.push(answered);
    };
    // A server without a password is not less open to one who brings one.
    const needless = (error: ReplyError) => error.message.includes("without any password configured");
    if (protocol === 3) {
      const auth = password === undefined ? [] : ["AUTH", username ?? "default", password];
      step(["HELLO", "3", ...auth], () => false);
    } else if (password !== undefined) {
      step(username === undefined ? ["AUTH", password] : ["AUTH", username, password], needless);
    }
    if (name !== undefined) step(["CLIENT", "SETNAME", name], () => true);
    if (database) step(["SELECT", String(database)], () => false);
    if (steps.length === 0) this.#becomeReady();
    else
      Promise.all(steps).then(
        () => this.#becomeReady(),
        (error) => this.#fail(error as ConnectionError),
      );
  }

  #handshakeError(what: string, cause: ReplyError): ConnectionError {
    return new ConnectionError("handshake", `${endpointName(this.endpoint)} ${what}: ${cause.message}`, { cause });
  }

  #becomeReady(): void {
    if (this.#error || this.#early === null) return;
    this.#connectTimer.cancel();
    const early = this.#early;
    this.#early = null;
    for (const send of early) send();
    this.#notifyReady();
  }

  #notifyReady(): void {
    const waiting = this.#onReady;
    this.#onReady = [];
    for (const notify of waiting) notify();
  }

  #closeCause(error: NetError | undefined): ConnectionError {
    const cause = networkError(this.endpoint, error);
    const waiting = this.#pending.unansweredNames();
    if (waiting === "") return cause;
    return new ConnectionError(cause.kind, `${cause.message} before it answered ${waiting}`, { cause: error });
  }

  #fail(error: ConnectionError): void {
    if (this.#error) return;
    this.#end(error);
    this.#options.onClose?.(error);
  }

  #end(error: ConnectionError): void {
    if (this.#error) return;
    this.#error = error;
    this.#connectTimer.cancel();
    this.#reader.stop();
    this.#socket.destroy();
    this.#early = null;
    this.#pending.failAll(error);
    this.#notifyReady();
  }
}

/** A word that outlives the caller's tick: slices only borrow. */
function own(word: Word): Word {
  return word instanceof Slice ? word.copy() : word;
}

function nameOf(word: Word | undefined): string {
  if (word instanceof Slice) return word.utf8();
  return word instanceof Uint8Array ? Buffer.from(word).toString() : String(word);
}
