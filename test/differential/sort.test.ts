/** SORT and SORT_RO here and in a real redis-server: the same orders, looked-up values and errors. */
import { test } from "node:test";
import { Seeded } from "../memory/random.ts";
import { noRedis, withBoth } from "./both.ts";

const PLAIN = [
  "SORT",
  "SORT none",
  "SORT none STORE d",
  "SORT_RO none",
  "RPUSH l 5 3 10 -1 2.5 3 1e2",
  "SORT l",
  "SORT l DESC",
  "SORT l ASC DESC ASC",
  "SORT l ALPHA",
  "SORT l ALPHA DESC",
  "SORT_RO l DESC LIMIT 0 2",
  "SORT l LIMIT 0 3",
  "SORT l LIMIT 2 3",
  "SORT l LIMIT -2 3",
  "SORT l LIMIT 2 -1",
  "SORT l LIMIT 2 -5",
  "SORT l LIMIT 6 5",
  "SORT l LIMIT 7 5",
  "SORT l LIMIT 100 5",
  "SORT l LIMIT 0 0",
  "SORT l LIMIT 1",
  "SORT l LIMIT a b",
  "SORT l LIMIT 1 b",
  "SORT l FOO",
  "SORT l BY",
  "SORT l GET",
  "SORT l STORE",
  "SORT_RO l STORE d",
  "SORT l STORE d",
  "LRANGE d 0 -1",
  "SORT none STORE d",
  "EXISTS d",
  "SORT l LIMIT 0 0 STORE d",
  "RPUSH words b a c A aa",
  "SORT words",
  "SORT words STORE d",
  "SORT words ALPHA",
  "SORT words ALPHA LIMIT 1 2 DESC",
  'RPUSH odd " 5" "\\t4" "" "3\\x00x" inf -inf 0x10',
  "SORT odd",
  "SORT odd DESC GET #",
  'RPUSH bad "5 "',
  "SORT bad",
  "RPUSH nan nan",
  "SORT nan",
  "MSET w_5 1 w_3 2 w_10 -5 w_-1 x w_2.5 7",
  "SORT l BY w_*",
  "SET w_-1 100",
  "SORT l BY w_*",
  "SORT l BY w_* DESC",
  "SORT l BY w_* GET # GET w_*",
  "SORT l BY w_* GET none_* GET #",
  "SORT l BY none_*",
  "SORT l BY none_* ALPHA GET #",
  "SORT l BY w_* ALPHA GET w_*",
  "SORT l BY w_* ALPHA DESC GET w_*",
  "SORT l BY nosort",
  "SORT l BY nosort DESC",
  "SORT l BY nosort LIMIT 1 2",
  "SORT l BY nosort DESC LIMIT 1 2",
  "SORT l BY nosort DESC LIMIT 5 9 GET #",
  "SORT l BY nosort GET w_* LIMIT 0 2 STORE d",
  "LRANGE d 0 -1",
  "SORT l BY nosort BY w_*",
  "SORT l BY w_* BY nosort",
  "HSET h_5 f 9 g text",
  "HSET h_3 f 1",
  "HSET h_10 g 1",
  "SORT l BY h_*->f GET h_*->f GET h_*->g GET #",
  "SORT l BY h_*->f DESC",
  "SORT l BY h_*-> GET #",
  "SORT l BY *->f GET #",
  "SORT l GET h_* GET h_*->",
  "SORT l GET h_*->none GET w_*->f",
  'SORT l GET "" GET * GET ##',
  "SORT l BY w_* GET w_* STORE d",
  "LRANGE d 0 -1",
  "SORT l STORE l",
  "LRANGE l 0 -1",
  "SADD s 3 1 2 10",
  "SORT s",
  "SORT s DESC LIMIT 0 2",
  "SORT s BY nosort STORE d",
  "LRANGE d 0 -1",
  "SORT s BY nosort DESC LIMIT 0 2 STORE d",
  "LRANGE d 0 -1",
  "SORT s BY w_* GET # GET w_*",
  "ZADD z 3 a 1 b 2 c 9 1 8 2",
  "SORT z",
  "OBJECT ENCODING z",
  "SORT z ALPHA",
  "SORT z ALPHA DESC",
  "SORT z BY nosort",
  "SORT z BY nosort DESC",
  "SORT z BY nosort LIMIT 1 2",
  "SORT z BY nosort DESC LIMIT 1 2",
  "SORT z BY nosort DESC LIMIT 3 9",
  "SORT z BY nosort LIMIT 9 2",
  "SORT z BY w_* ALPHA LIMIT 0 1 STORE d",
  "SET str x",
  "SORT str",
  "SORT str BY nosort",
  "SORT str FOO",
  "SORT h_5",
  "SORT_RO str",
  "SORT l STORE str",
  "TYPE str",
  "COMMAND GETKEYS SORT k",
  "COMMAND GETKEYS SORT k BY STORE STORE d",
  "COMMAND GETKEYS SORT k LIMIT 0 1 GET STORE STORE d STORE e",
  "COMMAND GETKEYSANDFLAGS SORT k STORE d",
  "COMMAND GETKEYS SORT_RO k BY w_*",
  // The last ones: Redis may take the error for that of a later SORT.
  "RPUSH huge 1e400",
  "SORT huge",
  "RPUSH tiny 1e-400",
  "SORT tiny",
];

for (const protocol of [2, 3] as const)
  test(`SORT, RESP${protocol}`, { skip: noRedis }, () =>
    withBoth(protocol, async ({ same }) => {
      for (const line of PLAIN) await same(line);
    }),
  );

test("random lists in random orders", { skip: noRedis }, () =>
  withBoth(2, async ({ same }) => {
    const random = new Seeded(7);
    const pick = <T>(...choices: T[]) => choices[random.below(choices.length)]!;
    for (let i = 0; i < 60; i++) await same(`SET weight_${i} ${random.below(1000) / 10}`);
    for (let i = 0; i < 60; i += 2) await same(`HSET object_${i} weight ${random.below(50)} name n${random.below(9)}`);
    for (const [key, add] of [
      ["list", "RPUSH"],
      ["set", "SADD"],
    ])
      for (let i = 0; i < 150; i++) await same(`${add} ${key} ${random.below(70)}`);
    for (let i = 0; i < 200; i++) {
      const key = pick("list", "set");
      // What weighs the same comes in the order in which it came: only of lists is that the same.
      const by = pick("", "BY weight_*", "BY object_*->weight", key === "list" ? "BY nosort" : "");
      const limit = pick("", `LIMIT ${random.below(80) - 5} ${random.below(60) - 5}`);
      const get = pick("", "GET #", "GET # GET weight_* GET object_*->name");
      const alpha = by === "" ? pick("", "ALPHA") : "";
      await same(`SORT ${key} ${by} ${limit} ${get} ${alpha} ${pick("", "DESC")} ${pick("", "STORE d")}`);
      await same("LRANGE d 0 -1");
    }
  }),
);
