/** Reads streams in all their forms; types/stream.ts tells what they look like. */
import type { Store } from "../../engine/store.ts";
import { StreamId } from "../../engine/stream/id.ts";
import { StreamNode } from "../../engine/stream/node.ts";
import { Stream, UNKNOWN } from "../../engine/stream/stream.ts";
import { isNodeListpack } from "../../engine/stream/validate.ts";
import { ValueType } from "../format.ts";
import { type RdbInput, StringSlot } from "../input.ts";
import { RootReader } from "../root-reader.ts";

const ID_BYTES = 16;

export class StreamReader extends RootReader {
  readonly #stream: Stream;
  readonly #node: StreamNode;
  readonly #idSlot = new StringSlot();
  readonly #slot = new StringSlot();
  readonly #id = new StreamId();
  readonly #firstId = new StreamId();
  readonly #maxDeleted = new StreamId();
  /** What the next part is. */
  #next: "node" | "whole" | "group" | "pending" | "consumers" | "consumer" | "pending at consumer" = "node";
  // What is still to come.
  #nodes = 0;
  #groups = 0;
  #pending = 0;
  #consumers = 0;
  #pendingAtConsumer = 0;
  /** Of what is pending in the group, so many entries are not yet known to be at a consumer. */
  #unassigned = 0;
  #group = 0;
  #consumer = 0;

  constructor(store: Store) {
    super("stream", store);
    this.#stream = new Stream(store);
    this.#node = new StreamNode(store.arena);
  }

  read(input: RdbInput, form: number, part: number): boolean {
    if (part === 0) return this.#begin(input);
    this.#stream.position(this.root);
    switch (this.#next) {
      case "node":
        return this.#readNode(input);
      case "whole":
        return this.#readWhole(input, form);
      case "group":
        return this.#readGroup(input, form);
      case "pending":
        return this.#readPending(input);
      case "consumers":
        return this.#readConsumers(input);
      case "consumer":
        return this.#readConsumer(input, form);
      default:
        return this.#readPendingAtConsumer(input);
    }
  }

  #begin(input: RdbInput): boolean {
    this.#nodes = input.plainLength();
    this.root = this.#stream.create().root;
    this.#next = this.#nodes > 0 ? "node" : "whole";
    return false;
  }

  #readNode(input: RdbInput): boolean {
    const key = input.string(this.#idSlot);
    if (key.length !== ID_BYTES) throw input.corrupt("a stream's node without an ID");
    const { bytes, start, end } = input.string(this.#slot);
    if (!isNodeListpack(bytes, start, end)) throw input.corrupt("a stream's node that is broken");
    const node = this.#node.create(this.#id.readBytes(key.bytes, key.start));
    node.load(bytes, start, end);
    if (!this.#stream.nodes.insert(node.ref, this.#id)) {
      node.free();
      throw input.corrupt("a stream's node that is there twice");
    }
    if (--this.#nodes === 0) this.#next = "whole";
    return false;
  }

  #readWhole(input: RdbInput, form: number): boolean {
    const stream = this.#stream;
    const length = input.plainLength();
    readId(input, this.#id);
    const isFirstForm = form === ValueType.streamListpacks;
    let added = BigInt(length);
    if (!isFirstForm) {
      readId(input, this.#firstId);
      readId(input, this.#maxDeleted);
      added = readLength(input);
    }
    const groups = input.plainLength();
    if (length > 0 && stream.nodes.count === 0) throw input.corrupt("a stream whose length is not that of its nodes");
    stream.length = length;
    stream.entriesAdded = added;
    stream.setLastId(this.#id);
    if (isFirstForm) stream.findFirst();
    else {
      stream.setFirstId(this.#firstId);
      stream.setMaxDeletedId(this.#maxDeleted);
    }
    this.#groups = groups;
    this.#next = "group";
    return groups === 0;
  }

  #readGroup(input: RdbInput, form: number): boolean {
    const stream = this.#stream;
    const name = input.string(this.#slot);
    readId(input, this.#id);
    let entriesRead = UNKNOWN;
    if (form === ValueType.streamListpacks) entriesRead = stream.addedUpTo(this.#id);
    else entriesRead = BigInt.asIntN(64, readLength(input));
    const pending = input.plainLength();
    if (stream.findGroup(name) !== 0) throw input.corrupt("a consumer group that is there twice");
    this.#group = stream.createGroup(name, this.#id, entriesRead);
    this.#pending = pending;
    this.#unassigned = pending;
    this.#next = pending > 0 ? "pending" : "consumers";
    return false;
  }

  #readPending(input: RdbInput): boolean {
    readPackedId(input, this.#id);
    const timeMs = input.int64();
    const deliveries = readLength(input);
    const { groups } = this.#stream;
    if (groups.pendingOf(this.#group).find(this.#id) !== 0) throw input.corrupt("a pending entry that is there twice");
    const ref = groups.add(this.#group, this.#id, timeMs);
    groups.entries.setDeliveries(ref, deliveries);
    if (--this.#pending === 0) this.#next = "consumers";
    return false;
  }

  #readConsumers(input: RdbInput): boolean {
    this.#consumers = input.plainLength();
    if (this.#consumers === 0) return this.#endOfGroup(input);
    this.#next = "consumer";
    return false;
  }

  #readConsumer(input: RdbInput, form: number): boolean {
    const name = input.string(this.#slot);
    const seen = input.int64();
    // What was not noted counts as the same.
    const active = form === ValueType.streamListpacks3 ? input.int64() : seen;
    const pending = input.plainLength();
    const { groups } = this.#stream;
    if (groups.findConsumer(this.#group, name) !== 0) throw input.corrupt("a consumer that is there twice");
    this.#consumer = groups.createConsumer(this.#group, name, seen);
    groups.setActive(this.#consumer, active);
    this.#pendingAtConsumer = pending;
    if (pending === 0) return this.#endOfConsumer(input);
    this.#next = "pending at consumer";
    return false;
  }

  #readPendingAtConsumer(input: RdbInput): boolean {
    readPackedId(input, this.#id);
    const { groups } = this.#stream;
    const ref = groups.pendingOf(this.#group).find(this.#id);
    if (ref === 0) throw input.corrupt("an entry pending at a consumer but not in its group");
    if (groups.entries.consumer(ref) !== 0) throw input.corrupt("an entry pending at two consumers");
    groups.assign(ref, this.#consumer);
    this.#unassigned--;
    return --this.#pendingAtConsumer > 0 ? false : this.#endOfConsumer(input);
  }

  #endOfConsumer(input: RdbInput): boolean {
    this.#next = "consumer";
    return --this.#consumers > 0 ? false : this.#endOfGroup(input);
  }

  #endOfGroup(input: RdbInput): boolean {
    if (this.#unassigned > 0) throw input.corrupt("an entry pending in a group but at no consumer");
    this.#next = "group";
    return --this.#groups === 0;
  }
}

/** A length of 64 bits, unsigned. */
function readLength(input: RdbInput): bigint {
  input.plainLength();
  return (BigInt(input.high >>> 0) << 32n) | BigInt(input.low >>> 0);
}

function readId(input: RdbInput, into: StreamId): void {
  input.plainLength();
  const { high, low } = input;
  input.plainLength();
  into.set(high, low, input.high, input.low);
}

function readPackedId(input: RdbInput, into: StreamId): void {
  const at = input.position;
  input.skip(ID_BYTES);
  into.readBytes(input.bytes, at);
}
