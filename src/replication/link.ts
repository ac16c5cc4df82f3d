/**
 * The socket to our primary: bytes become events for the machine, and the stream of commands is run on the data set, counted
 * exactly and passed on. An offset counts only what was run for good: a MULTI counts from its EXEC on, since a link that breaks
 * between them makes the primary send all of it again.
 */
import { Slice } from "../base/bytes.ts";
import type { Endpoint, Net, NetError, Socket } from "../io/net.ts";
import { encodeCommand, type LinkHandler, LinkReader, NEWLINE } from "./codec.ts";
import type { Dataset, Loader, ReplicationSettings } from "./dataset.ts";
import { openMulti } from "./stream-commands.ts";

export interface LinkEvents {
  connected(): void;
  closed(why: string): void;
  line(text: string): void;
  bulk(text: string): void;
  rdbBegins(size: number): void;
  rdbBytes(count: number): void;
  rdbLoaded(keys: number): void;
  rdbFailed(why: string): void;
  heard(): void;
  /** These bytes of the stream count: they were run, and stand behind all that counted before. */
  applied(bytes: Uint8Array, start: number, end: number, db: number | undefined): void;
  /** The stream cannot be followed any further; our data are in doubt. */
  desynchronised(why: string): void;
  /** All that has come was run. */
  caughtUp(): void;
}

const NO_BYTES = new Uint8Array(0);

export class PrimaryLink implements LinkHandler {
  readonly #events: LinkEvents;
  readonly #dataset: Dataset;
  readonly #socket: Socket;
  readonly #reader = new LinkReader(this);
  #closed = false;
  #loader: Loader | null = null;
  /** The beginning of a command that is not complete. */
  #rest: Uint8Array = NO_BYTES;
  #restLength = 0;
  /** Pieces that were run but do not count yet: a MULTI without its EXEC. */
  #unsettled: Uint8Array[] = [];
  readBytes = 0;

  constructor(net: Net, endpoint: Endpoint, settings: ReplicationSettings, dataset: Dataset, events: LinkEvents) {
    this.#events = events;
    this.#dataset = dataset;
    const socket = net.connect(endpoint, settings.bindSourceAddr === "" ? {} : { sourceHost: settings.bindSourceAddr });
    this.#socket = socket;
    socket.onConnect = () => {
      if (this.#closed) return;
      socket.setNoDelay(true);
      events.connected();
    };
    socket.onData = (bytes, length) => {
      this.readBytes += length;
      if (!this.#closed) this.#reader.feed(bytes, 0, length);
    };
    socket.onClose = (error?: NetError) => {
      if (!this.#closed) events.closed(error === undefined ? "Connection closed by the other side" : error.message);
    };
  }

  /** How the connection looks from here. */
  get socket(): Socket {
    return this.#socket;
  }

  /** Bytes that have come and were not run for good. */
  get unappliedBytes(): number {
    return this.#restLength + this.#unsettled.reduce((sum, piece) => sum + piece.length, 0);
  }

  say(words: readonly string[]): void {
    this.#write(encodeCommand(words));
  }

  sayNewline(): void {
    this.#write(NEWLINE);
  }

  /** For good; no event comes any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reader.close();
    this.abortLoad();
    if (this.#unsettled.length > 0 || this.#dataset.applyingTransaction) this.#dataset.abandonTransaction();
    this.#socket.destroy();
  }

  expectRdb(): void {
    this.#reader.expectRdb();
  }

  expectStream(): void {
    this.#reader.expectStream();
  }

  beginLoad(): void {
    this.abortLoad();
    this.#loader = this.#dataset.load();
  }

  abortLoad(): void {
    this.#loader?.abort();
    this.#loader = null;
  }

  commitLoad(): void {
    this.#loader?.commit();
    this.#loader = null;
  }

  line(text: string): void {
    this.#events.line(text);
  }

  bulk(text: string): void {
    this.#events.bulk(text);
  }

  rdbBegins(size: number): void {
    this.#events.rdbBegins(size);
  }

  rdb(bytes: Uint8Array, start: number, end: number): void {
    const loader = this.#loader;
    if (loader === null) return;
    this.#events.rdbBytes(end - start);
    try {
      loader.feed(bytes, start, end);
    } catch (error) {
      this.#events.rdbFailed(`Failed trying to load the MASTER synchronization DB from socket: ${textOf(error)}`);
    }
  }

  rdbEnds(): void {
    const loader = this.#loader;
    if (loader === null) return;
    let keys: number;
    try {
      keys = loader.finish().keys;
    } catch (error) {
      this.#events.rdbFailed(`Failed trying to load the MASTER synchronization DB from socket: ${textOf(error)}`);
      return;
    }
    this.#events.rdbLoaded(keys);
  }

  broken(why: string): void {
    this.#events.closed(why);
  }

  stream(bytes: Uint8Array, start: number, end: number): void {
    this.#events.heard();
    try {
      if (this.#restLength === 0) {
        const used = this.#apply(bytes, start, end);
        this.#keep(bytes, start + used, end);
      } else {
        this.#keep(bytes, start, end);
        const used = this.#apply(this.#rest, 0, this.#restLength);
        this.#rest.copyWithin(0, used, this.#restLength);
        this.#restLength -= used;
      }
    } catch (error) {
      if (!this.#closed) this.#events.desynchronised(textOf(error));
      return;
    }
    if (this.#restLength === 0 && this.#rest.length > 1024 * 1024) this.#rest = NO_BYTES;
    if (!this.#closed) this.#events.caughtUp();
  }

  #apply(bytes: Uint8Array, start: number, end: number): number {
    const inside = this.#unsettled.length > 0;
    const db = inside ? undefined : this.#dataset.appliedDb;
    const used = this.#dataset.apply(bytes.subarray(start, end), end - start);
    // A command of the stream may have ended our being a replica.
    if (this.#closed || used === 0) return used;
    const stop = start + used;
    if (!this.#dataset.applyingTransaction) {
      this.#settle();
      this.#events.applied(bytes, start, stop, db);
      return used;
    }
    const multi = openMulti(bytes, start, stop);
    if (multi >= 0) {
      this.#settle();
      if (multi > start) this.#events.applied(bytes, start, multi, db);
    }
    this.#unsettled.push(new Slice(bytes, multi < 0 ? start : multi, stop).copy());
    return used;
  }

  #settle(): void {
    for (const piece of this.#unsettled) this.#events.applied(piece, 0, piece.length, undefined);
    this.#unsettled = [];
  }

  #keep(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length === 0) return;
    if (this.#restLength + length > this.#rest.length) {
      const larger = new Uint8Array(Math.max(4096, (this.#restLength + length) * 2));
      larger.set(this.#rest.subarray(0, this.#restLength));
      this.#rest = larger;
    }
    this.#rest.set(bytes.subarray(start, end), this.#restLength);
    this.#restLength += length;
  }

  #write(bytes: Uint8Array): void {
    if (!this.#closed) this.#socket.write(bytes, bytes.length);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
