#!/usr/bin/env python3
"""What an application does when its primary dies, with redis-py: connect through the Sentinels, write, lose the primary,
notice, follow, and read the value back from the new one.

    python3 examples/failover.py --group .nines/group.json
        uses the group that `npm start` runs in another terminal: the file names its Sentinels, and the process to kill
    python3 examples/failover.py 127.0.0.1:26379 127.0.0.1:26380 127.0.0.1:26381
        uses any group that has these Sentinels, a real Redis' as well; waits until you kill its primary

`--name` is what the Sentinels call the group, if not "mymaster". Needs redis-py (Debian: python3-redis; pip: redis).
"""

import argparse
import json
import os
import signal
import time

from redis.exceptions import RedisError
from redis.sentinel import Sentinel


def main():
    options = parse_arguments()
    sentinels, name, kill_primary = choose_group(options)
    # A server that hangs answers nothing and breaks no connection: a timeout is what notices it.
    sentinel = Sentinel(sentinels, socket_timeout=0.5, decode_responses=True)
    # Asks the Sentinels for the primary whenever it has to connect.
    redis = sentinel.master_for(name, socket_timeout=0.5, decode_responses=True)

    first = port_in_use(redis)
    redis.set("greeting", "written before the failure")
    # Replication is asynchronous: what no replica has is lost with the primary.
    copies = redis.wait(1, 400)
    print(f"wrote to the primary at port {first}; {copies} of its replicas have it too", flush=True)

    kill_primary(first)
    start = time.monotonic()
    second, writes = first, 0
    while second == first:
        writes += 1
        try:
            redis.set("counter", writes)
            second = port_in_use(redis)
        except RedisError as error:
            # ConnectionError and TimeoutError: it may have been run or not. MasterNotFoundError: it was not sent.
            # ReadOnlyError: it was refused by a primary that has been demoted.
            print(f"  a write failed: {type(error).__name__}: {error}", flush=True)
        time.sleep(0.02)
    gap = round((time.monotonic() - start) * 1000)
    print(f"writing again after {gap} ms, to the new primary at port {second}")
    print(f'read back from it: "{redis.get("greeting")}"')


def port_in_use(redis):
    """The port of the server that answers this client now."""
    return redis.info("server")["tcp_port"]


def parse_arguments():
    parser = argparse.ArgumentParser(description="Follow a failover with redis-py.")
    parser.add_argument("sentinels", nargs="*", metavar="HOST:PORT")
    parser.add_argument("--group", metavar="FILE", help="group.json of `nines up`: its primary is killed")
    parser.add_argument("--name", default="mymaster")
    options = parser.parse_args()
    if not options.sentinels and not options.group:
        parser.error("name the Sentinels, or --group .nines/group.json")
    return options


def choose_group(options):
    """Sentinel addresses, the group's name, and what kills the primary at a port."""
    if options.group:
        with open(options.group, encoding="utf-8") as file:
            group = json.load(file)
        addresses = [(node["host"], node["port"]) for node in group["nodes"] if node["kind"] == "sentinel"]
        pids = {node["port"]: node["process"]["pid"] for node in group["nodes"] if node["kind"] == "server"}

        def kill(port):
            print(f"kill -9 {pids[port]}", flush=True)
            os.kill(pids[port], signal.SIGKILL)

        return addresses, group["masterName"], kill
    addresses = [(host, int(port)) for host, port in (text.rsplit(":", 1) for text in options.sentinels)]
    return addresses, options.name, lambda port: print(f"now kill the server at port {port}; waiting", flush=True)


if __name__ == "__main__":
    main()
