import type { Grammar } from "./grammar.ts";

export const hyperLogLog: Grammar = {
  PFADD: [4, "hll member+ | hll value+ | hll"],
  PFCOUNT: [2, "hll | (hll)+"],
  PFMERGE: "hll (hll)+ | hll",
  "PFDEBUG ENCODING": [0.3, "hll"],
  "PFDEBUG DECODE": [0.2, "hll"],
  "PFDEBUG TODENSE": [0.2, "hll"],
  "PFDEBUG GETREG": [0.1, "hll"],
};
