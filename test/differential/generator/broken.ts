/**
 * Payloads of every type and encoding with bytes changed, and the checksum made to fit: what RESTORE says of them, and what
 * it makes of those that it takes.
 */
import { Crc64 } from "../../../src/base/crc64.ts";
import { Dice } from "./dice.ts";
import { parseReply, show } from "./reply.ts";
import type { Sides } from "./sides.ts";

const many = (count: number, words: (i: number) => string[]) =>
  Array.from({ length: count }, (_, i) => words(i)).flat();

/** Behind them the limits are small, so the second of each type has the large encoding. */
const SOURCES: readonly (readonly string[])[] = [
  ["SET", "p", "abcdefgh".repeat(20)],
  ["SET", "p", "-12345"],
  ["RPUSH", "p", "a", "1", "-300", "70000", "b".repeat(70)],
  ["RPUSH", "p", ...many(12, (i) => [`e${i}`])],
  ["HSET", "p", "f", "v", "g", "12"],
  ["HSET", "p", ...many(12, (i) => [`f${i}`, `${i * 1000}`])],
  ["SADD", "p", "1", "2", "70000"],
  ["SADD", "p", ...many(12, (i) => [`m${i}`])],
  ["ZADD", "p", "1", "a", "2.5", "b", "-inf", "c"],
  ["ZADD", "p", ...many(12, (i) => [`${i}.25`, `m${i}`])],
  ["PFADD", "p", "a", "b", "c"],
];
const SETTINGS = ["hash", "zset"].map((type) => ["CONFIG", "SET", `${type}-max-listpack-entries`, "8"]);

export interface Disagreement {
  readonly payload: string;
  readonly ours: string;
  readonly theirs: string;
}

const FOOTER = 10;

/** @returns  the payloads of which the two think otherwise, and how many were taken and refused by both */
export async function compareBroken(sides: Sides, seed: number, times: number) {
  const dice = new Dice(seed);
  const disagreements: Disagreement[] = [];
  const counts = { taken: 0, refused: 0 };
  for (const { main } of sides) await main.ask([["FLUSHALL"], ...SETTINGS]);
  const wholes = await dumps(sides);
  for (let i = 0; i < times; i++) {
    const payload = broken(dice.pick(wholes), dice);
    const requests = [
      ["RESTORE", "p", "0", payload],
      ["DEBUG", "DIGEST-VALUE", "p"],
      ["DEL", "p"],
    ];
    const [ours, theirs] = await Promise.all(
      sides.map(async ({ main }) => (await main.ask(requests)).map((reply) => show(parseReply(reply))).join(" ")),
    );
    if (ours !== theirs) disagreements.push({ payload, ours: ours!, theirs: theirs! });
    else if (ours!.startsWith("+OK")) counts.taken++;
    else counts.refused++;
  }
  return { disagreements, counts };
}

/** Of both sides, since each packs and compresses in its own way. */
async function dumps(sides: Sides): Promise<string[]> {
  const found: string[] = [];
  for (const { main } of sides)
    for (const words of SOURCES) {
      const [, , dump] = await main.ask([["DEL", "p"], words, ["DUMP", "p"], ["DEL", "p"]]);
      found.push(parseReply(dump!).text);
    }
  return found;
}

/** One to three bytes that are others, gone, twice there or exchanged. */
function broken(whole: string, dice: Dice): string {
  const bytes = [...Buffer.from(whole, "latin1").subarray(0, -FOOTER)];
  for (let times = dice.int(1, 3); times > 0; times--) {
    const at = dice.int(0, bytes.length - 1);
    const kind = dice.int(0, 9);
    if (kind < 5) bytes[at] = dice.chance(0.5) ? dice.int(0, 255) : bytes[at]! ^ (1 << dice.int(0, 7));
    else if (kind < 7) bytes.splice(at, 1);
    else if (kind < 9) bytes.splice(at, 0, bytes[at]!);
    else bytes.length = Math.max(1, at);
  }
  return `${Buffer.from(bytes).toString("latin1")}${footer(bytes)}`;
}

/** The version of RDB and the checksum. */
function footer(bytes: readonly number[]): string {
  const body = Buffer.from([...bytes, 10, 0]);
  const crc = new Crc64();
  crc.update(body);
  const sum = Buffer.alloc(8);
  sum.writeInt32LE(crc.low | 0, 0);
  sum.writeInt32LE(crc.high | 0, 4);
  return body.subarray(-2).toString("latin1") + sum.toString("latin1");
}
