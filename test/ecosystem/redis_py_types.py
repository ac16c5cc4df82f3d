"""redis-py with its defaults: lists, hashes, sets, sorted sets, streams and the rest. Run by redis-py.test.ts with the port."""

import sys
import threading
import time
import unittest

import redis

PORT = int(sys.argv.pop())


class Types(unittest.TestCase):
    def setUp(self):
        self.redis = redis.Redis(port=PORT, decode_responses=True)
        self.redis.flushall()
        self.addCleanup(self.redis.close)

    def test_lists(self):
        r = self.redis
        self.assertEqual(r.rpush("l", "a", "b", "c"), 3)
        self.assertEqual(r.lrange("l", 0, -1), ["a", "b", "c"])
        self.assertEqual(r.lpos("l", "c"), 2)
        self.assertEqual(r.linsert("l", "before", "b", "x"), 4)
        self.assertEqual(r.lmove("l", "m"), "a")
        self.assertEqual(r.lpop("l", 2), ["x", "b"])
        self.assertTrue(r.ltrim("l", 1, 0))
        self.assertEqual(r.llen("l"), 0)

    def test_blocking_pop(self):
        popped = []
        waiting = redis.Redis(port=PORT, decode_responses=True)
        thread = threading.Thread(target=lambda: popped.append(waiting.blpop(["q"], timeout=5)))
        thread.start()
        while self.redis.info("clients")["blocked_clients"] != 1:
            time.sleep(0.005)
        self.redis.rpush("q", "job")
        thread.join()
        self.assertEqual(popped, [("q", "job")])
        self.assertIsNone(waiting.brpop(["q"], timeout=0.01))
        waiting.close()

    def test_hashes(self):
        r = self.redis
        self.assertEqual(r.hset("h", mapping={"name": "ann", "age": 41}), 2)
        self.assertEqual(r.hgetall("h"), {"name": "ann", "age": "41"})
        self.assertEqual(r.hincrby("h", "age"), 42)
        self.assertEqual(r.hincrbyfloat("h", "age", 0.5), 42.5)
        self.assertEqual(r.hmget("h", ["name", "none"]), ["ann", None])
        self.assertEqual(r.hdel("h", "name"), 1)
        self.assertFalse(r.hexists("h", "name"))

    def test_sets(self):
        r = self.redis
        self.assertEqual(r.sadd("s", "a", "b", "c"), 3)
        r.sadd("t", "b", "c", "d")
        self.assertEqual(r.sinter("s", "t"), {"b", "c"})
        self.assertEqual(r.smembers("s"), {"a", "b", "c"})
        self.assertEqual(r.smismember("s", ["a", "d"]), [1, 0])
        self.assertEqual(set(r.spop("s", 3)), {"a", "b", "c"})
        self.assertEqual(r.exists("s"), 0)

    def test_sorted_sets(self):
        r = self.redis
        self.assertEqual(r.zadd("z", {"one": 1, "two": 2.5}), 2)
        self.assertEqual(r.zrange("z", 0, -1, withscores=True), [("one", 1.0), ("two", 2.5)])
        self.assertEqual(r.zincrby("z", 2, "one"), 3.0)
        self.assertEqual(r.zrank("z", "one"), 1)
        self.assertEqual(r.zscore("z", "two"), 2.5)
        self.assertEqual(r.zrangebyscore("z", "-inf", 2.5), ["two"])
        self.assertEqual(r.zpopmin("z"), [("two", 2.5)])

    def test_streams(self):
        r = self.redis
        first = r.xadd("x", {"temperature": 21})
        r.xadd("x", {"temperature": 22})
        self.assertEqual(r.xlen("x"), 2)
        self.assertEqual(r.xrange("x", count=1), [(first, {"temperature": "21"})])
        self.assertTrue(r.xgroup_create("x", "g", id="0"))
        entries = r.xreadgroup("g", "me", {"x": ">"}, count=1)
        self.assertEqual(entries, [["x", [(first, {"temperature": "21"})]]])
        self.assertEqual(r.xpending("x", "g")["pending"], 1)
        self.assertEqual(r.xack("x", "g", first), 1)
        self.assertEqual(r.xinfo_stream("x")["length"], 2)
        self.assertEqual(r.xtrim("x", maxlen=1, approximate=False), 1)

    def test_geo_and_hyperloglog(self):
        r = self.redis
        r.geoadd("g", (13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"))
        self.assertAlmostEqual(r.geodist("g", "Palermo", "Catania", unit="km"), 166.2741, places=3)
        self.assertEqual(r.geosearch("g", longitude=15, latitude=37, radius=100, unit="km"), ["Catania"])
        r.pfadd("p", *(f"visitor:{i}" for i in range(1000)))
        self.assertLess(abs(r.pfcount("p") - 1000), 30)

    def test_sort_and_scans(self):
        r = self.redis
        r.rpush("n", 3, 1, 2)
        self.assertEqual(r.sort("n", desc=True), ["3", "2", "1"])
        names = {f"e{i}" for i in range(500)}
        r.sadd("s", *names)
        r.hset("h", mapping={name: "v" for name in names})
        r.zadd("z", {name: 1 for name in names})
        self.assertEqual(set(r.sscan_iter("s", count=20)), names)
        self.assertEqual({field for field, _ in r.hscan_iter("h", count=20)}, names)
        self.assertEqual({member for member, _ in r.zscan_iter("z", count=20)}, names)


if unittest.main(exit=False, verbosity=0).result.wasSuccessful():
    print("OK")
else:
    sys.exit(1)
