/** Geo commands here and in a real redis-server: the same cells, distances, orders and errors. */
import { test } from "node:test";
import { Seeded } from "../memory/random.ts";
import { noRedis, withBoth } from "./both.ts";

const PLAIN = [
  "GEOADD",
  "GEOADD g 1 2",
  "GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania",
  "GEOADD g 13.361389 38.115556 Palermo",
  "GEOADD g NX 1 1 Palermo 2 2 New",
  "GEOADD g XX CH 3 3 New 4 4 Newer",
  "GEOADD g ch 3.5 3.5 New 4 4 Newer",
  "GEOADD g NX XX 1 1 a",
  "GEOADD g NX CH 1",
  "GEOADD g NX CH CH",
  "GEOADD g 1 1 a 2",
  "GEOADD none XX 1 1 a",
  "EXISTS none",
  "GEOADD g x 1 a",
  "GEOADD g 1 x a",
  "GEOADD g 181 1 a",
  "GEOADD g 1 86 a",
  "GEOADD g -1e30 5 a",
  "GEOADD g nan 5 a",
  "GEOADD g inf 5 a",
  "GEOADD g 1 1 a 200 100 b",
  "GEOADD g foo 1 a",
  "GEOADD edge 180 85.05112878 ne -180 85.05112878 nw 180 -85.05112878 se -180 -85.05112878 sw 0 0 null",
  "GEOPOS edge ne nw se sw null none",
  "GEOHASH edge ne nw se sw null none",
  "GEOPOS g Palermo Catania none",
  "GEOPOS g",
  "GEOPOS none a b",
  "GEOHASH g Palermo Catania none",
  "GEOHASH none a",
  "GEOHASH g",
  "GEODIST g Palermo Catania",
  "GEODIST g Palermo Catania km",
  "GEODIST g Palermo Catania MI",
  "GEODIST g Palermo Catania Ft",
  "GEODIST g Palermo Catania m",
  "GEODIST g Palermo Catania cm",
  "GEODIST g Palermo Catania km km",
  "GEODIST g Palermo Catania xx km",
  "GEODIST g Palermo none",
  "GEODIST none a b",
  "GEODIST none a b xx",
  "GEODIST g Palermo",
  "GEODIST g Palermo Palermo",
  "SET s text",
  "GEOADD s 1 1 a",
  "GEOPOS s a",
  "GEODIST s a b",
  "GEODIST s a b xx",
  "GEOHASH s a",
  "GEOSEARCH s FROMLONLAT 1 1 BYRADIUS x m",
  "GEORADIUS s x 1 1 m",
  "GEORADIUS g 15 37 200 km",
  "GEORADIUS g 15 37 200 km WITHDIST",
  "GEORADIUS g 15 37 200 km WITHCOORD",
  "GEORADIUS g 15 37 200 km WITHDIST WITHCOORD WITHHASH",
  "GEORADIUS g 15 37 200 km ASC COUNT 1",
  "GEORADIUS g 15 37 200 km DESC COUNT 1 WITHDIST",
  "GEORADIUS g 15 37 200 km COUNT 0",
  "GEORADIUS g 15 37 200 km COUNT -1",
  "GEORADIUS g 15 37 200 km COUNT x",
  "GEORADIUS g 15 37 200 km COUNT",
  "GEORADIUS g 15 37 200 km ANY",
  "GEORADIUS g 15 37 200 km COUNT 1 ANY",
  "GEORADIUS g 15 37 200 km COUNT 9 ANY ASC",
  "GEORADIUS g 15 37 200",
  "GEORADIUS g 15 37 x km",
  "GEORADIUS g 15 37 -1 km",
  "GEORADIUS g 15 37 1 parsec",
  "GEORADIUS g 215 37 1 km",
  "GEORADIUS g 15 37 200 km FOO",
  "GEORADIUS g 15 37 200 km STORE",
  "GEORADIUS g 15 37 200 km STORE d WITHDIST",
  "GEORADIUS g 15 37 200 km STORE d",
  "TYPE d",
  "OBJECT ENCODING d",
  "GEOPOS d Palermo Catania",
  "GEORADIUS g 15 37 200 km STORE a STOREDIST d ASC",
  "EXISTS a",
  "DEBUG DIGEST-VALUE d",
  "GEORADIUS g 15 37 200 km STOREDIST a STORE d",
  "DEBUG DIGEST-VALUE d",
  "GEORADIUS none 15 37 200 km STORE d",
  "EXISTS d",
  "GEORADIUS none 15 37 200 km",
  "GEORADIUS none 15 37 200 km STORE d",
  "GEORADIUS g 15 37 200 km STORE s",
  "TYPE s",
  "GEORADIUS g 0 0 0 m STORE s",
  "TYPE s",
  "GEORADIUS_RO g 15 37 200 km",
  "GEORADIUS_RO g 15 37 200 km STORE d",
  "GEORADIUSBYMEMBER g Palermo 200 km",
  "GEORADIUSBYMEMBER g none 200 km",
  "GEORADIUSBYMEMBER none a 200 km",
  "GEORADIUSBYMEMBER none a x y",
  "GEORADIUSBYMEMBER none a x y STORE d",
  "GEORADIUSBYMEMBER none a x y BAR",
  "GEORADIUSBYMEMBER g Palermo x km",
  "GEORADIUSBYMEMBER g Palermo 200 km STOREDIST d",
  "DEBUG DIGEST-VALUE d",
  "GEORADIUSBYMEMBER_RO g Palermo 200 km WITHDIST",
  "GEORADIUSBYMEMBER_RO g Palermo 200 km STOREDIST d",
  "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC",
  "GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHDIST WITHCOORD",
  "GEOSEARCH g FROMMEMBER Palermo BYBOX 400 400 km DESC WITHHASH",
  "GEOSEARCH g FROMMEMBER none BYBOX 400 400 km",
  "GEOSEARCH none FROMMEMBER a BYBOX 400 400 km",
  "GEOSEARCH none FROMMEMBER a BYBOX x 400 km",
  "GEOSEARCH g FROMMEMBER Palermo BYBOX 400 x km",
  "GEOSEARCH g FROMMEMBER Palermo BYBOX 400 -1 km",
  "GEOSEARCH g FROMMEMBER Palermo BYBOX 400 1 xx",
  "GEOSEARCH g FROMMEMBER Palermo BYBOX 400 400 km BYRADIUS 1 m",
  "GEOSEARCH g FROMMEMBER Palermo FROMLONLAT 1 1 BYRADIUS 1 m",
  "GEOSEARCH g FROMLONLAT 1 1 FROMMEMBER Palermo BYRADIUS 1 m",
  "GEOSEARCH g BYRADIUS 1 m WITHDIST ASC",
  "geosearch g FROMMEMBER Palermo ASC WITHDIST WITHHASH",
  "GEOSEARCH g FROMMEMBER Palermo BYRADIUS 1 m STORE d",
  "GEOSEARCH g FROMMEMBER Palermo BYRADIUS 1 m STOREDIST",
  "GEOSEARCH g FROMMEMBER Palermo BYRADIUS 1 m ANY",
  "GEOSEARCH g FROMMEMBER Palermo BYRADIUS",
  "GEOSEARCH g FROMMEMBER Palermo BYRADIUS 300 km COUNT 1",
  "GEOSEARCHSTORE d g FROMMEMBER Palermo BYRADIUS 300 km",
  "DEBUG DIGEST-VALUE d",
  "GEOSEARCHSTORE d g FROMMEMBER Palermo BYRADIUS 300 km STOREDIST",
  "DEBUG DIGEST-VALUE d",
  "GEOSEARCHSTORE d g FROMMEMBER Palermo BYRADIUS 300 km WITHDIST",
  "GEOSEARCHSTORE g g FROMMEMBER Palermo BYRADIUS 300 km",
  "GEOHASH g Palermo Catania New",
  "GEOSEARCHSTORE d none FROMLONLAT 1 1 BYRADIUS 300 km",
  "EXISTS d",
  "GEOSEARCHSTORE d g BYRADIUS 300 km ASC ASC ASC",
  "COMMAND GETKEYS GEORADIUS k 1 1 1 m STORE d",
  "COMMAND GETKEYS GEORADIUSBYMEMBER k m 1 m STOREDIST d",
  "COMMAND GETKEYSANDFLAGS GEOSEARCHSTORE d k FROMMEMBER m BYRADIUS 1 m",
];

const WEIRD_SCORES = [
  "-1",
  "1.5",
  "-1e300",
  "1e300",
  "inf",
  "-inf",
  "9007199254740993",
  "18446744073709551616",
  "4503599627370496",
];

for (const protocol of [2, 3] as const)
  test(`geo commands, RESP${protocol}`, { skip: noRedis }, () =>
    withBoth(protocol, async ({ same }) => {
      for (const line of PLAIN) await same(line);
      for (const [i, score] of WEIRD_SCORES.entries()) {
        await same(`ZADD weird ${score} m${i}`);
        await same(`GEOPOS weird m${i}`);
        await same(`GEOHASH weird m${i}`);
        await same(`GEODIST weird m0 m${i}`);
      }
      await same("GEOSEARCH weird FROMLONLAT 0 0 BYRADIUS 30000 km WITHHASH WITHDIST");
      await same("GEOSEARCH edge FROMLONLAT 0 0 BYRADIUS 30000 km WITHHASH WITHDIST");
      await same("GEOSEARCH edge FROMLONLAT 179 80 BYBOX 3000 3000 km WITHHASH WITHDIST");
    }),
  );

test("random places, in random shapes", { skip: noRedis }, () =>
  withBoth(2, async ({ same }) => {
    const random = new Seeded(42);
    const float = (from: number, to: number) => from + ((to - from) * random.uint32()) / 2 ** 32;
    const longitude = () => float(-180, 180).toFixed(random.below(9));
    const latitude = () => float(-85, 85).toFixed(random.below(9));
    for (let i = 0; i < 300; i++) await same(`GEOADD world ${longitude()} ${latitude()} w${i}`);
    for (let i = 0; i < 100; i++) await same(`GEOADD town ${float(13, 13.5)} ${float(52.3, 52.7)} t${i}`);
    for (let i = 0; i < 300; i++) {
      const town = random.below(2) === 0;
      const key = town ? "town" : "world";
      const size = () => (town ? float(0, 60) : 10 ** float(0, 4.4)).toFixed(random.below(4));
      const center = town ? `${float(13, 13.5)} ${float(52.3, 52.7)}` : `${longitude()} ${latitude()}`;
      const from = random.below(4) === 0 ? `FROMMEMBER ${key[0]}${random.below(100)}` : `FROMLONLAT ${center}`;
      const by = random.below(2) === 0 ? `BYRADIUS ${size()}` : `BYBOX ${size()} ${size()}`;
      const unit = ["km", "mi", "KM"][random.below(3)];
      const order = ["", "ASC", "DESC", "ASC COUNT 5", "COUNT 3", "COUNT 4 ANY", "COUNT 7 ANY DESC"][random.below(7)];
      const shape = `${from} ${by} ${unit}`;
      await same(`GEOSEARCH ${key} ${shape} ${order} WITHDIST WITHHASH WITHCOORD`);
      if (i % 3 === 0) {
        await same(`GEOSEARCHSTORE d ${key} ${shape}`);
        await same("DEBUG DIGEST-VALUE d");
      }
      await same(`GEODIST ${key} ${key[0]}${random.below(100)} ${key[0]}${random.below(100)}`);
    }
  }),
);
