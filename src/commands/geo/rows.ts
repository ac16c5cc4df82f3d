/** The geo commands: places as scores of sorted sets. `cells.ts` says how, the other files have the handlers. */
import { type CommandDocs, family, type KeySpec, keyAt } from "../call.ts";
import {
  block,
  deprecated,
  docs,
  double,
  integer,
  key,
  multiple,
  oneOf,
  optional,
  since,
  string,
  word,
} from "../docs.ts";
import { geoadd } from "./add.ts";
import { geodist, geohash, geopos } from "./places.ts";
import { georadius, georadiusByMember, georadiusByMemberRo, georadiusRo, geosearch, geosearchstore } from "./search.ts";

const complexity =
  "O(N+log(M)), N being the number of members in the cells that cover the shape and M that of all members";

const unit = oneOf("unit", word("M"), word("KM"), word("FT"), word("MI"));
const order = optional(oneOf("order", word("ASC"), word("DESC")));
const count = optional(block("count-block", null, integer("count", "COUNT"), optional(word("ANY"))));
const details = [optional(word("WITHCOORD")), optional(word("WITHDIST")), optional(word("WITHHASH"))];
const from = oneOf(
  "from",
  string("member", "FROMMEMBER"),
  block("fromlonlat", "FROMLONLAT", double("longitude"), double("latitude")),
);
const by = oneOf(
  "by",
  block("circle", null, double("radius", "BYRADIUS"), unit),
  block("box", null, double("width", "BYBOX"), double("height"), unit),
);
const store = optional(
  oneOf("store", { ...key("storekey", 1), token: "STORE" }, { ...key("storedistkey", 2), token: "STOREDIST" }),
);
const around = [double("longitude"), double("latitude"), double("radius"), unit, ...details, count, order];
const aroundMember = [string("member"), double("radius"), unit, ...details, count, order];

const read = keyAt(1, "RO", "access");

function storeAfter(startFrom: number): KeySpec[] {
  return ["STORE", "STOREDIST"].map((keyword) => ({
    flags: ["OW", "update"],
    begin: { keyword, startFrom },
    find: { lastKey: 0, step: 1, limit: 0 },
  }));
}

const replaced = (by: string, documented: CommandDocs) => deprecated("6.2.0", by, documented);

// biome-ignore format: a table
export const geo = family("geo", {
  GEOADD: {
    arity: -5, flags: ["write", "denyoom"], keys: keyAt(1, "RW", "update"), run: geoadd,
    docs: docs("3.2.0", "O(log(N)) for each member, N being the number of members", "Adds members with their places, or moves them.",
      key(), since("6.2.0", optional(oneOf("condition", word("NX"), word("XX")))), since("6.2.0", optional({ ...word("CH"), name: "change" })),
      multiple(block("data", null, double("longitude"), double("latitude"), string("member")))),
  },
  GEODIST: {
    arity: -4, flags: ["readonly"], keys: read, run: geodist,
    docs: docs("3.2.0", "O(1)", "Answers how far two members are from each other.", key(), string("member1"), string("member2"), optional(unit)),
  },
  GEOHASH: {
    arity: -2, flags: ["readonly"], keys: read, run: geohash,
    docs: docs("3.2.0", "O(N), N being the number of members asked for", "Answers the places of members as geohashes of eleven letters.", key(), optional(multiple(string("member")))),
  },
  GEOPOS: {
    arity: -2, flags: ["readonly"], keys: read, run: geopos,
    docs: docs("3.2.0", "O(N), N being the number of members asked for", "Answers the longitude and latitude of members.", key(), optional(multiple(string("member")))),
  },
  GEOSEARCH: {
    arity: -7, flags: ["readonly"], keys: read, run: geosearch,
    docs: docs("6.2.0", complexity, "Finds the members within a circle or a box.", key(), from, by, order, count, ...details),
  },
  GEOSEARCHSTORE: {
    arity: -8, flags: ["write", "denyoom"], keys: [...keyAt(1, "OW", "update"), ...keyAt(2, "RO", "access")], run: geosearchstore,
    docs: docs("6.2.0", complexity, "Stores the members within a circle or a box.", key("destination"), key("source", 1), from, by, order, count, optional(word("STOREDIST"))),
  },
  GEORADIUS: {
    arity: -6, flags: ["write", "denyoom"], keys: [...read, ...storeAfter(6)], run: georadius,
    docs: replaced("`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
      docs("3.2.0", complexity, "Finds or stores the members within a circle around a place.", key(), ...around, store)),
  },
  GEORADIUS_RO: {
    arity: -6, flags: ["readonly"], keys: read, run: georadiusRo,
    docs: replaced("`GEOSEARCH` with the `BYRADIUS` argument",
      docs("3.2.10", complexity, "Finds the members within a circle around a place.", key(), ...around)),
  },
  GEORADIUSBYMEMBER: {
    arity: -5, flags: ["write", "denyoom"], keys: [...read, ...storeAfter(5)], run: georadiusByMember,
    docs: replaced("`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
      docs("3.2.0", complexity, "Finds or stores the members within a circle around a member.", key(), ...aroundMember, store)),
  },
  GEORADIUSBYMEMBER_RO: {
    arity: -5, flags: ["readonly"], keys: read, run: georadiusByMemberRo,
    docs: replaced("`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
      docs("3.2.10", complexity, "Finds the members within a circle around a member.", key(), ...aroundMember)),
  },
});
