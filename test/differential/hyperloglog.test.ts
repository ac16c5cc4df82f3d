/** HyperLogLogs here and in a real redis-server: the same commands make the same strings, to the byte. */
import { test } from "node:test";
import { Seeded } from "../memory/random.ts";
import { noRedis, withBoth } from "./both.ts";

const HEADER = "HYLL\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80";

const PLAIN = [
  "PFADD",
  "PFADD h",
  "PFADD h",
  "GET h",
  "PFADD h a b c",
  "GET h",
  "PFDEBUG DECODE h",
  "PFCOUNT h",
  "GET h",
  "PFADD h a",
  "PFADD h d",
  "GET h",
  "PFCOUNT h none",
  "PFCOUNT",
  "PFMERGE",
  "PFMERGE m",
  "GET m",
  "PFMERGE m h none",
  "GET m",
  'PFADD "" ""',
  "PFCOUNT h m",
  "PFDEBUG ENCODING h",
  "PFDEBUG",
  "PFDEBUG GETREG",
  "PFDEBUG GETREG none",
  "PFDEBUG NOPE h",
  "PFDEBUG GETREG h x",
  "PFDEBUG GETREG h",
  "GET h",
  "PFDEBUG DECODE h",
  "PFDEBUG TODENSE m",
  "PFDEBUG TODENSE m",
  "PFADD g 1 2 3",
  "PFMERGE g m",
  "GET g",
  "PFADD h e",
  "PFCOUNT h",
  "PFCOUNT h g m",
  "OBJECT ENCODING h",
  "SET s text",
  "PFADD s a",
  "PFCOUNT s",
  "PFCOUNT h s",
  "PFMERGE h s",
  "PFMERGE s h",
  "PFDEBUG GETREG s",
  "SET n 1234567890123456",
  "PFCOUNT n",
  `SET c "${HEADER}\\x7f\\xfe"`,
  "PFCOUNT c",
  "PFCOUNT c h",
  "PFMERGE t c",
  "EXISTS t",
  "PFADD c a",
  "PFADD c b c d e f g h i j k l m n o p q r s t u v w x y z",
  "PFDEBUG TODENSE c",
  "PFDEBUG GETREG c",
  "PFDEBUG DECODE c",
  `SET c "${HEADER}\\x7f"`,
  "PFCOUNT c",
  `SET c "${HEADER}\\x7f\\xff\\x00"`,
  "PFCOUNT c",
  "PFADD c a b c",
  `SET c "${HEADER}"`,
  "PFADD c a",
  `SET c "${HEADER}\\x7f\\xff"`,
  "OBJECT ENCODING c",
  "PFCOUNT c",
  "OBJECT ENCODING c",
  "GET c",
  "PFSELFTEST x",
  "OBJECT ENCODING h",
];

for (const protocol of [2, 3] as const)
  test(`HyperLogLogs answer as in Redis (RESP${protocol})`, { skip: noRedis }, () =>
    withBoth(protocol, async (both) => {
      for (const line of PLAIN) await both.same(line);
    }),
  );

test("random elements make the same HyperLogLogs as in Redis", { skip: noRedis, timeout: 60_000 }, () =>
  withBoth(2, async (both) => {
    const random = new Seeded(11);
    const key = () => `h${random.below(4)}`;
    for (const maxBytes of [3000, 0, 40, 300]) {
      await both.tell(`CONFIG SET hll-sparse-max-bytes ${maxBytes}`);
      await both.tell("FLUSHALL");
      for (let i = 0; i < 400; i++) {
        const kind = random.below(20);
        if (kind === 0) await both.same(`PFMERGE ${key()} ${key()} ${key()}`);
        else if (kind === 1) await both.same(`PFCOUNT ${key()} ${key()}`);
        else if (kind < 4) await both.same(`PFCOUNT ${key()}`);
        else if (kind === 4) await both.same(`PFDEBUG DECODE ${key()}`);
        else {
          const count = 1 + random.below(random.below(10) === 0 ? 200 : 5);
          const elements = Array.from({ length: count }, () => "e".repeat(random.below(20)) + random.below(5000));
          await both.same(`PFADD ${key()} ${elements.join(" ")}`);
        }
        if (i % 10 === 0) await both.same(`GET ${key()}`);
      }
      for (let i = 0; i < 4; i++) await both.same(`GET h${i}`);
    }
  }),
);
