import type { Grammar } from "./grammar.ts";

const TRIM = "(MAXLEN [= | ~] small | MINID [= | ~] id | MAXLEN ~ small LIMIT small | MINID ~ id LIMIT small)";

export const streams: Grammar = {
  XACK: "stream group id+",
  XADD: [8, `stream [NOMKSTREAM] [${TRIM}] newid (member value)+ | stream newid member value`],
  XAUTOCLAIM: "stream group consumer idle idstart [COUNT positive] [JUSTID]",
  XCLAIM: "stream group consumer idle id+ [IDLE idle] [RETRYCOUNT small] [FORCE] [JUSTID] [LASTID id]",
  XDEL: "stream id+",
  "XGROUP CREATE": [
    6,
    "stream group (0 | $ | id) [MKSTREAM] | stream group lastid [MKSTREAM] [ENTRIESREAD entriesread]",
  ],
  "XGROUP CREATECONSUMER": "stream group consumer",
  "XGROUP DELCONSUMER": "stream group consumer",
  "XGROUP DESTROY": [0.2, "stream group"],
  "XGROUP SETID": "stream group lastid [ENTRIESREAD entriesread]",
  "XINFO CONSUMERS": "stream group",
  "XINFO GROUPS": "stream",
  "XINFO STREAM": "stream [FULL [COUNT small]]",
  XLEN: "stream",
  XPENDING: [2, "stream group [[IDLE idle] idstart idend positive [consumer]]"],
  XRANGE: [2, "stream idstart idend [COUNT small]"],
  XREAD: [2, "[COUNT int] STREAMS streams"],
  XREADGROUP: [3, "GROUP group consumer [COUNT int] [NOACK] STREAMS streamsnew"],
  XREVRANGE: "stream idend idstart [COUNT small]",
  XSETID: [0.5, "stream laterid [ENTRIESADDED small MAXDELETEDID id]"],
  XTRIM: `stream ${TRIM}`,
};

/** With one client nobody else can end the waiting, so it ends soon. */
export const blockingStreams: Grammar = {
  XREAD: [0.2, "[COUNT int] BLOCK blockms STREAMS streams"],
  XREADGROUP: [0.2, "GROUP group consumer [COUNT int] BLOCK blockms STREAMS streamsnew"],
};
