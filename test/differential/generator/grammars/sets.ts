import type { Grammar } from "./grammar.ts";

export const sets: Grammar = {
  SADD: [5, "set member+"],
  SCARD: "set",
  SDIFF: "(set)+",
  SDIFFSTORE: "set (set)+",
  SINTER: "(set)+",
  SINTERCARD: "numsets [LIMIT small]",
  SINTERSTORE: "set (set)+",
  SISMEMBER: "set member",
  SMEMBERS: [2, "set"],
  SMISMEMBER: "set member+",
  SMOVE: "set set member",
  SPOP: [0.5, "set [count]"],
  SRANDMEMBER: "set [count]",
  SREM: [2, "set member+"],
  SSCAN: "set cursor [MATCH glob] COUNT all",
  SUNION: "(set)+",
  SUNIONSTORE: "set (set)+",
};
