/** A client as one line of CLIENT LIST, its fields in Redis' order. */
import type { Connection } from "./connection.ts";

/** What a connection costs before it has sent or got anything: our objects, and the socket's. */
const CONNECTION_BYTES = 2048;

/** What CLIENT LIST TYPE and CLIENT KILL TYPE ask for. */
export type ClientType = "normal" | "master" | "replica" | "pubsub";

export function clientType(connection: Connection): ClientType {
  if (connection.fromPrimary) return "master";
  if (connection.replica !== null) return "replica";
  return connection.subscriptions > 0 ? "pubsub" : "normal";
}

/** The type of that name, old names included; null for none. */
export function clientTypeNamed(name: string): ClientType | null {
  switch (name.toLowerCase()) {
    case "normal":
      return "normal";
    case "master":
    case "primary":
      return "master";
    case "slave":
    case "replica":
      return "replica";
    case "pubsub":
      return "pubsub";
    default:
      return null;
  }
}

/**
 * Without the line's end.
 * @param asking  whose request this is: it is being run, and so is still there
 */
export function clientLine(connection: Connection, now: number, asking: Connection | null = null): string {
  const memory = clientMemory(connection);
  const request = connection === asking ? connection.reader.raw.length : 0;
  const fields: [name: string, value: string | number][] = [
    ["id", connection.id],
    ["addr", connection.address],
    ["laddr", connection.localAddress],
    ["fd", connection.socket.fd],
    ["name", connection.name],
    ["age", Math.floor((now - connection.createdAt) / 1000)],
    ["idle", Math.floor((now - connection.lastActiveAt) / 1000)],
    ["flags", flags(connection)],
    ["db", connection.dbIndex],
    ["sub", connection.channels.size],
    ["psub", connection.patterns.size],
    ["ssub", connection.shardChannels.size],
    ["multi", connection.transaction.active ? connection.transaction.queue.length : -1],
    ["qbuf", memory.query + request],
    ["qbuf-free", memory.queryFree],
    ["argv-mem", request + memory.words],
    ["multi-mem", memory.transaction],
    ["rbs", memory.replyBuffer],
    ["rbp", memory.replyBuffer],
    ["obl", memory.replyFilled],
    ["oll", memory.replyChunks],
    ["omem", memory.output],
    ["tot-mem", memory.total],
    ["events", connection.outputBytes > 0 ? "rw" : "r"],
    ["cmd", connection.lastCommand?.name ?? "NULL"],
    ["user", connection.fromPrimary ? "(superuser)" : connection.user],
    ["redir", -1],
    ["resp", connection.protocol],
    ["lib-name", connection.libName],
    ["lib-ver", connection.libVersion],
  ];
  return fields.map(([name, value]) => `${name}=${value}`).join(" ");
}

function flags(connection: Connection): string {
  let letters = "";
  if (connection.monitor) letters += "O";
  else if (connection.replica !== null) letters += "S";
  if (connection.fromPrimary) letters += "M";
  if (connection.subscriptions > 0) letters += "P";
  if (connection.transaction.active) letters += "x";
  if (connection.blocked !== null || connection.paused) letters += "b";
  if (connection.transaction.dirty) letters += "d";
  if (connection.closeAfterReply) letters += "c";
  if (connection.unix) letters += "U";
  if (connection.noEvict) letters += "e";
  if (connection.noTouch) letters += "T";
  return letters === "" ? "N" : letters;
}

export interface ClientMemory {
  /** Bytes of requests that are not run yet, and room behind them. */
  readonly query: number;
  readonly queryFree: number;
  /** The words of a request that is not whole yet, besides their bytes. */
  readonly words: number;
  /** What MULTI has queued. */
  readonly transaction: number;
  /** The chunk being written to, its bytes in use, and full ones before it. */
  readonly replyBuffer: number;
  readonly replyFilled: number;
  readonly replyChunks: number;
  /** Bytes of full chunks, and of what the socket holds. */
  readonly output: number;
  /** Names of keys that it watches, and of channels that it listens to. */
  readonly names: number;
  readonly total: number;
}

export function clientMemory(connection: Connection): ClientMemory {
  const { reader, reply, transaction } = connection;
  const query = reader.pendingBytes;
  const buffer = reader.bufferBytes;
  const replyFilled = reply.size - reply.fullBytes;
  const output = reply.fullBytes + connection.socket.unsentBytes;
  const replyBuffer = reply.bufferBytes;
  const words = reader.wordBytes;
  const names =
    connection.channels.bytes + connection.patterns.bytes + connection.shardChannels.bytes + transaction.watched.bytes;
  return {
    query,
    queryFree: buffer - query,
    words,
    transaction: transaction.bytes,
    replyBuffer,
    replyFilled,
    replyChunks: reply.full.length,
    output,
    names,
    total: CONNECTION_BYTES + buffer + words + transaction.bytes + replyBuffer + output + names,
  };
}
