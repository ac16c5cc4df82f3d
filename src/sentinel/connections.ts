/** The connections behind the links: opened, closed and used as the machine says, and it is told what becomes of them. */
import { ReplyError } from "../base/reply-error.ts";
import { RedisConnection } from "../client/connection.ts";
import { onWire } from "../client/request-writer.ts";
import type { Io } from "../io/io.ts";
import { type Address, isIp } from "./address.ts";
import { HELLO_CHANNEL } from "./codec.ts";
import type { ChannelName, Link } from "./instances.ts";
import type { Effect, Input } from "./protocol.ts";

type Of<Kind extends Effect["kind"]> = Extract<Effect, { kind: Kind }>;

/** One connection, from the wish for it on. */
interface Entry {
  connection: RedisConnection | null;
}

export class Connections {
  readonly #io: Io;
  readonly #sourceHost: string | undefined;
  readonly #tell: (input: Input) => void;
  readonly #entries = new Map<string, Entry>();

  constructor(io: Io, sourceHost: string | undefined, tell: (input: Input) => void) {
    this.#io = io;
    this.#sourceHost = sourceHost;
    this.#tell = tell;
  }

  connect(effect: Of<"connect">): void {
    const { link, channel, address } = effect;
    const entry: Entry = { connection: null };
    this.#entries.set(keyOf(link, channel), entry);
    if (isIp(address.host)) {
      this.#open(effect, entry, address.host);
      return;
    }
    // Resolved anew each time: a name is used because what it stands for changes.
    this.#resolve(address)
      .then((ip) => {
        if (this.#isCurrent(link, channel, entry)) this.#open(effect, entry, ip);
      })
      .catch((error: Error) => this.#lost(link, channel, entry, false, error.message));
  }

  async #resolve({ host }: Address): Promise<string> {
    const [ip] = await this.#io.net.resolve(host);
    if (ip === undefined) throw new Error(`${host} has no address`);
    this.#tell({ kind: "resolved", host, ip });
    return ip;
  }

  #open({ link, channel, address, timeoutMs }: Of<"connect">, entry: Entry, host: string): void {
    const connection = new RedisConnection(
      this.#io,
      { host, port: address.port },
      {
        strings: "latin1",
        connectTimeoutMs: timeoutMs,
        sourceHost: this.#sourceHost,
        onClose: (error) => this.#lost(link, channel, entry, error.kind === "refused", error.message),
      },
    );
    entry.connection = connection;
    connection.ready().then(
      () => {
        if (!this.#isCurrent(link, channel, entry)) return;
        this.#tell({ kind: "connected", link, channel, localHost: connection.localEndpoint.host });
      },
      () => {}, // `onClose` tells
    );
  }

  #lost(link: Link, channel: ChannelName, entry: Entry, refused: boolean, reason: string): void {
    if (!this.#isCurrent(link, channel, entry)) return;
    this.#entries.delete(keyOf(link, channel));
    this.#tell({ kind: "disconnected", link, channel, refused, reason });
  }

  disconnect({ link, channel }: Of<"disconnect">): void {
    const key = keyOf(link, channel);
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    entry?.connection?.close();
  }

  send({ link, channel, words, request }: Of<"send">): void {
    this.#entries.get(keyOf(link, channel))?.connection?.request(words.map(onWire), (error, reply) => {
      // Without an answer there is nothing to tell: that the connection is lost is told once, by itself.
      if (error === null || error instanceof ReplyError)
        this.#tell({ kind: "reply", link, request, reply: error ?? reply });
    });
  }

  subscribe({ link, command }: Of<"subscribe">): void {
    const connection = this.#entries.get(keyOf(link, "pubsub"))?.connection;
    const onMessage = (_: string, text: string | Buffer) => this.#tell({ kind: "message", link, text: String(text) });
    // A refusal shows as silence on the channel, after which the connection is made anew.
    connection?.subscribe([HELLO_CHANNEL], onMessage, false, command).catch(() => {});
  }

  closeAll(): void {
    for (const { connection } of this.#entries.values()) connection?.close();
    this.#entries.clear();
  }

  #isCurrent(link: Link, channel: ChannelName, entry: Entry): boolean {
    return this.#entries.get(keyOf(link, channel)) === entry;
  }
}

function keyOf(link: Link, channel: ChannelName): string {
  return `${link.id} ${channel}`;
}
