/** Bytes that a client should not send: a seed gives the same input every time. */
import { SeededRandom } from "../src/io/random.ts";
import { encode as encodeWords } from "./house.ts";
import { NUMBERS } from "./mutate.ts";

/** Commands that would end the server, stop it, make it another's replica, write to its disk, or test it for a tenth of a second. */
const LEFT_OUT = new Set([
  "bgsave",
  "config",
  "debug",
  "failover",
  "pfselftest",
  "replicaof",
  "save",
  "shutdown",
  "slaveof",
]);

export class FuzzInputs {
  readonly #names: readonly string[];

  constructor(commands: Iterable<string>) {
    this.#names = [...commands].filter((name) => !LEFT_OUT.has(name.split("|")[0]!)).sort();
  }

  make(seed: number): Buffer {
    return this.draw(new SeededRandom(seed));
  }

  draw(random: SeededRandom): Buffer {
    const pick = <T>(choices: readonly T[]): T => choices[random.uint32() % choices.length]!;
    const upTo = (limit: number) => random.uint32() % limit;

    const noise = () => Buffer.from(random.bytes(upTo(200)));
    const word = (): Buffer | string =>
      pick([
        () => `key:${upTo(20)}`,
        () => String(upTo(1000) - 500),
        () => pick(NUMBERS),
        () => pick(OPTIONS),
        () => noise(),
        () => "",
        () => "x".repeat(upTo(300)),
      ])();
    const request = () => {
      const name = pick(this.#names).split("|");
      return encodeWords([...name, ...Array.from({ length: upTo(6) }, word)]);
    };
    const truncated = () => {
      const bytes = request();
      return bytes.subarray(0, upTo(bytes.length));
    };
    const mutated = () => {
      const bytes = Buffer.concat(Array.from({ length: 1 + upTo(4) }, request));
      for (let i = 0; i <= upTo(4); i++) bytes[upTo(bytes.length)] = pick([upTo(256), 13, 10, 0x2a, 0x24, 0x2d, 0x39]);
      return bytes;
    };
    const headers = () =>
      Buffer.from(
        Array.from(
          { length: 1 + upTo(4) },
          () => `${pick(["*", "$", "%", "~", ">", "|", ""])}${pick(NUMBERS)}${pick(ENDS)}`,
        ).join(""),
        "latin1",
      );
    const inline = () =>
      Buffer.from(
        Array.from({ length: 1 + upTo(6) }, () =>
          pick(["'", '"', "\\x4", "\\", " ", "GET", "key:1", "\0", "\t", "\r"]),
        ).join("") + pick(ENDS),
        "latin1",
      );
    const spliced = () => Buffer.concat([request(), truncated(), noise(), request()]);
    return pick([noise, request, truncated, mutated, mutated, headers, inline, spliced])();
  }
}

const OPTIONS = [
  "EX",
  "PX",
  "GET",
  "NX",
  "XX",
  "KEEPTTL",
  "MATCH",
  "COUNT",
  "TYPE",
  "WITHVALUES",
  "BIT",
  "BYTE",
  "u8",
  "i64",
  "#1",
  "INCRBY",
  "OVERFLOW",
  "SAT",
  "*",
  "[",
  "ID",
  "0",
] as const;
const ENDS = ["\r\n", "\n", "\r", "", "\r\r\n", "\n\r\n"] as const;
