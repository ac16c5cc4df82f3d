/**
 * A client: its socket, what it has sent that is not run yet, what it is owed, and what it chose. Input is handed to
 * `ConnectionOwner.run` request by request; output gathers in `reply` and leaves once a tick, by `flush`.
 */

import type { User } from "../acl/user.ts";
import type { Slice } from "../base/bytes.ts";
import { Args } from "../commands/args.ts";
import type { CommandRow } from "../commands/call.ts";
import type { Session } from "../commands/session.ts";
import type { NetError, Socket } from "../io/net.ts";
import type { ChunkPool } from "../resp/chunk-pool.ts";
import { ReplyWriter } from "../resp/reply-writer.ts";
import { ProtocolError, RequestReader } from "../resp/request-reader.ts";
import { NameSet } from "./measured.ts";
import { Transaction } from "./transaction.ts";

/** What a connection asks of the server around it. */
export interface ConnectionOwner {
  readonly chunks: ChunkPool;
  /** Shared by all connections: the words of requests that arrive whole. */
  readonly args: Args;
  /** Before the requests that came in one read are run, and after. */
  beginBatch(connection: Connection): void;
  endBatch(connection: Connection): void;
  run(connection: Connection, args: Args): void;
  /** The connection has something to send at the end of this tick. */
  dirty(connection: Connection): void;
  closed(connection: Connection, reason: string): void;
  /** What it costs may have changed. */
  weigh(connection: Connection): void;
  /** Runs `action` when the others have had their turn. */
  later(action: () => void): void;
  /** Closes the connection if it is owed more than its class may be. */
  checkOutput(connection: Connection): void;
  queryBufferLimit(): number;
  /** The connection has sent more than that without letting it run. */
  inputTooLong(connection: Connection): void;
  crossProtocol(connection: Connection): void;
  unwatch(connection: Connection): void;
  protocolError(connection: Connection, error: ProtocolError): void;
}

/** Why a command of this connection needs a closer look; see dispatch.ts. */
export const Guard = {
  /** Not authenticated, and it must be. */
  auth: 1,
  multi: 2,
  /** RESP2 in subscriber mode. */
  subscribed: 4,
  maxmemory: 8,
  paused: 16,
  loading: 32,
  /** We are a read-only replica. */
  readonly: 64,
  /** We are a replica without its primary, and must not serve what may be stale. */
  stale: 128,
  minReplicas: 256,
  monitors: 512,
  /** The last snapshot failed and writes are to stop. */
  misconf: 1024,
  /** The client is a replica. */
  replica: 2048,
  /** We are a node of a cluster. */
  cluster: 4096,
  /** Its user may not do everything. */
  acl: 8192,
} as const;

/** A command that waits: for keys (BLPOP and its kin, see blocking.ts), for replicas (WAIT), for work to be done. */
export interface Blocked {
  readonly kind: string;
  /** Whether CLIENT UNBLOCK may end it: not what must run to its end, such as CONFIG SET of a port. */
  readonly unblockable: boolean;
  /** Its time has come (with nothing): answer what a timeout answers. */
  timedOut(): void;
  /** CLIENT UNBLOCK id ERROR, or a role change: answers the error itself when it is not null. */
  cancel(error: string | null): void;
}

/** CLIENT REPLY: "skip" takes the next reply back and goes on with "on". */
export type ReplyMode = "on" | "off" | "skip";

export class Connection implements Session {
  readonly id: number;
  readonly reply: ReplyWriter;
  /** Where the answers to its commands go: `reply`, unless it is a replica or our primary, which want none. */
  answers: ReplyWriter;
  readonly reader: RequestReader<Args>;
  readonly createdAt: number;
  /** Unix ms at which bytes last came. */
  lastActiveAt: number;
  guards = 0;

  dbIndex = 0;
  protocol: 2 | 3 = 2;
  name = "";
  libName = "";
  libVersion = "";
  /** It has given a password, or none was needed when it came; whether one is needed now says `Guard.auth`. */
  authenticated = true;
  user = "default";
  /** Whose rules hold for it; null for nobody's, as for the link to our primary. */
  account: User | null = null;
  noEvict = false;
  noTouch = false;
  denyBlocking = false;
  readonly transaction = new Transaction();
  /** Channels and patterns it subscribed to. */
  readonly channels = new NameSet();
  readonly patterns = new NameSet();
  readonly shardChannels = new NameSet();
  monitor = false;
  /** Set while it is a replica of ours: who handles its acknowledgements. */
  replica: { onDrain(): void; onClose(): void } | null = null;
  replyMode: ReplyMode = "on";
  /** Set while it waits: none of its requests is read then. */
  blocked: Blocked | null = null;
  /** Its next request waits for CLIENT UNPAUSE. */
  paused = false;
  /** Its further requests wait for the next turn: it has been given much already, and others are to have theirs. */
  #yielded = false;
  closeAfterReply = false;
  closed = false;
  lastCommand: CommandRow | null = null;
  /** Where the stream of outcomes stood behind its last write: what WAIT waits for. */
  writeOffset = 0;
  /** It ran a write whose reply has not left yet. */
  wroteUnsent = false;
  /** Its replies wait until it is known whether we are still the primary. */
  held = false;
  bytesIn = 0;
  bytesOut = 0;
  /** Since when its output has been over the soft limit; 0 for not. */
  overSoftLimitSince = 0;
  /** What kind of listener it came through. */
  readonly unix: boolean;
  readonly fromPrimary: boolean;
  readonly socket: Socket;
  readonly #owner: ConnectionOwner;
  /** The socket has not sent all that it was given. */
  #draining = false;
  /** What it keeps until then. */
  #lent: Uint8Array | null = null;
  readonly #send = (bytes: Uint8Array, length: number, more: boolean) => this.#sent(bytes, length, more);

  constructor(owner: ConnectionOwner, socket: Socket, id: number, now: number, fromPrimary = false) {
    this.#owner = owner;
    this.socket = socket;
    this.id = id;
    this.createdAt = this.lastActiveAt = now;
    this.fromPrimary = fromPrimary;
    this.unix = socket.remote.path !== undefined;
    this.reply = new ReplyWriter(owner.chunks, () => owner.dirty(this));
    this.answers = this.reply;
    if (fromPrimary) this.mute();
    this.reader = new RequestReader<Args>(owner.args, () => new Args());
    socket.onData = (bytes, length) => this.#received(bytes, length);
    socket.onDrain = () => this.#drained();
    socket.onClose = (error) => this.#lost(error);
  }

  /** Its commands are not answered any more; what is sent to it comes by other ways. */
  mute(): void {
    this.answers = new ReplyWriter(this.#owner.chunks, () => {});
    this.answers.discards = true;
  }

  get inMulti(): boolean {
    return this.transaction.active;
  }

  get subscriptions(): number {
    return this.channels.size + this.patterns.size + this.shardChannels.size;
  }

  /** As CLIENT LIST writes it. */
  get address(): string {
    return this.unix ? `${this.socket.remote.path}:0` : formatAddress(this.socket.remote.host, this.socket.remote.port);
  }

  get localAddress(): string {
    return this.unix ? `${this.socket.remote.path}:0` : formatAddress(this.socket.local.host, this.socket.local.port);
  }

  /** What it is owed and has not been sent, in bytes. */
  get outputBytes(): number {
    return this.reply.size + this.socket.unsentBytes;
  }

  /** Whether its requests are run now. */
  get ready(): boolean {
    return this.blocked === null && !this.paused && !this.#yielded && !this.closed && !this.closeAfterReply;
  }

  /** It has given the password, or needs none. */
  admit(): void {
    this.authenticated = true;
    this.guards &= ~Guard.auth;
    this.reader.limits.strict = false;
  }

  /** It must give the password before anything else. */
  askPassword(): void {
    this.authenticated = false;
    this.guards |= Guard.auth;
    this.reader.limits.strict = true;
  }

  /** Leaves MULTI, watching nothing any more. */
  discard(): void {
    this.transaction.end();
    this.guards &= ~Guard.multi;
    this.#owner.unwatch(this);
  }

  /** Takes a request back that cannot be run yet; it comes again with `resume`. */
  postpone(): void {
    this.paused = true;
    this.reader.unread();
  }

  /** Goes on with requests that have been read already: after a block or a pause. */
  resume(): void {
    if (!this.ready) return;
    this.#process(NO_BYTES, 0);
  }

  /** Sends what has gathered. Called at the end of the tick. */
  flush(): void {
    // More than a chunk: others may be writing to it faster than it reads.
    if (this.reply.fullBytes > 0) this.#owner.checkOutput(this);
    if (this.closed || this.held) return;
    // Until the last write has left, output waits here, where it is counted and bounded.
    if (!this.#draining) this.#write();
    this.#owner.weigh(this);
    if (this.closeAfterReply && !this.#draining) this.close("closed after its last reply");
  }

  #write(): void {
    this.wroteUnsent = false;
    this.reply.take(this.#send);
  }

  #sent(bytes: Uint8Array, length: number, more: boolean): boolean {
    this.bytesOut += length;
    const sent = this.socket.write(bytes, length, more);
    if (!sent) {
      this.#draining = true;
      this.#lent = bytes;
    }
    return sent;
  }

  #drained(): void {
    this.#draining = false;
    if (this.#lent !== null) this.#owner.chunks.give(this.#lent);
    this.#lent = null;
    this.flush();
    if (!this.#draining) this.replica?.onDrain();
  }

  #received(bytes: Uint8Array, length: number): void {
    this.bytesIn += length;
    if (this.ready) this.#process(bytes, length);
    else {
      this.reader.lend(bytes, length);
      this.reader.release();
      this.#checkInput();
    }
  }

  #process(bytes: Uint8Array, length: number): void {
    const owner = this.#owner;
    const reader = this.reader;
    const much = this.reply.fullBytes + MUCH_OUTPUT;
    reader.lend(bytes, length);
    owner.beginBatch(this);
    try {
      while (this.ready) {
        const args = reader.next();
        if (args === null) break;
        owner.run(this, args);
        if (this.reply.fullBytes > much) this.#giveWay();
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      reader.clear();
      owner.protocolError(this, error);
    } finally {
      owner.endBatch(this);
    }
    if (this.closeAfterReply || this.closed) reader.clear();
    else reader.release();
    this.#checkInput();
  }

  /** A pipeline of large replies would keep everybody else waiting until its end. */
  #giveWay(): void {
    this.#owner.checkOutput(this);
    if (this.reader.rest === 0) return;
    this.#yielded = true;
    this.#owner.later(() => {
      this.#yielded = false;
      this.resume();
    });
  }

  /** POST and Host: are no commands: somebody makes a browser talk to us. */
  crossProtocol(): void {
    this.#owner.crossProtocol(this);
  }

  /** What MULTI has queued is input as well: it waits for EXEC. */
  #checkInput(): void {
    if (this.closed) return;
    const { reader, transaction } = this;
    if (reader.pendingBytes + reader.wordBytes + transaction.bytes > this.#owner.queryBufferLimit())
      this.#owner.inputTooLong(this);
    else this.#owner.weigh(this);
  }

  /** Closes once what it is owed has been sent; no request of it is run any more. */
  closeSoon(): void {
    this.closeAfterReply = true;
    this.#owner.dirty(this);
  }

  /** Whether it comes from this very machine. */
  get isLocal(): boolean {
    const { host } = this.socket.remote;
    return this.unix || host === "::1" || host.startsWith("127.") || host.startsWith("::ffff:127.");
  }

  /** Closes now; nothing more is sent. */
  close(reason: string): void {
    if (this.closed) return;
    this.closed = true;
    // What waits to be sent is given up: a client that does not read would keep it, and the socket, for ever.
    if (this.#draining) this.socket.destroy();
    else this.socket.end();
    this.#end(reason);
  }

  #lost(error?: NetError): void {
    if (this.closed) return;
    this.closed = true;
    this.#end(error?.message ?? "Client closed connection");
  }

  /** What it was owed serves others now. */
  #end(reason: string): void {
    this.reply.drop();
    this.#owner.closed(this, reason);
  }
}

export function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What a client asked for, kept beyond the request: a command in MULTI. */
export function keepArgs(args: Args): Args {
  const kept = new Args();
  kept.reset(args.count);
  let bytes = 0;
  for (let i = 0; i < args.count; i++) bytes += args.at(i).length;
  const buffer = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (let i = 0; i < args.count; i++) {
    const word: Slice = args.at(i);
    word.copyTo(buffer, at);
    kept.slots[i]!.set(buffer, at, at + word.length);
    at += word.length;
  }
  return kept;
}

/** A batch with more output than that is not gone on with at once, and the limits are looked at before its end. */
const MUCH_OUTPUT = 256 * 1024;
const NO_BYTES = new Uint8Array(0);
