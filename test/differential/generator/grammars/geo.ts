import type { Grammar } from "./grammar.ts";

const FROM = "(FROMMEMBER member | FROMLONLAT longitude latitude)";
const BY = "(BYRADIUS radius unit | BYBOX radius radius unit)";
const ORDER = "[ASC | DESC] [COUNT positive | COUNT 100 ANY]";
const WITH = "[WITHCOORD] [WITHDIST] [WITHHASH]";

export const geo: Grammar = {
  GEOADD: [4, "geo [NX | XX] [CH] (longitude latitude member)+"],
  GEODIST: "geo member member [unit]",
  GEOHASH: "geo member+",
  GEOPOS: "geo member+",
  GEORADIUS: `geo longitude latitude radius unit ${WITH} ${ORDER} [STORE zset | STOREDIST zset]`,
  GEORADIUSBYMEMBER: `geo member radius unit ${WITH} ${ORDER} [STORE zset | STOREDIST zset]`,
  GEORADIUSBYMEMBER_RO: `geo member radius unit ${WITH} ${ORDER}`,
  GEORADIUS_RO: `geo longitude latitude radius unit ${WITH} ${ORDER} [STORE zset]`,
  GEOSEARCH: [2, `geo ${FROM} ${BY} ${ORDER} ${WITH}`],
  GEOSEARCHSTORE: `zset geo ${FROM} ${BY} ${ORDER} [STOREDIST]`,
};
