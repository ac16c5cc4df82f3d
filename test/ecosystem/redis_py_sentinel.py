"""redis-py through Sentinels: run by redis-py.test.ts with the group's name and the Sentinels' ports."""

import sys
import time

from redis.exceptions import ReadOnlyError, RedisError
from redis.sentinel import Sentinel

name, *ports = sys.argv[1:]
sentinel = Sentinel([("127.0.0.1", int(port)) for port in ports], socket_timeout=5)

host, old_port = sentinel.discover_master(name)
assert host == "127.0.0.1"
replicas = sentinel.discover_slaves(name)
assert len(replicas) == 2 and (host, old_port) not in replicas, replicas

state = sentinel.sentinels[0].sentinel_master(name)
assert state["num-slaves"] == 2 and state["num-other-sentinels"] == len(ports) - 1, state

primary = sentinel.master_for(name, socket_timeout=5, decode_responses=True)
replica = sentinel.slave_for(name, socket_timeout=5, decode_responses=True)
primary.set("key", "value")
assert primary.wait(2, 4000) == 2
assert replica.get("key") == "value"
try:
    replica.set("key", "other")
    raise AssertionError("a replica took a write")
except ReadOnlyError:
    pass

print("kill the primary", flush=True)
deadline = time.monotonic() + 20
while True:
    try:
        primary.set("after", "1")
        if sentinel.discover_master(name)[1] != old_port:
            break
    except RedisError:
        pass
    assert time.monotonic() < deadline, "no failover"
    time.sleep(0.02)
assert primary.get("key") == "value"
assert primary.role()[0] == "master"
