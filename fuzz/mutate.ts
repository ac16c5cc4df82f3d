/** Changes to inputs that were right: bits, numbers at the edges, lies about lengths, cuts, splices; and the same for text by words. */
import type { SeededRandom } from "../src/io/random.ts";

const BYTES = [
  0, 1, 2, 9, 10, 13, 0x20, 0x24, 0x2a, 0x2d, 0x30, 0x39, 0x3a, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xc0, 0xc3, 0xe0, 0xfe,
  0xff,
];
const WORDS = [
  0, 1, 2, 7, 8, 63, 64, 127, 128, 255, 256, 0x3fff, 0x4000, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
  0xffffffff, 0xfffffffe,
];
export const NUMBERS = [
  "0",
  "-0",
  "-1",
  "1",
  "2",
  "01",
  "1000",
  "16384",
  "65535",
  "65536",
  "1048577",
  "2147483647",
  "2147483648",
  "4294967296",
  "9223372036854775807",
  "-9223372036854775808",
  "18446744073709551616",
  "99999999999999999999999",
  "1e3",
  "3.0e-4931",
  "nan",
  "inf",
  "-inf",
  "0x10",
  "+5",
  " 5",
  "",
] as const;
/** A mutation makes nothing longer than this. */
const MAX_BYTES = 256 * 1024;

export class Mutator {
  readonly #random: SeededRandom;
  readonly #corpus: readonly Buffer[];

  constructor(random: SeededRandom, corpus: readonly Buffer[]) {
    this.#random = random;
    this.#corpus = corpus;
  }

  below(limit: number): number {
    return this.#random.uint32() % limit;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  /** One of the corpus, changed in some places; now and then as it is. */
  bytes(): Buffer {
    let input: Buffer = Buffer.from(this.pick(this.#corpus));
    for (let changes = this.below(8); changes > 0 && input.length > 0; changes--) input = this.#change(input);
    return input;
  }

  #change(input: Buffer): Buffer {
    const at = this.below(input.length);
    switch (this.below(12)) {
      case 0:
        input[at]! ^= 1 << this.below(8);
        return input;
      case 1:
        input[at] = this.pick(BYTES);
        return input;
      case 2:
        input[at] = (input[at]! + this.pick([-1, 1, 2, -2, 16])) & 0xff;
        return input;
      case 3:
        return this.#number(input, at);
      case 4:
        return input.subarray(0, at);
      case 5:
        return cut(input, at, this.#length(input.length - at));
      case 6:
        return insert(input, at, Buffer.from(this.#random.bytes(1 + this.below(16))));
      case 7:
        return insert(input, at, input.subarray(at, at + this.#length(input.length - at)));
      case 8:
        return this.#splice(input, at);
      case 9:
        return this.#digits(input, at);
      case 10:
        return Buffer.concat([input, this.pick(this.#corpus)]).subarray(0, MAX_BYTES);
      default:
        input[at] = this.below(256);
        return input;
    }
  }

  /** Short more often than long. */
  #length(most: number): number {
    return 1 + this.below(Math.max(1, this.below(2) === 0 ? Math.min(most, 8) : most));
  }

  #number(input: Buffer, at: number): Buffer {
    const value = this.pick(WORDS);
    const width = this.pick([1, 2, 4, 8]);
    if (at + width > input.length) return input;
    const little = this.below(2) === 0;
    for (let i = 0; i < width; i++) {
      const byte = i < 4 ? (value >>> (8 * i)) & 0xff : this.below(2) === 0 ? 0 : 0xff;
      input[little ? at + i : at + width - 1 - i] = byte;
    }
    return input;
  }

  /** The first number in digits behind `at` becomes another. */
  #digits(input: Buffer, at: number): Buffer {
    let from = at;
    while (from < input.length && !isDigit(input[from]!)) from++;
    let to = from;
    while (to < input.length && isDigit(input[to]!)) to++;
    if (from === to) return input;
    return Buffer.concat([input.subarray(0, from), Buffer.from(this.pick(NUMBERS)), input.subarray(to)]);
  }

  #splice(input: Buffer, at: number): Buffer {
    const other = this.pick(this.#corpus);
    if (other.length === 0) return input;
    const from = this.below(other.length);
    return Buffer.concat([input.subarray(0, at), other.subarray(from)]).subarray(0, MAX_BYTES);
  }

  /**
   * A text changed by lines and words.
   * @param vocabulary  words to put in
   */
  text(vocabulary: readonly string[]): Buffer {
    const lines = this.pick(this.#corpus).toString("latin1").split("\n");
    for (let changes = this.below(6); changes > 0; changes--) this.#changeLine(lines, vocabulary);
    const text = Buffer.from(lines.join("\n"), "latin1");
    return this.below(4) === 0 && text.length > 0 ? this.#change(text) : text;
  }

  #changeLine(lines: string[], vocabulary: readonly string[]): void {
    const at = this.below(lines.length);
    const words = lines[at]!.split(" ");
    const other = this.below(words.length);
    switch (this.below(10)) {
      case 0:
        lines.splice(at, 1);
        if (lines.length === 0) lines.push("");
        return;
      case 1:
        lines.splice(this.below(lines.length), 0, lines[at]!);
        return;
      case 2:
        lines.push(this.pick(this.#corpus).toString("latin1").split("\n")[0]!);
        return;
      case 3:
        words[other] = this.pick(NUMBERS);
        break;
      case 4:
      case 5:
        words[other] = this.pick(vocabulary);
        break;
      case 6:
        words.splice(other, 1);
        break;
      case 7:
        words.splice(other, 0, this.pick(vocabulary));
        break;
      case 8:
        words[other] = this.pick([
          '"',
          "'",
          `"${words[other]}"`,
          `'${words[other]}`,
          "\\x00",
          "\0",
          "#",
          words[other]!.repeat(20),
        ]);
        break;
      default:
        words[other] =
          words[other]!.slice(0, this.below(words[other]!.length + 1)) + this.pick(["", ",", ":", "@", "-", "/", "*"]);
    }
    lines[at] = words.join(" ");
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function cut(input: Buffer, at: number, length: number): Buffer {
  return Buffer.concat([input.subarray(0, at), input.subarray(at + length)]);
}

function insert(input: Buffer, at: number, what: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, at), what, input.subarray(at)]).subarray(0, MAX_BYTES);
}

/** An input in pieces, as a network would cut it; often in one. */
export function pieces(input: Buffer, random: SeededRandom): Buffer[] {
  if (random.uint32() % 3 > 0) return [input];
  const all: Buffer[] = [];
  for (let at = 0; at < input.length; ) {
    const length = 1 + (random.uint32() % (input.length > 2000 ? 2000 : 60));
    all.push(input.subarray(at, at + length));
    at += length;
  }
  return all;
}
