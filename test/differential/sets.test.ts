/** Sets here and in a real redis-server: the same commands, answered alike where order and chance do not count. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Seeded } from "../memory/random.ts";
import { type Both, noRedis, withBoth } from "./both.ts";

/** The elements of an array or a set in one order: a set has none. */
function unordered(reply: string): string {
  const open = reply.search(/[[{]/);
  if (open < 0) return reply;
  const inner = reply.slice(open + 1, -1);
  return reply.slice(0, open + 1) + inner.split(", ").sort().join(", ") + reply.at(-1);
}

/** How many there are, for what chance decides. */
function counted(reply: string): string {
  if (reply.startsWith('"')) return "a member";
  return reply.replace(/"[^"]*"/g, "member");
}

/** Redis 7.0 has no listpacks of sets. */
const form = (reply: string) => reply.replace(/listpack|hashtable/, "listpack or hashtable");

const SAME = [
  "SADD",
  "SADD s",
  "SADD s a",
  "SADD s a b c",
  "SADD s a b c",
  "SCARD s",
  "SISMEMBER s a",
  "SISMEMBER s z",
  "SISMEMBER s",
  "SISMEMBER s a b",
  "SISMEMBER none a",
  "SMISMEMBER s a z b",
  "SMISMEMBER none a z",
  "SMISMEMBER s",
  "TYPE s",
  "SMEMBERS none",
  "SMEMBERS",
  "SMEMBERS s s",
  "SCARD none",
  "SCARD",
  "SREM s",
  "SREM s z",
  "SREM s a z",
  "SREM none a",
  "SREM s b c d",
  "EXISTS s",
  "SADD i 1 2 3",
  "OBJECT ENCODING i",
  "SMEMBERS i",
  "SADD i -5 100000 5000000000 -9223372036854775808 9223372036854775807",
  "SMEMBERS i",
  "OBJECT ENCODING i",
  "SISMEMBER i 9223372036854775807",
  "SISMEMBER i 09223372036854775807",
  "SISMEMBER i +1",
  "SISMEMBER i 9223372036854775808",
  "SREM i 9223372036854775807 1.0 01 1",
  "SMEMBERS i",
  "SADD t x",
  "SET str text",
  "SADD str a",
  "SREM str a",
  "SCARD str",
  "SMEMBERS str",
  "SISMEMBER str a",
  "SMISMEMBER str a",
  "SPOP str",
  "SPOP str 1",
  "SRANDMEMBER str",
  "SRANDMEMBER str 3",
  "SSCAN str 0",
  "SMOVE str s a",
  "SMOVE none str a",
  "SMOVE t str x",
  "SMOVE t str none",
  "SMOVE t u none",
  "SMOVE t u x",
  "EXISTS t u",
  "SMOVE u u x",
  "SMOVE u u y",
  "SMOVE u i x",
  "SMEMBERS u",
  "SMOVE u",
  "SMOVE none none a",
  "SINTER",
  "SINTER none",
  "SINTER i none",
  "SINTER i str",
  "SINTER none str",
  "SUNION str",
  "SUNION none",
  "SUNION none none",
  "SDIFF none",
  "SDIFF none i",
  "SDIFF i i",
  "SDIFF none str",
  "SINTERSTORE",
  "SINTERSTORE d",
  "SINTERSTORE d none",
  "SINTERSTORE str none",
  "EXISTS str",
  "SET str text",
  "SUNIONSTORE str none",
  "EXISTS str",
  "SET str text EX 100",
  "SADD j 2 3 4",
  "SUNIONSTORE str j",
  "TTL str",
  "SMEMBERS str",
  "SINTERSTORE d j str",
  "SMEMBERS d",
  "OBJECT ENCODING d",
  "SDIFFSTORE d d j",
  "EXISTS d",
  "SET str text",
  "SINTERSTORE d str j",
  "SDIFFSTORE d j str",
  "SUNIONSTORE d j str",
  "EXISTS d",
  "SINTERCARD",
  "SINTERCARD 1",
  "SINTERCARD 0 j",
  "SINTERCARD -1 j",
  "SINTERCARD x j",
  "SINTERCARD 1.5 j",
  "SINTERCARD 2 j",
  "SINTERCARD 1 j",
  "SINTERCARD 2 j j",
  "SINTERCARD 1 j LIMIT",
  "SINTERCARD 1 j LIMIT 2",
  "SINTERCARD 1 j limit 0",
  "SINTERCARD 1 j LIMIT 9",
  "SINTERCARD 1 j LIMIT -1",
  "SINTERCARD 1 j LIMIT x",
  "SINTERCARD 1 j LIMIT 1 LIMIT 2",
  "SINTERCARD 1 j LIMIT 1 x",
  "SINTERCARD 1 j x",
  "SINTERCARD 1 str",
  "SINTERCARD 2 none str",
  "SINTERCARD 9223372036854775807 j",
  "SINTERCARD 9223372036854775808 j",
  "SPOP",
  "SPOP none",
  "SPOP none 3",
  "SPOP none 0",
  "SPOP none -1",
  "SPOP none x",
  "SPOP j x",
  "SPOP j -1",
  "SPOP j 0",
  "SPOP j 1 2",
  "SPOP j 9223372036854775808",
  "SRANDMEMBER",
  "SRANDMEMBER none",
  "SRANDMEMBER none 2",
  "SRANDMEMBER none -2",
  "SRANDMEMBER j 0",
  "SRANDMEMBER j x",
  "SRANDMEMBER j 1 2",
  "SRANDMEMBER none -9223372036854775808",
  "SRANDMEMBER j -9223372036854775808",
  "SRANDMEMBER none -9223372036854775807",
  "SRANDMEMBER none 9223372036854775807",
  "SRANDMEMBER j 100",
  "SRANDMEMBER j 9223372036854775807",
  "SSCAN",
  "SSCAN j",
  "SSCAN j 0",
  "SSCAN j x",
  "SSCAN none x",
  "SSCAN none 0",
  "SSCAN none 0 NOPE",
  "SSCAN none 0 COUNT",
  "SSCAN j 0 NOPE",
  "SSCAN j 0 COUNT",
  "SSCAN j 0 COUNT 0",
  "SSCAN j 0 COUNT x",
  "SSCAN j 0 COUNT 1",
  "SSCAN j 0 MATCH 2",
  "SSCAN j 0 MATCH 2 COUNT 100",
  "SSCAN j 0 TYPE set",
  "SSCAN j 0 NOVALUES",
  "SSCAN j 18446744073709551615",
  "SSCAN j 18446744073709551616",
  "SPOP j 100",
  "EXISTS j",
  "DEBUG DIGEST",
];

for (const protocol of [2, 3] as const)
  test(`sets answer as in Redis (RESP${protocol})`, { skip: noRedis }, () =>
    withBoth(protocol, async (both) => {
      for (const line of SAME) await both.same(line);
    }),
  );

test("the members of sets of every form", { skip: noRedis }, () =>
  withBoth(3, async (both) => {
    const numbers = Array.from({ length: 600 }, (_, i) => i * 3).join(" ");
    const words = Array.from({ length: 300 }, (_, i) => `w${i}`).join(" ");
    await both.same(`SADD numbers ${numbers}`);
    await both.same(`SADD words ${words}`);
    await both.same("SADD few a b c 1 2 3");
    await both.same("SADD ints 3 6 9 10");
    for (const key of ["numbers", "words", "few", "ints"]) {
      await both.same(`SMEMBERS ${key}`, unordered);
      await both.same(`SUNION ${key}`, unordered);
      await both.same(`SRANDMEMBER ${key} 1000`, unordered);
      await both.same(`SCARD ${key}`);
      await both.same(`OBJECT ENCODING ${key}`, form);
      await both.same(`COPY ${key} copy:${key}`);
      await both.same(`DEBUG DIGEST-VALUE ${key} copy:${key}`);
      for (const count of [1, 2, 3, 5, 100, 200, 299, -1, -5, -1000]) {
        await both.same(`SRANDMEMBER ${key} ${count}`, counted);
      }
    }
    for (const keys of ["numbers ints", "ints numbers few", "words few", "few ints", "few few", "words numbers"]) {
      await both.same(`SINTER ${keys}`, unordered);
      await both.same(`SUNION ${keys}`, unordered);
      await both.same(`SDIFF ${keys}`, unordered);
      for (const command of ["SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"]) {
        await both.same(`${command} result ${keys}`);
        await both.same("OBJECT ENCODING result", form);
        await both.same("DEBUG DIGEST-VALUE result");
      }
    }
    await both.same("SPOP words", counted);
    for (const count of [2, 290, 3, 4, 1]) {
      await both.same(`SPOP words ${count}`, counted);
      await both.same("SCARD words");
    }
    await both.same("SPOP numbers 590", counted);
    await both.same("SPOP ints 1", counted);
    await both.same("SPOP ints 3", counted);
    await both.same("EXISTS ints");
  }),
);

test("random commands leave the same sets as in Redis", { skip: noRedis, timeout: 60_000 }, () =>
  withBoth(2, async (both) => {
    const random = new Seeded(21);
    const key = () => `s${random.below(6)}`;
    const member = () => {
      const kind = random.below(10);
      if (kind < 5) return String(random.below(400) - 200);
      if (kind === 5) return String(BigInt.asIntN(1 + random.below(64), BigInt(random.uint32()) * 4294967291n));
      return kind === 6 ? `${"x".repeat(random.below(90))}y` : `m${random.below(300)}`;
    };
    const members = () => Array.from({ length: 1 + random.below(random.below(8) === 0 ? 80 : 4) }, member).join(" ");
    const keys = () => Array.from({ length: 1 + random.below(3) }, key).join(" ");
    const commands: [line: () => string, mask?: (reply: string) => string][] = [
      [() => `SADD ${key()} ${members()}`],
      [() => `SADD ${key()} ${members()}`],
      [() => `SREM ${key()} ${members()}`],
      [() => `SMOVE ${key()} ${key()} ${member()}`],
      [() => `SMISMEMBER ${key()} ${members()}`],
      [() => `SINTER ${keys()}`, unordered],
      [() => `SINTERCARD 2 ${key()} ${key()} LIMIT ${random.below(20)}`],
      [() => `SUNION ${keys()}`, unordered],
      [() => `SDIFF ${keys()}`, unordered],
      [() => `SDIFF ${key()} ${keys()}`, unordered],
      [() => `SINTERSTORE ${key()} ${keys()}`],
      [() => `SUNIONSTORE ${key()} ${keys()}`],
      [() => `SDIFFSTORE ${key()} ${keys()}`],
      [() => `SMEMBERS ${key()}`, unordered],
      [() => `SRANDMEMBER ${key()} ${random.below(200) - 50}`, counted],
      [() => `DEL ${key()}`],
    ];
    for (let i = 0; i < 2500; i++) {
      const [line, mask] = commands[random.below(commands.length)]!;
      await both.same(line(), mask);
      if (i % 50 === 0) await both.same("DEBUG DIGEST");
    }
    await both.same("DEBUG DIGEST");
  }),
);

test("what is dumped here is restored there, and the other way round", { skip: noRedis }, () =>
  withBoth(2, async ({ ours, theirs }) => {
    const pairs = [
      [ours, theirs],
      [theirs, ours],
    ] as const;
    for (const members of [
      "1 2 3",
      "1 70000 -8000000000",
      "a b c 12 -7",
      words(10),
      words(127),
      words(1000),
      numbers(600),
    ]) {
      for (const [from, to] of pairs) {
        await from.line("DEL k");
        await from.line(`SADD k ${members}`);
        const payload = await payloadOf(from);
        await to.line("DEL k");
        assert.equal(await to.do("RESTORE", "k", 0, payload), "+OK", members);
        assert.equal(await to.line("DEBUG DIGEST-VALUE k"), await from.line("DEBUG DIGEST-VALUE k"));
      }
    }
  }),
);

const words = (count: number) => Array.from({ length: count }, (_, i) => `word:${i}`).join(" ");
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i * 1000).join(" ");

/** DUMP as bytes, which the client's line of text would not keep. */
async function payloadOf(client: Both["ours"]): Promise<Buffer> {
  const text = await client.line("DUMP k");
  return Buffer.from(JSON.parse(text) as string, "latin1");
}
