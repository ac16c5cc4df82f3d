/**
 * Reads an RDB file that arrives in chunks of any size and tells a sink what it finds. `input.ts` has the cursor,
 * `types/` the value types, `load.ts` the sink that fills an engine. Whatever the bytes, it throws nothing but
 * `RdbError`s of its own (a sink may throw its own errors), and holds no more memory than the item being read has sent.
 *
 * The sink is told of keys as they come, before the checksum at the end is known: load into an engine that can be
 * thrown away if `feed` or `end` throws.
 */
import { Slice } from "../base/bytes.ts";
import { Crc64 } from "../base/crc64.ts";
import { quoteWord } from "../base/words.ts";
import { CHECKSUM_SINCE_VERSION, MAGIC, MAX_VERSION, Opcode, RdbError, TYPE_NAMES, ValueType } from "./format.ts";
import { RdbInput, StringSlot, short } from "./input.ts";
import { moduleName, skipModulePart } from "./module.ts";
import { KeyHeader, type ValueReader } from "./value.ts";

/** What a file says, in its order. All slices are lent until the method returns. */
export interface RdbSink {
  aux(name: Slice, value: Slice): void;
  selectDb(index: number): void;
  /** A hint: how many keys the selected database has, and how many of them expire. */
  resizeDb(size: number, expires: number): void;
  /** A library of functions: its source. */
  functionLibrary(code: Slice): void;
  /** Data of a module beside the keys, which was skipped. */
  moduleAux(module: string): void;
  /** A key begins: who is to read its value? Nobody if the form is unknown. Asked again if its beginning has to be read again. */
  value(header: KeyHeader): ValueReader | undefined;
  /** That value has been read to its end. */
  key(header: KeyHeader, value: ValueReader): void;
}

export interface RdbReaderOptions {
  /** `proto-max-bulk-len`. */
  readonly maxStringBytes?: number;
  /** `rdbchecksum`: false takes any checksum. */
  readonly verifyChecksum?: boolean;
}

const HEADER_BYTES = 9;
/** Room for unfinished items above this is given back when it is empty. */
const KEEP_PENDING_BYTES = 1 << 20;

export class RdbReader {
  /** Set once the header has been read. */
  version = 0;
  /** Whether the file was read to its end, and its checksum was right. */
  finished = false;
  /** Whether the file carries a checksum; known when `finished`. */
  checksummed = false;

  readonly #sink: RdbSink;
  readonly #input: RdbInput;
  readonly #verifyChecksum: boolean;
  readonly #header = new KeyHeader();
  readonly #keySlot = new StringSlot();
  readonly #nameSlot = new StringSlot();
  readonly #textSlot = new StringSlot();
  readonly #crc = new Crc64();
  /** Up to where, in the input, the checksum has been taken. */
  #summed = 0;
  /** What comes next. */
  #next: "header" | "items" | "value" | "module" | "checksum" = "header";
  /** Who reads the current value, and how many of its parts have been read. */
  #value: ValueReader | undefined;
  #part = 0;
  /** The beginning of an item that has not arrived whole. */
  #pending = new Uint8Array(0);
  #pendingLength = 0;
  /** It is not tried again before there are so many bytes of it. */
  #wanted = 0;
  /** Bytes of the file before the input's first. */
  #consumed = 0;
  #failure: unknown;

  constructor(sink: RdbSink, options: RdbReaderOptions = {}) {
    this.#sink = sink;
    this.#input = new RdbInput(options.maxStringBytes);
    this.#verifyChecksum = options.verifyChecksum ?? true;
  }

  /** How many bytes of the file have been read and understood. */
  get offset(): number {
    return this.#consumed;
  }

  /**
   * Takes the next bytes of the file.
   * @returns  how many of them belong to it: fewer than were given only when it `finished` before their end
   * @throws   RdbError; the reader is of no more use then
   */
  feed(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.finished) return 0;
    try {
      return this.#pendingLength > 0 ? this.#feedPending(bytes, start, end) : this.#feedFresh(bytes, start, end);
    } catch (error) {
      this.#value?.discard();
      this.#failure = error;
      throw error;
    }
  }

  /** There is no more. Throws an `RdbError` of kind "truncated" if the file is not complete. */
  end(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.finished) return;
    this.#value?.discard();
    const at = this.#consumed + this.#pendingLength;
    this.#failure = new RdbError("truncated", `Unexpected EOF reading RDB file: it ends at offset ${at}`, at);
    throw this.#failure;
  }

  #feedFresh(bytes: Uint8Array, start: number, end: number): number {
    const used = this.#read(bytes, start, end);
    if (this.finished) return used;
    const left = end - start - used;
    if (left > 0) {
      this.#reserve(left);
      this.#pending.set(bytes.subarray(end - left, end));
      this.#pendingLength = left;
    }
    return end - start;
  }

  #feedPending(bytes: Uint8Array, start: number, end: number): number {
    const before = this.#pendingLength;
    const length = before + end - start;
    this.#reserve(length);
    this.#pending.set(bytes.subarray(start, end), before);
    this.#pendingLength = length;
    if (length < this.#wanted) return end - start;
    const used = this.#read(this.#pending, 0, length);
    this.#pending.copyWithin(0, used, length);
    this.#pendingLength = length - used;
    if (this.#pendingLength === 0 && this.#pending.length > KEEP_PENDING_BYTES) this.#pending = new Uint8Array(0);
    return this.finished ? used - before : end - start;
  }

  /** Doubles at most: a length that the file only claims makes no room. */
  #reserve(length: number): void {
    if (this.#pending.length >= length) return;
    const grown = new Uint8Array(Math.max(256, length, Math.min(this.#wanted, this.#pending.length * 2)));
    grown.set(this.#pending.subarray(0, this.#pendingLength));
    this.#pending = grown;
  }

  /** Reads all whole items of bytes[start, end); returns how many bytes they are. */
  #read(bytes: Uint8Array, start: number, end: number): number {
    const input = this.#input;
    input.set(bytes, start, end, this.#consumed);
    this.#summed = start;
    try {
      while (!this.finished) {
        this.#item();
        input.itemStart = input.position;
      }
    } catch (error) {
      if (error !== short) throw error;
      this.#wanted = input.wanted;
    }
    if (this.#next !== "checksum") this.#sumUpTo(input.itemStart);
    const used = input.itemStart - start;
    this.#consumed += used;
    return used;
  }

  #sumUpTo(position: number): void {
    if (this.#verifyChecksum) this.#crc.update(this.#input.bytes, this.#summed, position);
    this.#summed = position;
  }

  #item(): void {
    if (this.#next === "items") this.#readItem();
    else if (this.#next === "value") this.#readPart();
    else if (this.#next === "checksum") this.#readChecksum();
    else if (this.#next === "module") this.#readModulePart();
    else this.#readHeader();
  }

  #readHeader(): void {
    const input = this.#input;
    const magic = Math.min(input.left, MAGIC.length);
    for (let i = 0; i < magic; i++) {
      if (input.bytes[input.position + i] !== MAGIC.charCodeAt(i)) {
        this.#refuseOtherMagic();
        throw new RdbError("corrupt", "Wrong signature trying to load DB from file", 0);
      }
    }
    input.need(HEADER_BYTES);
    const digits = new Slice(input.bytes, input.position + MAGIC.length, input.position + HEADER_BYTES).latin1();
    input.skip(HEADER_BYTES);
    const version = /^\d{4}$/.test(digits) ? Number(digits) : 0;
    if (version < 1 || version > MAX_VERSION) {
      throw new RdbError("version", `Can't handle RDB format version ${version}`, 0);
    }
    this.version = version;
    this.#next = "items";
  }

  /** Valkey 9 and later begin in another way, with three digits of version. */
  #refuseOtherMagic(): void {
    const { bytes, position, left } = this.#input;
    const text = new Slice(bytes, position, position + Math.min(left, HEADER_BYTES)).latin1();
    if (!"VALKEY".startsWith(text.slice(0, 6))) return;
    this.#input.need(HEADER_BYTES);
    throw new RdbError("version", `Can't handle RDB format version ${Number.parseInt(text.slice(6), 10) || 0}`, 0);
  }

  #readItem(): void {
    const input = this.#input;
    const header = this.#header;
    const opcode = input.byte();
    switch (opcode) {
      case Opcode.expireTimeMs:
        header.expireAt = input.int64();
        break;
      case Opcode.expireTime:
        header.expireAt = input.int32() * 1000;
        break;
      case Opcode.idle:
        header.idleSeconds = input.plainLength();
        break;
      case Opcode.freq:
        header.frequency = input.byte();
        break;
      case Opcode.selectDb:
        this.#selectDb(input.plainLength());
        break;
      case Opcode.resizeDb:
        this.#sink.resizeDb(input.plainLength(), input.plainLength());
        break;
      case Opcode.slotInfo:
        // A hint of Redis 7.4 in cluster mode: slot, keys, keys that expire.
        for (let i = 0; i < 3; i++) input.plainLength();
        break;
      case Opcode.aux:
        this.#sink.aux(input.string(this.#nameSlot), input.string(this.#textSlot));
        break;
      case Opcode.function2:
        this.#sink.functionLibrary(input.string(this.#textSlot));
        break;
      case Opcode.functionPreGa:
        throw new RdbError("unsupported", "Pre-release function format not supported.", input.offset - 1);
      case Opcode.moduleAux:
        this.#moduleAux();
        break;
      case Opcode.eof:
        this.#endOfItems();
        break;
      default:
        this.#readKey(opcode);
    }
  }

  #selectDb(index: number): void {
    this.#header.db = index;
    this.#sink.selectDb(index);
  }

  #moduleAux(): void {
    const input = this.#input;
    input.plainLength();
    const name = moduleName(input.high, input.low);
    this.#sink.moduleAux(name);
    this.#next = "module";
  }

  #readModulePart(): void {
    if (skipModulePart(this.#input)) this.#next = "items";
  }

  #readKey(type: number): void {
    const input = this.#input;
    const header = this.#header;
    header.type = type;
    const typeOffset = input.offset - 1;
    if (TYPE_NAMES[type] === undefined) {
      throw new RdbError("corrupt", `Unknown RDB encoding type ${type} at offset ${typeOffset}`, typeOffset);
    }
    header.key = input.string(this.#keySlot);
    const value = this.#sink.value(header);
    if (value === undefined) throw this.#unsupported(typeOffset);
    this.#value = value;
    if (value.read(input, type, 0)) {
      this.#endOfKey();
      return;
    }
    // The rest may come in another chunk, when the bytes of the key are gone.
    header.key = new Slice(header.key.copy());
    this.#part = 1;
    this.#next = "value";
  }

  #readPart(): void {
    if (this.#value!.read(this.#input, this.#header.type, this.#part)) this.#endOfKey();
    else this.#part++;
  }

  #endOfKey(): void {
    const header = this.#header;
    this.#sink.key(header, this.#value!);
    this.#value = undefined;
    this.#next = "items";
    header.expireAt = -1;
    header.idleSeconds = -1;
    header.frequency = -1;
  }

  #unsupported(offset: number): RdbError {
    const { type, key, db } = this.#header;
    let name = TYPE_NAMES[type]!;
    if (type === ValueType.module2) {
      this.#input.plainLength();
      name += ` ${moduleName(this.#input.high, this.#input.low)}`;
    }
    const shown = key.length > 128 ? `${quoteWord(key.latin1().slice(0, 128))}...` : quoteWord(key.latin1());
    return new RdbError(
      "unsupported",
      `type ${type} (${name}) of key ${shown} in db ${db} is not supported yet`,
      offset,
    );
  }

  #endOfItems(): void {
    this.#sumUpTo(this.#input.position);
    if (this.version >= CHECKSUM_SINCE_VERSION) this.#next = "checksum";
    else this.finished = true;
  }

  #readChecksum(): void {
    const input = this.#input;
    input.need(8);
    const at = input.position;
    input.skip(8);
    const stored = new Crc64();
    stored.readFrom(input.bytes, at);
    this.checksummed = stored.low !== 0 || stored.high !== 0;
    if (this.#verifyChecksum && this.checksummed && !this.#crc.matches(input.bytes, at)) {
      const text = `Wrong RDB checksum expected: (${this.#crc}) but got (${stored}). Aborting now.`;
      throw new RdbError("corrupt", text, this.#consumed);
    }
    this.finished = true;
  }
}
