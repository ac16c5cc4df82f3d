import type { Grammar } from "./grammar.ts";

export const hashes: Grammar = {
  HDEL: "hash member+",
  HEXISTS: "hash member",
  HGET: [2, "hash member"],
  HGETALL: [2, "hash"],
  HINCRBY: "hash member int",
  HINCRBYFLOAT: "hash member float",
  HKEYS: "hash",
  HLEN: "hash",
  HMGET: "hash member+",
  HMSET: "hash (member value)+",
  HRANDFIELD: "hash [count [WITHVALUES]]",
  HSCAN: "hash cursor [MATCH glob] COUNT all",
  HSET: [5, "hash (member value)+ | hash member int"],
  HSETNX: "hash member value",
  HSTRLEN: "hash member",
  HVALS: "hash",
};
