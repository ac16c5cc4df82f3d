"""redis-py and users: run by users.test.ts with the port of a server that has an admin and an application."""

import sys
import unittest

import redis

PORT = int(sys.argv.pop())


class Users(unittest.TestCase):
    def connected(self, user, password, **options):
        client = redis.Redis(port=PORT, username=user, password=password, decode_responses=True, **options)
        self.addCleanup(client.close)
        return client

    def setUp(self):
        self.admin = self.connected("admin", "admin-pw")

    def test_an_application(self):
        app = self.connected("app", "app-pw")
        self.assertEqual(app.acl_whoami(), "app")
        self.assertTrue(app.set("app:1", "x"))
        with self.assertRaises(redis.exceptions.NoPermissionError):
            app.get("other")
        with self.assertRaises(redis.exceptions.NoPermissionError):
            app.flushall()
        with self.assertRaisesRegex(redis.exceptions.ResponseError, "WRONGPASS"):
            self.connected("app", "wrong").ping()
        with self.assertRaises(redis.exceptions.AuthenticationError):
            redis.Redis(port=PORT).ping()

    def test_a_transaction(self):
        app = self.connected("app", "app-pw")
        pipe = app.pipeline()
        pipe.set("app:2", "1").incr("app:2")
        self.assertEqual(pipe.execute(), [True, 2])
        pipe.set("app:2", "1").get("other")
        with self.assertRaises(redis.exceptions.NoPermissionError):
            pipe.execute()

    def test_users(self):
        admin = self.admin
        self.assertIn("app", admin.acl_users())
        self.assertTrue(
            admin.acl_setuser(
                "made",
                enabled=True,
                passwords=["+one", "+two"],
                categories=["+@read", "-@dangerous"],
                commands=["+set", "-getdel"],
                keys=["made:*"],
                channels=["news:*"],
                selectors=[("+@hash", "~h:*")],
            )
        )
        made = admin.acl_getuser("made")
        self.assertEqual(made["enabled"], True)
        self.assertEqual(len(made["passwords"]), 2)
        self.assertEqual(made["keys"], ["~made:*"])
        self.assertEqual(made["channels"], ["&news:*"])
        self.assertEqual(sorted(made["categories"]), ["+@read", "-@all", "-@dangerous"])
        self.assertEqual(sorted(made["commands"]), ["+set", "-getdel"])
        self.assertEqual(made["selectors"][0][1], "-@all +@hash")
        self.assertIn(admin.acl_dryrun("made", "get", "made:1"), ("OK", True))
        self.assertIn("no permissions", admin.acl_dryrun("made", "get", "x"))
        self.assertEqual(admin.acl_deluser("made"), 1)
        self.assertIsNone(admin.acl_getuser("made"))

    def test_what_is_known(self):
        self.assertIn("scripting", self.admin.acl_cat())
        self.assertIn("get", self.admin.acl_cat("read"))
        self.assertEqual(len(self.admin.acl_genpass()), 64)
        self.assertIn("user default off", " ".join(self.admin.acl_list()))

    def test_log(self):
        self.assertTrue(self.admin.acl_log_reset())
        app = self.connected("app", "app-pw")
        with self.assertRaises(redis.exceptions.NoPermissionError):
            app.get("other")
        (entry,) = self.admin.acl_log()
        self.assertEqual(
            (entry["reason"], entry["object"], entry["username"], entry["count"]), ("key", "other", "app", 1)
        )
        self.assertEqual(entry["client-info"]["user"], "app")


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    if result.wasSuccessful():
        print("OK")
    sys.exit(0 if result.wasSuccessful() else 1)
