/** SLOWLOG's list: the commands that took long, newest first, their words cut to Redis' bounds. */
import type { Args } from "../commands/args.ts";
import type { CommandRow } from "../commands/call.ts";
import type { Clock } from "../io/io.ts";
import type { Connection } from "./connection.ts";
import { REDACTED, secretWords } from "./secrets.ts";

export interface SlowEntry {
  readonly id: number;
  /** Unix seconds. */
  readonly at: number;
  readonly micros: number;
  /** latin1 */
  readonly words: readonly string[];
  readonly address: string;
  readonly clientName: string;
}

const MAX_WORDS = 32;
const MAX_WORD_BYTES = 128;

export class SlowLog {
  readonly entries: SlowEntry[] = [];
  #nextId = 0;
  #maxLength = 128;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set maxLength(length: number) {
    this.#maxLength = length;
    if (this.entries.length > length) this.entries.length = length;
  }

  add(connection: Connection, args: Args, row: CommandRow, micros: number): void {
    if (this.#maxLength === 0) return;
    this.entries.unshift({
      id: this.#nextId++,
      at: Math.floor(this.#clock.now() / 1000),
      micros: Math.round(micros),
      words: excerpt(row, args),
      address: connection.address,
      clientName: connection.name,
    });
    if (this.entries.length > this.#maxLength) this.entries.length = this.#maxLength;
  }

  reset(): void {
    this.entries.length = 0;
  }
}

function excerpt(row: CommandRow, args: Args): string[] {
  const count = Math.min(args.count, MAX_WORDS);
  const words: string[] = [];
  const isSecret = secretWords(row, args);
  for (let i = 0; i < count; i++) {
    if (i === MAX_WORDS - 1 && args.count > MAX_WORDS) {
      words.push(`... (${args.count - MAX_WORDS + 1} more arguments)`);
      break;
    }
    if (isSecret?.(i)) {
      words.push(REDACTED);
      continue;
    }
    const word = args.at(i);
    const more = word.length - MAX_WORD_BYTES;
    if (more <= 0) words.push(word.latin1());
    else {
      const head = Buffer.from(word.view().subarray(0, MAX_WORD_BYTES)).toString("latin1");
      words.push(`${head}... (${more} more bytes)`);
    }
  }
  return words;
}
