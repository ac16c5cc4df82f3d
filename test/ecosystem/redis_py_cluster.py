"""redis-py's RedisCluster, driven by lines: `set KEY VALUE`, `get KEY`; each is answered by a line of JSON."""
import json
import sys

from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisClusterException


def connect():
    nodes = [ClusterNode("127.0.0.1", int(port)) for port in sys.argv[1:]]
    return RedisCluster(startup_nodes=nodes, decode_responses=True)


cluster = connect()
for line in sys.stdin:
    verb, *words = line.split()
    try:
        answer = {"reply": cluster.set(*words) if verb == "set" else cluster.get(*words)}
    except Exception as error:  # what an application would see
        answer = {"error": f"{type(error).__name__}: {error}"}
        if isinstance(error, RedisClusterException):
            # Once a node was gone, version 4.3 copies a lock whenever it asks for the slots, and never recovers, of whatever
            # the cluster is made: its application has to begin anew.
            try:
                cluster = connect()
            except RedisClusterException:
                pass
    print(json.dumps(answer), flush=True)
