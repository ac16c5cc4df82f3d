/**
 * Lists: nodes, each one the bytes of a listpack; in files of earlier Redis ziplists, or one of them, or element by element.
 */
import { Slice } from "../../base/bytes.ts";
import type { ListValue } from "../../engine/list/list-value.ts";
import type { StoredValue } from "../../engine/snapshot.ts";
import type { Store } from "../../engine/store.ts";
import { EMPTY_BYTES, HEADER_BYTES, validateListpack } from "../../memory/listpack.ts";
import { EntryText, entryLength, readText } from "../../memory/listpack-entry.ts";
import { ValueType } from "../format.ts";
import { type RdbInput, StringSlot } from "../input.ts";
import type { RdbOutput } from "../output.ts";
import { RootReader } from "../root-reader.ts";
import type { PartsWriter, TypeRow, ValueWriter } from "../value.ts";
import { validateZiplist, visitZiplist } from "../ziplist.ts";

export const list: TypeRow = {
  type: "list",
  forms: [ValueType.list, ValueType.listZiplist, ValueType.listQuicklist, ValueType.listQuicklist2],
  reader: (store) => new ListReader(store),
  writer: (store) => new ListWriter(store),
};

/** What stands before a node: one element, or a listpack of them. */
const PLAIN = 1;
const PACKED = 2;
/** The largest node that Redis makes of small elements; what is larger is taken apart. */
const LARGEST_NODE_BYTES = 65536;

class ListReader extends RootReader {
  readonly #slot = new StringSlot();
  readonly #list: ListValue;
  readonly #text = new EntryText();
  #left = 0;

  constructor(store: Store) {
    super("list", store);
    this.#list = store.lists.another();
  }

  read(input: RdbInput, form: number, part: number): boolean {
    if (form === ValueType.listZiplist) this.#readZiplist(input);
    else if (part === 0) this.#left = input.plainLength();
    else {
      if (form === ValueType.listQuicklist2) this.#readNode(input);
      else if (form === ValueType.listQuicklist) this.#readZiplist(input);
      else this.#push(input.string(this.#slot));
      this.#left--;
    }
    if (form !== ValueType.listZiplist && this.#left > 0) return false;
    if (this.root !== 0) this.#list.shrink(false);
    return true;
  }

  #readNode(input: RdbInput): void {
    const container = input.plainLength();
    if (container !== PLAIN && container !== PACKED) throw input.corrupt(`a list's node of unknown kind ${container}`);
    const value = input.string(this.#slot);
    if (container === PLAIN) this.#push(value);
    else this.#readListpack(input, value);
  }

  #readListpack(input: RdbInput, { bytes, start, end }: Slice): void {
    const count = validateListpack(bytes, start, end);
    if (count < 0) throw input.corrupt("a listpack that is none");
    if (count === 0) return;
    const entries = start + HEADER_BYTES;
    if (end - start <= LARGEST_NODE_BYTES || count === 1) {
      this.#open().appendNode(bytes, entries, end - 1, count);
      return;
    }
    for (let at = entries; at < end - 1; at += entryLength(bytes, at)) this.#push(readText(bytes, at, this.#text));
  }

  #readZiplist(input: RdbInput): void {
    const { bytes, start, end } = input.string(this.#slot);
    const count = validateZiplist(bytes, start, end);
    if (count < 0) throw input.corrupt("a ziplist that is none");
    visitZiplist(bytes, start, end, (value) => {
      if (value instanceof Slice) this.#push(value);
      else {
        this.#open().grow(INTEGER_BYTES, 1);
        this.#list.pushInteger(value);
      }
    });
  }

  #push(value: Slice): void {
    this.#open().grow(value.length, 1);
    this.#list.push(value, false);
  }

  /** The list being read, made with its first element. */
  #open(): ListValue {
    const { lists } = this.values;
    if (this.root === 0) this.root = lists.createRoot();
    return lists.at(this.root, this.#list);
  }
}

/** At most so many bytes an integer takes. */
const INTEGER_BYTES = 10;

class ListWriter implements ValueWriter {
  readonly #list: ListValue;
  readonly #packed = new Slice();
  #scratch = new Uint8Array(1024);

  constructor(store: Store) {
    this.#list = store.lists.another();
  }

  form(): number {
    return ValueType.listQuicklist2;
  }

  write(output: RdbOutput, { root }: StoredValue): void {
    const list = this.#list.position(root);
    output.lengthOf(list.nodeCount);
    list.nodes((bytes, begin, end, count) => this.#writeNode(output, bytes, begin, end, count));
  }

  inParts(_value: StoredValue, parts: number): PartsWriter {
    return {
      head: (output) => output.lengthOf(parts),
      node: (output, bytes, begin, end, count) => this.#writeNode(output, bytes, begin, end, count),
    };
  }

  #writeNode(output: RdbOutput, bytes: Uint8Array, begin: number, end: number, count: number): void {
    output.lengthOf(PACKED);
    if (end - begin > LARGEST_NODE_BYTES) this.#writeLarge(output, bytes, begin, end, count);
    else this.#writeWhole(output, bytes, begin, end, count);
  }

  /** In one piece, so that it can be compressed. */
  #writeWhole(output: RdbOutput, bytes: Uint8Array, begin: number, end: number, count: number): void {
    const size = end - begin + EMPTY_BYTES;
    if (this.#scratch.length < size) this.#scratch = new Uint8Array(Math.max(size, this.#scratch.length * 2));
    const scratch = this.#scratch;
    writeHeader(scratch, size, count);
    scratch.set(new Uint8Array(bytes.buffer, bytes.byteOffset + begin, end - begin), HEADER_BYTES);
    scratch[size - 1] = END;
    output.string(this.#packed.set(scratch, 0, size));
  }

  /** From where it lies. */
  #writeLarge(output: RdbOutput, bytes: Uint8Array, begin: number, end: number, count: number): void {
    const size = end - begin + EMPTY_BYTES;
    writeHeader(this.#scratch, size, count);
    output.lengthOf(size);
    output.raw(this.#scratch, 0, HEADER_BYTES);
    output.raw(bytes, begin, end);
    output.byte(END);
  }
}

const END = 0xff;

/** What stands before the entries of a listpack. */
function writeHeader(to: Uint8Array, size: number, count: number): void {
  for (let i = 0; i < 4; i++) to[i] = size >>> (8 * i);
  const counted = Math.min(count, 0xffff);
  to[4] = counted;
  to[5] = counted >>> 8;
}
