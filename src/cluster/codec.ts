/**
 * The bytes of the cluster bus, version 1: a header of 2,256 bytes, network order, then what the kind of message asks for.
 * What comes in is a stranger's: every length is held against the message's own before it is believed, and a message that is
 * not what it claims to be is refused whole.
 *
 * @see https://github.com/redis/redis/blob/7.2/src/cluster.h, clusterMsg
 */
import {
  type Extensions,
  type Gossip,
  type Greeting,
  ID_LENGTH,
  MESSAGE_KINDS,
  type Message,
  MessageFlag,
  type NodeId,
  type Sender,
} from "./messages.ts";
import { SLOT_BYTES, SlotSet } from "./slot-set.ts";

const VERSION = 1;
export const HEADER_BYTES = 2256;
/** Signature and total length: enough to know how much is to come. */
const PREFIX_BYTES = 8;
/** Nobody has this much to say: a PUBLISH of the largest bulk string, and its header. */
const MAX_MESSAGE_BYTES = 512 * 1024 * 1024 + HEADER_BYTES + 1024;

const IP_BYTES = 46;
const GOSSIP_BYTES = 104;
const UPDATE_BYTES = 8 + ID_LENGTH + SLOT_BYTES;

/** Where things stand in the header. */
const At = {
  length: 4,
  version: 8,
  port: 10,
  type: 12,
  count: 14,
  currentEpoch: 16,
  configEpoch: 24,
  offset: 32,
  sender: 40,
  slots: 80,
  replicaOf: 2128,
  ip: 2168,
  extensions: 2214,
  plainPort: 2246,
  busPort: 2248,
  flags: 2250,
  state: 2252,
  messageFlags: 2253,
} as const;

const Extension = { hostname: 0, humanName: 1, forgotten: 2, shardId: 3 } as const;
const EXTENSION_HEADER = 8;

/** A message that is not one. Whoever sent it gets no answer. */
export class BusError extends Error {
  override readonly name = "BusError";
}

/**
 * How long the message is that begins at `at`; 0 while too little of it has come to say.
 * @throws BusError  if this is no message of the bus
 */
export function messageLength(bytes: Buffer, at: number, end: number): number {
  if (end - at < PREFIX_BYTES) return 0;
  if (bytes.toString("latin1", at, at + 4) !== "RCmb") throw new BusError("no message of the cluster bus");
  const length = bytes.readUInt32BE(at + At.length);
  if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES) throw new BusError(`a message of ${length} bytes`);
  return length;
}

// ---- Reading

/**
 * The message that lies in bytes[at, at + length): nothing of it refers to `bytes` afterwards.
 * @returns  null if it is of a version or kind that we do not know, which is to be passed over
 * @throws   BusError
 */
export function decodeMessage(bytes: Buffer, at: number, length: number): Message | null {
  const message = bytes.subarray(at, at + length);
  if (message.length < HEADER_BYTES || messageLength(message, 0, length) !== length) throw new BusError("cut short");
  if (message.readUInt16BE(At.version) !== VERSION) return null;
  const kind = MESSAGE_KINDS[message.readUInt16BE(At.type)];
  if (kind === undefined) return null;
  const sender = readSender(message);
  switch (kind) {
    case "ping":
    case "pong":
    case "meet":
      return readGreeting(kind, sender, message);
    case "fail":
      exactly(message, HEADER_BYTES + ID_LENGTH);
      return { kind, sender, id: readId(message, HEADER_BYTES) };
    case "publish":
    case "publishshard":
      return { kind, sender, ...readPublished(message) };
    case "update":
      exactly(message, HEADER_BYTES + UPDATE_BYTES);
      return {
        kind,
        sender,
        configEpoch: readCount(message, HEADER_BYTES),
        id: readId(message, HEADER_BYTES + 8),
        slots: readSlots(message, HEADER_BYTES + 8 + ID_LENGTH),
      };
    case "module":
      return { kind, sender };
    default:
      exactly(message, HEADER_BYTES);
      return { kind, sender };
  }
}

function exactly(message: Buffer, length: number): void {
  if (message.length !== length) throw new BusError(`${message.length} bytes where ${length} were due`);
}

function readSender(message: Buffer): Sender {
  return {
    id: readId(message, At.sender),
    port: message.readUInt16BE(At.port),
    plainPort: message.readUInt16BE(At.plainPort),
    busPort: message.readUInt16BE(At.busPort),
    ip: readText(message, At.ip, IP_BYTES),
    flags: message.readUInt16BE(At.flags),
    replicaOf: message[At.replicaOf] === 0 ? "" : readId(message, At.replicaOf),
    currentEpoch: readCount(message, At.currentEpoch),
    configEpoch: readCount(message, At.configEpoch),
    replicationOffset: readCount(message, At.offset),
    slots: readSlots(message, At.slots),
    clusterOk: message[At.state] === 0,
    messageFlags: message[At.messageFlags]! & ~MessageFlag.hasExtensions,
  };
}

function readGreeting(kind: Greeting["kind"], sender: Sender, message: Buffer): Greeting {
  const count = message.readUInt16BE(At.count);
  const behindGossip = HEADER_BYTES + count * GOSSIP_BYTES;
  if (behindGossip > message.length) throw new BusError(`${count} entries of gossip in ${message.length} bytes`);
  const gossip: Gossip[] = [];
  for (let at = HEADER_BYTES; at < behindGossip; at += GOSSIP_BYTES) gossip.push(readGossip(message, at));
  const has = (message[At.messageFlags]! & MessageFlag.hasExtensions) !== 0;
  const extensions = has ? readExtensions(message, behindGossip) : NO_EXTENSIONS;
  if (!has) exactly(message, behindGossip);
  return { kind, sender, gossip, extensions };
}

const NO_EXTENSIONS: Extensions = {};

function readGossip(message: Buffer, at: number): Gossip {
  return {
    id: readId(message, at),
    pingSent: message.readUInt32BE(at + 40),
    pongReceived: message.readUInt32BE(at + 44),
    ip: readText(message, at + 48, IP_BYTES),
    port: message.readUInt16BE(at + 94),
    busPort: message.readUInt16BE(at + 96),
    flags: message.readUInt16BE(at + 98),
    plainPort: message.readUInt16BE(at + 100),
  };
}

function readExtensions(message: Buffer, from: number): Extensions {
  const found: { -readonly [K in keyof Extensions]: Extensions[K] } = {};
  const forgotten: { id: NodeId; seconds: number }[] = [];
  let at = from;
  for (let left = message.readUInt16BE(At.extensions); left > 0; left--) {
    const length = at + EXTENSION_HEADER <= message.length ? message.readUInt32BE(at) : 0;
    const valid = length >= EXTENSION_HEADER && length % 8 === 0 && at + length <= message.length;
    if (!valid) throw new BusError("an extension that does not fit");
    const body = at + EXTENSION_HEADER;
    const size = length - EXTENSION_HEADER;
    switch (message.readUInt16BE(at + 4)) {
      case Extension.hostname:
        found.hostname = readText(message, body, size);
        break;
      case Extension.humanName:
        found.humanName = readText(message, body, size);
        break;
      case Extension.shardId:
        if (size !== ID_LENGTH) throw new BusError("a shard id of another length");
        found.shardId = readId(message, body);
        break;
      case Extension.forgotten:
        if (size !== ID_LENGTH + 8) throw new BusError("a forgotten node of another length");
        forgotten.push({ id: readId(message, body), seconds: readCount(message, body + ID_LENGTH) });
        break;
      // What later versions add is passed over.
    }
    at += length;
  }
  exactly(message, at);
  if (forgotten.length > 0) found.forgotten = forgotten;
  return found;
}

function readPublished(message: Buffer): { channel: Uint8Array; message: Uint8Array } {
  if (message.length < HEADER_BYTES + 8) throw new BusError("cut short");
  const channel = message.readUInt32BE(HEADER_BYTES);
  const length = message.readUInt32BE(HEADER_BYTES + 4);
  exactly(message, HEADER_BYTES + 8 + channel + length);
  const from = HEADER_BYTES + 8;
  const copy = (start: number, end: number) => Uint8Array.prototype.slice.call(message, start, end);
  return { channel: copy(from, from + channel), message: copy(from + channel, from + channel + length) };
}

function readSlots(message: Buffer, at: number): SlotSet {
  return new SlotSet(Uint8Array.prototype.slice.call(message, at, at + SLOT_BYTES));
}

function readId(message: Buffer, at: number): NodeId {
  for (let i = at; i < at + ID_LENGTH; i++) {
    const byte = message[i]!;
    const isHex = (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
    if (!isHex) throw new BusError("a node id that is not 40 hex digits");
  }
  return message.toString("latin1", at, at + ID_LENGTH);
}

/** Quotes, the comma and the equals sign: what parts the words and fields of a line of nodes.conf. */
const PARTS_A_LINE = new Set(Buffer.from("\"',="));

/** Text that ends at its field's end or with a NUL, without what could break a line of nodes.conf. */
function readText(message: Buffer, at: number, size: number): string {
  let end = at;
  while (end < at + size && message[end] !== 0) {
    const byte = message[end++]!;
    if (byte <= 0x20 || byte >= 0x7f || PARTS_A_LINE.has(byte))
      throw new BusError("an address or name with bytes that no name has");
  }
  return end === at ? "" : message.toString("latin1", at, end);
}

/** An epoch or offset: 64 bits, of which a double holds 53. Beyond that lies no honest one. */
function readCount(message: Buffer, at: number): number {
  const value = message.readUInt32BE(at) * 2 ** 32 + message.readUInt32BE(at + 4);
  if (!Number.isSafeInteger(value)) throw new BusError(`an epoch or offset of ${value}`);
  return value;
}

// ---- Writing

/** How many bytes `encodeMessage` makes of it. */
export function encodedLength(message: Message): number {
  return HEADER_BYTES + bodyLength(message) + (isGreeting(message) ? extensionsLength(message.extensions) : 0);
}

function bodyLength(message: Message): number {
  switch (message.kind) {
    case "ping":
    case "pong":
    case "meet":
      return message.gossip.length * GOSSIP_BYTES;
    case "fail":
      return ID_LENGTH;
    case "publish":
    case "publishshard":
      return 8 + message.channel.length + message.message.length;
    case "update":
      return UPDATE_BYTES;
    case "module":
      throw new BusError("we have no modules that could speak");
    default:
      return 0;
  }
}

export function encodeMessage(message: Message): Buffer {
  const bytes = Buffer.alloc(encodedLength(message));
  writeSender(bytes, message.sender);
  bytes.writeUInt16BE(MESSAGE_KINDS.indexOf(message.kind), At.type);
  bytes.writeUInt32BE(bytes.length, At.length);
  switch (message.kind) {
    case "ping":
    case "pong":
    case "meet":
      writeGreeting(bytes, message);
      break;
    case "fail":
      bytes.write(message.id, HEADER_BYTES, "latin1");
      break;
    case "publish":
    case "publishshard":
      bytes.writeUInt32BE(message.channel.length, HEADER_BYTES);
      bytes.writeUInt32BE(message.message.length, HEADER_BYTES + 4);
      bytes.set(message.channel, HEADER_BYTES + 8);
      bytes.set(message.message, HEADER_BYTES + 8 + message.channel.length);
      break;
    case "update":
      writeCount(bytes, message.configEpoch, HEADER_BYTES);
      bytes.write(message.id, HEADER_BYTES + 8, "latin1");
      bytes.set(message.slots.bits, HEADER_BYTES + 8 + ID_LENGTH);
      break;
  }
  return bytes;
}

function isGreeting(message: Message): message is Greeting {
  return message.kind === "ping" || message.kind === "pong" || message.kind === "meet";
}

function writeSender(bytes: Buffer, sender: Sender): void {
  bytes.write("RCmb", 0, "latin1");
  bytes.writeUInt16BE(VERSION, At.version);
  bytes.writeUInt16BE(sender.port, At.port);
  writeCount(bytes, sender.currentEpoch, At.currentEpoch);
  writeCount(bytes, sender.configEpoch, At.configEpoch);
  writeCount(bytes, sender.replicationOffset, At.offset);
  bytes.write(sender.id, At.sender, "latin1");
  bytes.set(sender.slots.bits, At.slots);
  bytes.write(sender.replicaOf, At.replicaOf, "latin1");
  bytes.write(sender.ip, At.ip, IP_BYTES - 1, "latin1");
  bytes.writeUInt16BE(sender.plainPort, At.plainPort);
  bytes.writeUInt16BE(sender.busPort, At.busPort);
  bytes.writeUInt16BE(sender.flags, At.flags);
  bytes[At.state] = sender.clusterOk ? 0 : 1;
  bytes[At.messageFlags] = sender.messageFlags;
}

/** An epoch or offset, in 64 bits. */
function writeCount(bytes: Buffer, count: number, at: number): void {
  bytes.writeUInt32BE(Math.floor(count / 2 ** 32), at);
  bytes.writeUInt32BE(count % 2 ** 32, at + 4);
}

function writeGreeting(bytes: Buffer, { gossip, extensions }: Greeting): void {
  bytes.writeUInt16BE(gossip.length, At.count);
  let at = HEADER_BYTES;
  for (const entry of gossip) {
    writeGossip(bytes, at, entry);
    at += GOSSIP_BYTES;
  }
  const count = writeExtensions(bytes, at, extensions);
  if (count === 0) return;
  bytes.writeUInt16BE(count, At.extensions);
  bytes[At.messageFlags]! |= MessageFlag.hasExtensions;
}

function writeGossip(bytes: Buffer, at: number, entry: Gossip): void {
  bytes.write(entry.id, at, "latin1");
  bytes.writeUInt32BE(entry.pingSent, at + 40);
  bytes.writeUInt32BE(entry.pongReceived, at + 44);
  bytes.write(entry.ip, at + 48, IP_BYTES - 1, "latin1");
  bytes.writeUInt16BE(entry.port, at + 94);
  bytes.writeUInt16BE(entry.busPort, at + 96);
  bytes.writeUInt16BE(entry.flags, at + 98);
  bytes.writeUInt16BE(entry.plainPort, at + 100);
}

function extensionsLength({ hostname, humanName, forgotten, shardId }: Extensions): number {
  let length = 0;
  if (hostname) length += extensionLength(hostname.length + 1);
  if (humanName) length += extensionLength(humanName.length + 1);
  if (forgotten) length += forgotten.length * extensionLength(ID_LENGTH + 8);
  if (shardId) length += extensionLength(ID_LENGTH);
  return length;
}

/** With its header, padded to a multiple of eight. */
function extensionLength(size: number): number {
  return EXTENSION_HEADER + Math.ceil(size / 8) * 8;
}

/** @returns  how many there are */
function writeExtensions(bytes: Buffer, at: number, extensions: Extensions): number {
  let count = 0;
  const begin = (type: number, size: number): number => {
    const length = extensionLength(size);
    bytes.writeUInt32BE(length, at);
    bytes.writeUInt16BE(type, at + 4);
    const body = at + EXTENSION_HEADER;
    at += length;
    count++;
    return body;
  };
  const { hostname, humanName, forgotten, shardId } = extensions;
  // The NUL behind a name stands there already.
  if (hostname) bytes.write(hostname, begin(Extension.hostname, hostname.length + 1), "latin1");
  if (humanName) bytes.write(humanName, begin(Extension.humanName, humanName.length + 1), "latin1");
  for (const { id, seconds } of forgotten ?? []) {
    const body = begin(Extension.forgotten, ID_LENGTH + 8);
    bytes.write(id, body, "latin1");
    writeCount(bytes, seconds, body + ID_LENGTH);
  }
  if (shardId) bytes.write(shardId, begin(Extension.shardId, ID_LENGTH), "latin1");
  return count;
}
