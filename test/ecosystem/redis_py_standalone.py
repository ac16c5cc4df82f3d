"""redis-py against one server: run by redis-py.test.ts with the port."""

import sys
import time
import unittest

import redis

PORT = int(sys.argv.pop())
BINARY_KEY = bytes([0x6B, 0x3A, 0, 255, 13, 10, 0xC3, 0x28])


class Standalone(unittest.TestCase):
    def setUp(self):
        self.redis = redis.Redis(port=PORT, decode_responses=True)
        self.redis.flushall()
        self.addCleanup(self.redis.close)

    def test_strings(self):
        self.assertTrue(self.redis.set("text", "grüße"))
        self.assertEqual(self.redis.get("text"), "grüße")
        self.assertIsNone(self.redis.get("nothing"))
        self.assertIsNone(self.redis.set("text", "x", nx=True))
        self.assertEqual(self.redis.incr("count", 41), 41)
        self.assertEqual(self.redis.mget("text", "nothing"), ["grüße", None])
        self.assertEqual(self.redis.delete("text", "count"), 2)

    def test_errors(self):
        self.redis.set("word", "x")
        with self.assertRaisesRegex(redis.ResponseError, "value is not an integer or out of range"):
            self.redis.incr("word")
        with self.assertRaisesRegex(redis.ResponseError, "unknown command"):
            self.redis.execute_command("NOSUCH")

    def test_pipeline(self):
        pipe = self.redis.pipeline(transaction=False)
        for i in range(1000):
            pipe.set(f"p:{i}", i)
        pipe.get("p:999")
        self.assertEqual(pipe.execute()[-2:], [True, "999"])

    def test_transaction(self):
        with self.redis.pipeline() as pipe:
            self.assertEqual(pipe.set("m", 1).incr("m").get("m").execute(), [True, 2, "2"])

    def test_watch(self):
        with self.redis.pipeline() as pipe:
            pipe.watch("m")
            self.redis.set("m", "changed")
            pipe.multi()
            pipe.set("m", "mine")
            with self.assertRaises(redis.WatchError):
                pipe.execute()
        self.assertEqual(self.redis.get("m"), "changed")

    def test_pubsub(self):
        listener = self.redis.pubsub(ignore_subscribe_messages=True)
        listener.subscribe("news")
        listener.psubscribe("n*")
        while listener.get_message(timeout=0.1) is None and self.redis.pubsub_numpat() < 1:
            pass
        self.assertEqual(self.redis.publish("news", "hello"), 2)
        heard = []
        deadline = time.monotonic() + 5
        while len(heard) < 2 and time.monotonic() < deadline:
            message = listener.get_message(timeout=0.1)
            if message:
                heard.append((message["type"], message["data"]))
        self.assertEqual(sorted(heard), [("message", "hello"), ("pmessage", "hello")])
        listener.close()

    def test_binary(self):
        raw = redis.Redis(port=PORT)
        self.addCleanup(raw.close)
        value = bytes(range(256))
        raw.set(BINARY_KEY, value)
        self.assertEqual(raw.get(BINARY_KEY), value)
        self.assertEqual(list(raw.scan_iter(match=BINARY_KEY[:2] + b"*")), [BINARY_KEY])

    def test_big_value(self):
        raw = redis.Redis(port=PORT)
        self.addCleanup(raw.close)
        value = bytes(range(250)) * 20000
        raw.set("big", value)
        self.assertEqual(raw.strlen("big"), 5_000_000)
        self.assertEqual(raw.get("big"), value)

    def test_expiry(self):
        self.redis.set("brief", "x", px=60_000)
        self.assertTrue(0 < self.redis.pttl("brief") <= 60_000)
        self.redis.pexpire("brief", 20)
        time.sleep(0.04)
        self.assertFalse(self.redis.exists("brief"))

    def test_bits(self):
        self.redis.setbit("bits", 7, 1)
        self.assertEqual(self.redis.bitcount("bits"), 1)
        self.assertEqual(self.redis.bitfield("bits").incrby("u8", 0, 9).execute(), [10])

    def test_dump_and_restore(self):
        raw = redis.Redis(port=PORT)
        self.addCleanup(raw.close)
        raw.set("a", "value")
        raw.restore("b", 0, raw.dump("a"))
        self.assertEqual(raw.get("b"), b"value")

    def test_info_and_config(self):
        info = self.redis.info()
        self.assertEqual(info["role"], "master")
        self.assertEqual(info["tcp_port"], PORT)
        self.assertTrue(self.redis.config_set("maxmemory-policy", "allkeys-lru"))
        self.assertEqual(self.redis.config_get("maxmemory-policy"), {"maxmemory-policy": "allkeys-lru"})
        self.redis.config_set("maxmemory-policy", "noeviction")
        self.assertIn("get", self.redis.command())
        self.redis.client_setname("tester")
        self.assertIn("tester", [client["name"] for client in self.redis.client_list()])

    def test_lock(self):
        # Lock.release is a script, which is not there yet: acquiring and running out is.
        self.assertTrue(self.redis.set("lock", "me", nx=True, px=50))
        self.assertIsNone(self.redis.set("lock", "you", nx=True, px=50))


unittest.main(verbosity=0)
