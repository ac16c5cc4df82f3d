/** Redis 7.4's expiry of fields: redis-server before it does not know these, and then they are left out. */
import type { Grammar } from "./grammar.ts";

const FIELDS = "FIELDS numfields";
const CONDITION = "[NX | XX | GT | LT]";

export const fieldExpiry: Grammar = {
  HEXPIRE: `hash seconds ${CONDITION} ${FIELDS}`,
  HEXPIREAT: `hash unixseconds ${CONDITION} ${FIELDS}`,
  HEXPIRETIME: `hash ${FIELDS}`,
  HPERSIST: `hash ${FIELDS}`,
  HPEXPIRE: `hash millis ${CONDITION} ${FIELDS}`,
  HPEXPIREAT: `hash unixmillis ${CONDITION} ${FIELDS}`,
  HPEXPIRETIME: `hash ${FIELDS}`,
  HPTTL: `hash ${FIELDS}`,
  HTTL: `hash ${FIELDS}`,
};
