/**
 * The one stream of outcomes: every change, as the commands that replicas (and, later, the AOF) are to run, with a SELECT
 * where the database changes and MULTI/EXEC around what belongs together. It gathers during the tick and is handed on
 * once, at its end.
 */
import { copyBytes, Slice } from "../base/bytes.ts";
import { writeInteger } from "../base/numbers.ts";
import type { OutcomeWord } from "../commands/call.ts";

export class Outcomes {
  /** Whether anybody listens; while nobody does, nothing is encoded. */
  active = false;
  /** Takes bytes[0, length), lent until it returns; `db` is selected before the first of them, -1 if they say which. */
  consume: (bytes: Uint8Array, length: number, db: number) => void = () => {};
  /** Others who listen beside it, for a time. */
  readonly taps = new Set<(bytes: Uint8Array, length: number) => void>();
  #bytes: Uint8Array = Buffer.allocUnsafeSlow(64 * 1024);
  #at = 0;
  #selected = -1;
  /** What was selected before the first of the gathered commands. */
  #firstSelected = -1;
  /** Between `begin` and `end`: what comes is framed by MULTI and EXEC if it is more than one command. */
  #grouped = false;
  #groupStart = 0;
  #groupCount = 0;
  /** EXEC's own grouping frames even a single command, as Redis does for a transaction that wrote. */
  #groupAlways = false;

  /** Bytes that wait to be handed on. */
  get length(): number {
    return this.#at;
  }

  /** The stream's next command names its database again: a new history begins here. */
  selectAgain(): void {
    this.#selected = -1;
  }

  /** A command in the client's own bytes. */
  raw(dbIndex: number, request: Slice): void {
    if (!this.active) return;
    this.#before(dbIndex);
    const length = request.length;
    this.#room(length);
    request.copyTo(this.#bytes, this.#at);
    this.#at += length;
  }

  /** @param dbIndex  -1 for commands that belong to no database */
  words(dbIndex: number, words: readonly OutcomeWord[], count = words.length): void {
    if (!this.active) return;
    this.#before(dbIndex);
    this.#encode(words, count);
  }

  begin(always: boolean): void {
    this.#grouped = true;
    this.#groupAlways = always;
    this.#groupStart = this.#at;
    this.#groupCount = 0;
  }

  end(): void {
    this.#grouped = false;
    const count = this.#groupCount;
    this.#groupCount = 0;
    if (count === 0) return;
    if (count > 1 || this.#groupAlways) {
      this.#insert(this.#groupStart, MULTI);
      this.#room(EXEC.length);
      this.#bytes.set(EXEC, this.#at);
      this.#at += EXEC.length;
    }
  }

  /** Hands on what has gathered. */
  flush(): void {
    if (this.#at === 0) return;
    // Asked for from within a transaction (its REPLICAOF, say): what it did so far is framed by itself.
    const grouped = this.#grouped;
    if (grouped) this.end();
    const length = this.#at;
    this.#at = 0;
    this.consume(this.#bytes, length, this.#firstSelected);
    for (const tap of this.taps) tap(this.#bytes, length);
    if (this.#bytes.length > KEEP_BYTES) this.#bytes = Buffer.allocUnsafeSlow(64 * 1024);
    if (grouped) this.begin(this.#groupAlways);
  }

  #before(dbIndex: number): void {
    if (this.#at === 0) this.#firstSelected = dbIndex >= 0 && dbIndex !== this.#selected ? -1 : this.#selected;
    if (dbIndex >= 0 && dbIndex !== this.#selected) {
      this.#selected = dbIndex;
      this.#encode(["SELECT", dbIndex], 2);
      // The SELECT stays outside of a MULTI that it begins, as Redis writes it.
      if (this.#grouped && this.#groupCount === 0) this.#groupStart = this.#at;
    }
    this.#groupCount++;
  }

  #encode(words: readonly OutcomeWord[], count: number): void {
    this.#room(16);
    this.#header(0x2a, count);
    for (let i = 0; i < count; i++) this.#word(words[i]!);
  }

  #word(word: OutcomeWord): void {
    if (word instanceof Slice) this.#bulk(word.bytes, word.start, word.end);
    else if (typeof word === "string") {
      const bytes = Buffer.from(word, "utf8");
      this.#bulk(bytes, 0, bytes.length);
    } else if (typeof word === "number") {
      const end = writeInteger(word, SCRATCH, 0);
      this.#bulk(SCRATCH, 0, end);
    } else this.#bulk(word, 0, word.length);
  }

  #bulk(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#room(length + 32);
    this.#header(0x24, length);
    copyBytes(bytes, start, end, this.#bytes, this.#at);
    this.#at += length;
    this.#bytes[this.#at++] = 13;
    this.#bytes[this.#at++] = 10;
  }

  #header(type: number, value: number): void {
    this.#bytes[this.#at++] = type;
    this.#at = writeInteger(value, this.#bytes, this.#at);
    this.#bytes[this.#at++] = 13;
    this.#bytes[this.#at++] = 10;
  }

  #insert(at: number, bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.copyWithin(at + bytes.length, at, this.#at);
    this.#bytes.set(bytes, at);
    this.#at += bytes.length;
  }

  #room(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + length));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
  }
}

/** A buffer that one large tick made is not kept for ever. */
const KEEP_BYTES = 4 * 1024 * 1024;
const SCRATCH = new Uint8Array(32);
const MULTI = Buffer.from("*1\r\n$5\r\nMULTI\r\n");
const EXEC = Buffer.from("*1\r\n$4\r\nEXEC\r\n");
