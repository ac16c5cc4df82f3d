/** Channels, patterns and shard channels, and who listens to them. */

import { Slice } from "../base/bytes.ts";
import { matchGlob } from "../base/glob.ts";
import { type Connection, Guard } from "./connection.ts";
import type { NameSet } from "./measured.ts";

type Subscribers = Map<string, Set<Connection>>;

export class PubSub {
  readonly channels: Subscribers = new Map();
  readonly patterns: Subscribers = new Map();
  readonly shardChannels: Subscribers = new Map();
  readonly #channel = new Slice();
  readonly #pattern = new Slice();

  /** Whether it was not subscribed before. Channel names are latin1. */
  subscribe(connection: Connection, channel: string): boolean {
    return add(this.channels, connection.channels, connection, channel);
  }

  psubscribe(connection: Connection, pattern: string): boolean {
    return add(this.patterns, connection.patterns, connection, pattern);
  }

  ssubscribe(connection: Connection, channel: string): boolean {
    return add(this.shardChannels, connection.shardChannels, connection, channel);
  }

  unsubscribe(connection: Connection, channel: string): boolean {
    return remove(this.channels, connection.channels, connection, channel);
  }

  punsubscribe(connection: Connection, pattern: string): boolean {
    return remove(this.patterns, connection.patterns, connection, pattern);
  }

  sunsubscribe(connection: Connection, channel: string): boolean {
    return remove(this.shardChannels, connection.shardChannels, connection, channel);
  }

  /** The connection is gone, or was RESET. */
  leave(connection: Connection): void {
    if (connection.subscriptions === 0) return;
    for (const channel of [...connection.channels]) this.unsubscribe(connection, channel);
    for (const pattern of [...connection.patterns]) this.punsubscribe(connection, pattern);
    for (const channel of [...connection.shardChannels]) this.sunsubscribe(connection, channel);
  }

  /** Ends the subscriptions to shard channels that are not served here any more, and tells those who had them. */
  dropShardChannels(isServed: (channel: Slice) => boolean): void {
    for (const [channel, subscribers] of [...this.shardChannels]) {
      const name = Buffer.from(channel, "latin1");
      if (isServed(this.#channel.set(name, 0, name.length))) continue;
      for (const connection of [...subscribers]) {
        this.sunsubscribe(connection, channel);
        const { reply } = connection;
        reply.push(3);
        reply.bulkBytes(SUNSUBSCRIBE);
        reply.bulkBytes(name);
        reply.integer(connection.shardChannels.size);
        if (connection.subscriptions === 0) connection.guards &= ~Guard.subscribed;
      }
    }
  }

  /**
   * Delivers a message to those who subscribed to the channel or to a pattern that matches it.
   * @param channel  latin1
   * @returns  how many received it; a client with several matching patterns counts for each
   */
  publish(channel: string, message: Slice): number {
    let receivers = 0;
    const name = Buffer.from(channel, "latin1");
    const subscribers = this.channels.get(channel);
    if (subscribers)
      for (const connection of subscribers) {
        message3(connection, MESSAGE, name, message);
        receivers++;
      }
    if (this.patterns.size === 0) return receivers;
    this.#channel.set(name, 0, name.length);
    for (const [pattern, listeners] of this.patterns) {
      const bytes = Buffer.from(pattern, "latin1");
      if (!matchGlob(this.#pattern.set(bytes, 0, bytes.length), this.#channel)) continue;
      for (const connection of listeners) {
        const { reply } = connection;
        reply.push(4);
        reply.bulkBytes(PMESSAGE);
        reply.bulkBytes(bytes);
        reply.bulkBytes(name);
        reply.bulk(message);
        receivers++;
      }
    }
    return receivers;
  }

  spublish(channel: string, message: Slice): number {
    const subscribers = this.shardChannels.get(channel);
    if (!subscribers) return 0;
    const name = Buffer.from(channel, "latin1");
    for (const connection of subscribers) message3(connection, SMESSAGE, name, message);
    return subscribers.size;
  }
}

function message3(connection: Connection, kind: Uint8Array, channel: Uint8Array, message: Slice): void {
  const { reply } = connection;
  reply.push(3);
  reply.bulkBytes(kind);
  reply.bulkBytes(channel);
  reply.bulk(message);
}

function add(all: Subscribers, own: NameSet, connection: Connection, name: string): boolean {
  if (own.has(name)) return false;
  own.add(name);
  const subscribers = all.get(name);
  if (subscribers) subscribers.add(connection);
  else all.set(name, new Set([connection]));
  return true;
}

function remove(all: Subscribers, own: NameSet, connection: Connection, name: string): boolean {
  if (!own.delete(name)) return false;
  const subscribers = all.get(name)!;
  subscribers.delete(connection);
  if (subscribers.size === 0) all.delete(name);
  return true;
}

const MESSAGE = Buffer.from("message");
const PMESSAGE = Buffer.from("pmessage");
const SUNSUBSCRIBE = Buffer.from("sunsubscribe");
const SMESSAGE = Buffer.from("smessage");
