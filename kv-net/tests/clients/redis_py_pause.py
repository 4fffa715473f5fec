"""Clients that have to wait, through redis-py: redis_py_pause.py PORT PROTOCOL"""

import sys
import threading

import redis

port, protocol = int(sys.argv[1]), int(sys.argv[2])
r = redis.Redis(port=port, protocol=protocol)
r.flushall()


def clients_can_be_paused():
    assert r.client_pause(60_000, all=False)
    got = []
    writer = threading.Thread(target=lambda: got.append(redis.Redis(port=port, protocol=protocol).set("paused", 1)))
    writer.start()
    # Reads go on meanwhile.
    for _ in range(20):
        assert r.get("paused") is None
    assert r.client_unpause()
    writer.join()
    assert got == [True]


clients_can_be_paused()
print("ok")
