import { testEffects, testReplies } from "../harness.ts";

const SICILY = "GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania";
const UNIT = "-ERR unsupported unit provided. please use M, KM, FT, MI";
const WRONG = "-WRONGTYPE Operation against a key holding the wrong kind of value";

testReplies([
  [[], SICILY, ":2"],
  [[SICILY], "GEOADD g NX 1 1 Palermo 2 2 b", ":1"],
  [[SICILY], "GEOADD g XX CH 1 1 Palermo 2 2 b", ":1"],
  [[], "GEOADD g XX 1 1 a", ":0"],
  [[], "GEOADD g 1 1 a 2", "-ERR syntax error"],
  [[], "GEOADD g 181 1 a", "-ERR invalid longitude,latitude pair 181.000000,1.000000"],
  [
    [],
    "GEOADD g 1e300 1 a".replace("1e300", "1e22"),
    "-ERR invalid longitude,latitude pair 10000000000000000000000.000000,1.000000",
  ],
  [[SICILY], "GEODIST g Palermo Catania", "$11 166274.1516"],
  [[SICILY], "GEODIST g Palermo Catania km", "$8 166.2742"],
  [[SICILY], "GEODIST g Palermo none", "$-1", "_"],
  [[], "GEODIST g a b", "$-1", "_"],
  [[], "GEODIST g a b parsec", UNIT],
  [
    [SICILY],
    "GEOHASH g Palermo Catania none",
    "*3 $11 sqc8b49rny0 $11 sqdtr74hyu0 $-1",
    "*3 $11 sqc8b49rny0 $11 sqdtr74hyu0 _",
  ],
  [
    [SICILY],
    "GEOPOS g Palermo none",
    "*2 *2 $20 13.36138933897018433 $20 38.11555639549629859 *-1",
    "*2 *2 ,13.36138933897018433 ,38.11555639549629859 _",
  ],
  [[SICILY], "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 200 km ASC", "*2 $7 Catania $7 Palermo"],
  [[SICILY], "GEOSEARCH g FROMLONLAT 15 37 BYBOX 400 400 km COUNT 1", "*1 $7 Catania"],
  [[SICILY], "GEOSEARCH g FROMLONLAT 15 37 BYRADIUS 1 km", "*0"],
  [[SICILY], "GEORADIUS g 15 37 200 km WITHDIST WITHHASH ASC COUNT 1", "*1 *3 $7 Catania $7 56.4413 :3479447370796909"],
  [[SICILY], "GEORADIUSBYMEMBER g none 1 m", "-ERR could not decode requested zset member"],
  [[SICILY], "GEORADIUS_RO g 15 37 200 km STORE d", "-ERR syntax error"],
  [
    [SICILY],
    "geosearch g FROMMEMBER Palermo ASC WITHDIST WITHHASH",
    "-ERR exactly one of BYRADIUS and BYBOX can be specified for geosearch",
  ],
  [["SET s text"], "GEOSEARCH s FROMLONLAT x y BYRADIUS 1 m", WRONG],
  [["SET s text"], "GEOADD s 1 1 a", WRONG],
  [[SICILY], "GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km", ":2"],
  [[SICILY, "GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km"], "GEODIST d Palermo Catania", "$11 166274.1516"],
]);

testEffects([
  [[], "GEOADD g CH 13.361389 38.115556 Palermo", ["n new@0 g", "z zadd@0 g"], ["ZADD g CH 3479099956230698 Palermo"]],
  [[SICILY], "GEOADD g NX 1 1 Palermo", [], []],
  [
    [SICILY],
    "GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km",
    ["n new@0 d", "z geosearchstore@0 d"],
    ["GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 200 km"],
  ],
  [
    [SICILY, "SET d text"],
    "GEORADIUS g 15 37 200 km STOREDIST d ASC COUNT 1",
    ["z georadiusstore@0 d"],
    ["DEL d", "ZADD d 56.4412578701582 Catania"],
  ],
  [
    ["SET d text"],
    "GEOSEARCHSTORE d none FROMLONLAT 15 37 BYRADIUS 1 m",
    ["m keymiss@0 none", "g del@0 d"],
    ["GEOSEARCHSTORE d none FROMLONLAT 15 37 BYRADIUS 1 m"],
  ],
  // Whether a place is within may depend on the C library as well as how far it is.
  [[SICILY, "SET d text"], "GEOSEARCHSTORE d g FROMLONLAT 15 37 BYRADIUS 1 km STOREDIST", ["g del@0 d"], ["DEL d"]],
  [[], "GEOSEARCHSTORE d none FROMLONLAT 15 37 BYRADIUS 1 m", ["m keymiss@0 none"], []],
]);
