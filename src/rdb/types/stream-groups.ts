/**
 * The groups of a stream on their way into a file. They change with every entry that is read, and stand behind the nodes, which take
 * their time: so what they are is taken down when the stream is opened, as words in large arrays, which is quick, and written from there bit
 * by bit.
 */
import { Slice } from "../../base/bytes.ts";
import { StreamId } from "../../engine/stream/id.ts";
import { PENDING_WORDS, PendingWord } from "../../engine/stream/pending.ts";
import type { Stream } from "../../engine/stream/stream.ts";
import { readNumber } from "../../engine/stream/words.ts";
import type { WrittenVersion } from "../format.ts";
import type { RdbOutput } from "../output.ts";

/** How many pending entries are written before somebody else may go on. */
const AT_ONCE = 512;
const ID_BYTES = 16;

interface TakenConsumer {
  readonly ref: number;
  readonly name: Slice;
  readonly seen: number;
  readonly active: number;
}

interface TakenGroup {
  readonly name: Slice;
  readonly lastId: StreamId;
  readonly entriesRead: bigint;
  /** The blocks of what is pending, one behind the other. */
  readonly pending: Int32Array;
  readonly consumers: readonly TakenConsumer[];
}

export class TakenGroups {
  readonly #groups: TakenGroup[] = [];
  readonly #id = new StreamId();
  readonly #packedId = new Uint8Array(ID_BYTES);

  constructor(stream: Stream) {
    for (const group of stream.sortedGroups()) this.#groups.push(take(stream, group));
  }

  /** Writes them all, and stops now and then. */
  *write(output: RdbOutput, version: WrittenVersion): Generator<void, void> {
    output.lengthOf(this.#groups.length);
    for (const group of this.#groups) {
      output.string(group.name);
      this.#idAsLengths(output, group.lastId);
      output.length64(group.entriesRead);
      yield* this.#pending(output, group.pending);
      yield* this.#consumers(output, group, version);
    }
  }

  *#pending(output: RdbOutput, words: Int32Array): Generator<void, void> {
    output.lengthOf(words.length / PENDING_WORDS);
    for (let at = 0; at < words.length; at += PENDING_WORDS) {
      this.#packId(output, words, at);
      output.int64(readNumber(words, at + PendingWord.time));
      output.lengthOfWords(words[at + PendingWord.count]!, words[at + PendingWord.count + 1]!);
      if (at % (AT_ONCE * PENDING_WORDS) === 0) yield;
    }
  }

  *#consumers(output: RdbOutput, { consumers, pending }: TakenGroup, version: WrittenVersion): Generator<void, void> {
    const places = new PlacesByConsumer(consumers, pending);
    yield* places.find();
    output.lengthOf(consumers.length);
    for (const [index, { name, seen, active }] of consumers.entries()) {
      output.string(name);
      output.int64(seen);
      if (version >= 11) output.int64(active);
      const own = places.of(index);
      output.lengthOf(own.length);
      for (const [i, at] of own.entries()) {
        this.#packId(output, pending, at);
        if (i % AT_ONCE === 0) yield;
      }
    }
  }

  #packId(output: RdbOutput, words: Int32Array, at: number): void {
    this.#id.read(words, at).writeBytes(this.#packedId, 0);
    output.raw(this.#packedId, 0, ID_BYTES);
  }

  #idAsLengths(output: RdbOutput, id: StreamId): void {
    output.lengthOfWords(id.msHigh, id.msLow);
    output.lengthOfWords(id.seqHigh, id.seqLow);
  }
}

function take({ groups }: Stream, group: number): TakenGroup {
  const name = new Slice();
  const consumers = groups.sortedConsumers(group).map((ref) => ({
    ref,
    name: new Slice(groups.consumerName(ref, name).copy()),
    seen: groups.seen(ref),
    active: groups.active(ref),
  }));
  return {
    name: new Slice(groups.name(group, name).copy()),
    lastId: groups.lastId(group, new StreamId()),
    entriesRead: groups.entriesRead(group),
    pending: groups.pendingWords(group),
    consumers,
  };
}

/** Which of a group's pending entries are whose, in order: found by counting, then filling in. */
class PlacesByConsumer {
  readonly #indexes = new Map<number, number>();
  readonly #pending: Int32Array;
  /** By consumer, one behind the other: where its entries begin in `#pending`. */
  readonly #places: Int32Array;
  /** Where those of each consumer begin, and at last the end. */
  readonly #starts: Int32Array;

  constructor(consumers: readonly TakenConsumer[], pending: Int32Array) {
    for (const [index, { ref }] of consumers.entries()) this.#indexes.set(ref, index);
    this.#pending = pending;
    this.#places = new Int32Array(pending.length / PENDING_WORDS);
    this.#starts = new Int32Array(consumers.length + 1);
  }

  *find(): Generator<void, void> {
    const starts = this.#starts;
    for (const { index } of this.#each()) {
      starts[index + 1]!++;
      if (starts[index + 1]! % AT_ONCE === 0) yield;
    }
    for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
    const next = starts.slice();
    for (const { index, at } of this.#each()) {
      this.#places[next[index]!++] = at;
      if (next[index]! % AT_ONCE === 0) yield;
    }
  }

  /** Each entry that somebody has. One object for all. */
  *#each(): Generator<{ index: number; at: number }, void> {
    const words = this.#pending;
    const entry = { index: 0, at: 0 };
    let consumer = 0;
    for (entry.at = 0; entry.at < words.length; entry.at += PENDING_WORDS) {
      const ref = words[entry.at + PendingWord.consumer]!;
      if (ref === 0) continue;
      if (ref !== consumer) {
        consumer = ref;
        entry.index = this.#indexes.get(ref)!;
      }
      yield entry;
    }
  }

  of(index: number): Int32Array {
    return this.#places.subarray(this.#starts[index]!, this.#starts[index + 1]!);
  }
}
