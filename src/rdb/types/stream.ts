/**
 * Streams. A form begins with the nodes, as they lie in memory, and what is known of the stream as a whole; then come the
 * groups, each with all that is pending in it, and its consumers, each with the IDs of what is pending at it. The second
 * form knows of the entries ever added and read and of those deleted, the third of when consumers were last active.
 */
import { Slice } from "../../base/bytes.ts";
import type { StoredValue } from "../../engine/snapshot.ts";
import type { Store } from "../../engine/store.ts";
import { StreamId } from "../../engine/stream/id.ts";
import { StreamNode } from "../../engine/stream/node.ts";
import { Stream } from "../../engine/stream/stream.ts";
import { NODE_ID_BYTES } from "../../engine/stream/stream-walk.ts";
import { ValueType, type WrittenVersion } from "../format.ts";
import { RdbOutput } from "../output.ts";
import type { PartsWriter, TypeRow, ValueWriter } from "../value.ts";
import { TakenGroups } from "./stream-groups.ts";
import { StreamReader } from "./stream-reader.ts";

export const stream: TypeRow = {
  type: "stream",
  forms: [ValueType.streamListpacks, ValueType.streamListpacks2, ValueType.streamListpacks3],
  reader: (store) => new StreamReader(store),
  writer: (store) => new StreamWriter(store),
};

class StreamWriter implements ValueWriter {
  readonly #stream: Stream;
  readonly #node: StreamNode;
  readonly #id = new StreamId();
  readonly #packedId = new Uint8Array(NODE_ID_BYTES);
  readonly #slice = new Slice();

  constructor(store: Store) {
    this.#stream = new Stream(store);
    this.#node = new StreamNode(store.arena);
  }

  form(_value: StoredValue, version: WrittenVersion): number {
    return version >= 11 ? ValueType.streamListpacks3 : ValueType.streamListpacks2;
  }

  write(output: RdbOutput, value: StoredValue, version: WrittenVersion): void {
    const stream = this.#stream.position(value.root);
    this.#nodes(output, stream);
    this.#sums(output, stream);
    for (const _ of new TakenGroups(stream).write(output, version));
  }

  inParts(value: StoredValue, parts: number, version: WrittenVersion): PartsWriter {
    const stream = this.#stream.position(value.root);
    const chunks: Uint8Array[] = [];
    const sums = new RdbOutput((chunk) => chunks.push(chunk), {
      compress: true,
      checksum: false,
      firstChunkBytes: 256,
    });
    this.#sums(sums, stream);
    sums.flush();
    const groups = new TakenGroups(stream);
    let writing: Generator<void, void> | null = null;
    return {
      head: (output) => output.lengthOf(parts),
      node: (output, bytes, begin, end) => {
        output.string(this.#slice.set(bytes, begin, begin + NODE_ID_BYTES));
        output.string(this.#slice.set(bytes, begin + NODE_ID_BYTES, end));
      },
      tail: (output) => {
        if (writing === null) {
          for (const chunk of chunks) output.raw(chunk, 0, chunk.length);
          writing = groups.write(output, version);
        }
        return writing.next().done !== true;
      },
    };
  }

  /** What is known of the stream as a whole. */
  #sums(output: RdbOutput, stream: Stream): void {
    const id = this.#id;
    output.lengthOf(stream.length);
    this.#idAsLengths(output, stream.lastId(id));
    this.#idAsLengths(output, stream.firstId(id));
    this.#idAsLengths(output, stream.maxDeletedId(id));
    output.length64(stream.entriesAdded);
  }

  #nodes(output: RdbOutput, { nodes }: Stream): void {
    output.lengthOf(nodes.count);
    for (let ref = nodes.first; ref !== 0; ref = nodes.next(ref)) {
      const node = this.#node.at(ref);
      node.id(this.#id).writeBytes(this.#packedId, 0);
      output.string(this.#slice.set(this.#packedId, 0, NODE_ID_BYTES));
      output.string(this.#slice.set(node.bytes, node.base, node.base + node.size));
    }
  }

  #idAsLengths(output: RdbOutput, id: StreamId): void {
    output.lengthOfWords(id.msHigh, id.msLow);
    output.lengthOfWords(id.seqHigh, id.seqLow);
  }
}
