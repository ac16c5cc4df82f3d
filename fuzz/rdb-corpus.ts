/** A server with a value of every type and encoding, and the RDB file and the payloads that it makes of them. */
import { Slice } from "../src/base/bytes.ts";
import { splitWords } from "../src/base/words.ts";
import { dump } from "../src/rdb/payload.ts";
import { House } from "./house.ts";
import type { FuzzSocket } from "./socket.ts";

const many = (count: number, word: (i: number) => string) => Array.from({ length: count }, (_, i) => word(i)).join(" ");

const VALUES = [
  "SET string hello",
  "SET integer 12345",
  "SET negative -123456789012",
  `SET long ${"abcdefgh".repeat(40)}`,
  "PFADD hll a b c d e",
  "RPUSH list a b c 1 -5 300 70000 5000000000 hello",
  `RPUSH quicklist ${many(140, (i) => `element:${i}:${"x".repeat(i % 50)}`)}`,
  `RPUSH plain ${"y".repeat(9000)} b`,
  "SADD intset 1 2 3 -70000 5000000000",
  "SADD listpack a b c 5",
  `SADD set ${many(132, (i) => `member:${i}`)}`,
  "ZADD zset 1 a 2.5 b -inf c 1e300 d",
  `ZADD skiplist ${many(132, (i) => `${i * 1.5} member:${i}`)}`,
  "HSET hash f v g 1 h -70000",
  `HSET table ${many(132, (i) => `field:${i} value:${i}`)}`,
  "HSET expiring f v g w",
  "HPEXPIREAT expiring 4000000000000 FIELDS 1 f",
  `HSET expiringtable ${many(132, (i) => `field:${i} value:${i}`)}`,
  "HPEXPIREAT expiringtable 4000000000000 FIELDS 2 field:1 field:2",
  "XADD stream 1-1 a 1 b 2",
  "XADD stream 1-2 a 3 b 4",
  "XADD stream 2-1 other field",
  "XADD stream 5-0 a 5 b 6",
  "XDEL stream 1-2",
  "XGROUP CREATE stream group 0",
  "XREADGROUP GROUP group alice COUNT 2 STREAMS stream >",
  "XGROUP CREATECONSUMER stream group bob",
  "XADD emptied 1-1 a b",
  "XDEL emptied 1-1",
  "PEXPIRE string 100000000",
  "SELECT 3",
  "SET elsewhere 1",
];

export async function filledHouse(config = ""): Promise<House> {
  const house = await House.start(config);
  const client = house.connect();
  for (const line of VALUES) {
    const answer = house.ask(client, ...splitWords(line)!);
    if (answer.startsWith("-")) throw new Error(`${line.slice(0, 60)}: ${answer}`);
  }
  client.leave();
  house.settle();
  return house;
}

export async function payloads(): Promise<Buffer[]> {
  const house = await filledHouse();
  const { engine } = house.server;
  const all: Buffer[] = [];
  for (const db of engine.databases) {
    const keys: string[] = [];
    db.keys((key) => keys.push(key.latin1()));
    for (const key of keys)
      for (const version of [10, 11] as const) {
        // Fields that expire are beyond version 10.
        try {
          all.push(Buffer.from(dump(engine, db, new Slice(Buffer.from(key, "latin1")), version)!));
        } catch {}
      }
  }
  await house.stop();
  return all;
}

/** The RDB file of each group of commands, compressed and not. */
export async function savedFiles(groups: readonly (readonly string[])[]): Promise<Buffer[]> {
  const files: Buffer[] = [];
  for (const config of ["", "rdbcompression no\n"]) {
    const house = await House.start(config);
    for (const group of groups) {
      const client = house.connect();
      house.line(client, "FLUSHALL");
      for (const line of group) house.line(client, line);
      files.push(save(house, client));
      client.leave();
    }
    await house.stop();
  }
  return files;
}

function save(house: House, client: FuzzSocket): Buffer {
  house.line(client, "SAVE");
  return Buffer.from(house.disk.readSync(`${process.cwd()}/dump.rdb`)!);
}

/** One of all values together, and small ones: an input is to be read in little time. */
export function rdbFiles(): Promise<Buffer[]> {
  return savedFiles([VALUES, ...SMALL]);
}

const SMALL: readonly (readonly string[])[] = [
  ["SET a 1 PX 1000000", "RPUSH l 1 a", "ZADD z 1 m", "XADD s 1-1 f v", "HSET h f v"],
  ["SET a 1", "SELECT 3", "SET b 2 PXAT 4000000000000", "SELECT 0"],
  VALUES.filter((line) => line.includes(" list") || line.includes(" plain")),
  VALUES.filter((line) => /^(SADD|ZADD)/.test(line) && line.length < 200),
  VALUES.filter((line) => line.includes(" hash") || /expiring /.test(line)),
  VALUES.filter((line) => line.includes("stream") || line.includes("emptied")),
];
