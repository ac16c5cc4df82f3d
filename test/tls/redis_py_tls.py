"""redis-py over TLS, with a certificate of its own: run by clients.test.ts with the port and the folder of the certificates."""

import sys

import redis

PORT, FOLDER = int(sys.argv[1]), sys.argv[2]

client = redis.Redis(
    port=PORT,
    ssl=True,
    ssl_ca_certs=f"{FOLDER}/ca.crt",
    ssl_certfile=f"{FOLDER}/node.crt",
    ssl_keyfile=f"{FOLDER}/node.key",
    decode_responses=True,
)
assert client.set("text", "grüße") and client.get("text") == "grüße"
pipe = client.pipeline(transaction=True)
for i in range(10000):
    pipe.set(f"p:{i}", "x" * 100)
assert all(pipe.execute())
big = "y" * 5_000_000
assert client.set("big", big) and client.get("big") == big
listener = client.pubsub()
listener.subscribe("news")
client.publish("news", "hello")
messages = [listener.get_message(timeout=5) for _ in range(2)]
assert messages[1]["data"] == "hello", messages
print("OK")
