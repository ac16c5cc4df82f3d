/** The two servers that a script is played on. */
import { withRedis } from "../../rdb/real-redis.ts";
import { withServer } from "../../server/with-server.ts";
import { parseReply } from "./reply.ts";
import { Wire } from "./wire.ts";

export interface Side {
  readonly name: string;
  readonly port: number;
  /** Plays the script; another one when the last has fallen silent. */
  main: Wire;
  /** Hears the events of all keys. */
  readonly events: Wire;
}

export type Sides = readonly [ours: Side, theirs: Side];

/** Nothing happens by itself, and payloads are looked at before they are believed. */
const COMMON = [
  ["notify-keyspace-events", "EAnm"],
  ["sanitize-dump-payload", "yes"],
];

export function withSides<T>(work: (sides: Sides) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    withServer(({ port }) =>
      withRedis(
        async (redis) => {
          const sides = [
            await openSide("nines", port),
            await openSide("redis-server", redis.client.options.port!),
          ] as const;
          try {
            resolve(await work(sides));
          } finally {
            for (const { main, events } of sides) {
              main.close();
              events.close();
            }
          }
        },
        undefined,
        ["--enable-debug-command", "yes"],
      ),
    ).catch(reject);
  });
}

async function openSide(name: string, port: number): Promise<Side> {
  const [main, events] = [await Wire.open(port), await Wire.open(port)];
  for (const words of COMMON) await main.one("CONFIG", "SET", ...words);
  await main.one("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  await events.one("PSUBSCRIBE", "__keyevent@*");
  await events.one("SUBSCRIBE", END_OF_EVENTS);
  return { name, port, main, events };
}

export const END_OF_EVENTS = "generator:end";

/** Whether both have the command. */
export async function commonCommands(
  sides: readonly Pick<Side, "main">[],
  names: readonly (readonly string[])[],
): Promise<Set<string>> {
  const common = new Set(names.map((words) => words.join(" ")));
  for (const { main } of sides) {
    // PFDEBUG knows its own subcommands; COMMAND does not.
    const asked = names.map((words) => (words[0] === "PFDEBUG" ? "pfdebug" : words.join("|").toLowerCase()));
    const info = parseReply(await main.one("COMMAND", "INFO", ...asked));
    for (const [i, item] of info.items.entries()) if (item.type !== "*") common.delete(names[i]!.join(" "));
  }
  return common;
}

/** Values of all types, as the real server dumps them. */
const SAMPLES: readonly (readonly string[])[] = [
  ["SET", "p", "text"],
  ["SET", "p", "12345"],
  ["SET", "p", "abcdefgh".repeat(200)],
  ["RPUSH", "p", "a", "1", "", "-300"],
  ["HSET", "p", "m1", "v1", "m2", "2"],
  ["SADD", "p", "1", "2", "300"],
  ["SADD", "p", "m1"],
  ["ZADD", "p", "1", "m1", "2.5", "m2", "inf", "m3"],
  ["XADD", "p", "3-1", "m1", "v"],
  ["PFADD", "p", "a", "b", "c"],
  ["GEOADD", "p", "13.361389", "38.115556", "m1", "15.087269", "37.502669", "m2"],
];

/** Payloads for RESTORE: whole, and broken in ways that any reader must notice. */
export async function samplePayloads(sides: readonly Pick<Side, "main">[]): Promise<string[]> {
  const { main } = sides.at(-1)!;
  const payloads: string[] = [];
  const makers = await commonCommands(
    sides,
    SAMPLES.map(([name]) => [name!]),
  );
  for (const words of SAMPLES) {
    if (!makers.has(words[0]!)) continue;
    const [, , dump] = await main.ask([["DEL", "p"], words, ["DUMP", "p"], ["DEL", "p"]]);
    const { text } = parseReply(dump!);
    payloads.push(text, text);
  }
  const whole = payloads[0]!;
  const flipped = whole.slice(0, 2) + String.fromCharCode(whole.charCodeAt(2) ^ 1) + whole.slice(3);
  payloads.push("", "abc", whole.slice(0, -1), flipped, `${whole.slice(0, -10)}\xff\x7f${whole.slice(-8)}`);
  return payloads;
}
