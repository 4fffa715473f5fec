"""Client-side caching through redis-py, which uses RESP3 for it: redis_py_tracking.py PORT"""

import sys

import redis
from redis.cache import CacheConfig
from redis.connection import CacheProxyConnection

port = int(sys.argv[1])
# The library wants the release since which the cache is supported in all of its maker's products; the
# commands are older.
CacheProxyConnection.MIN_ALLOWED_VERSION = "7.0.0"
writer = redis.Redis(port=port, protocol=2)
writer.flushall()


def reads_of_the_server():
    stats = writer.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("get", "mget", "hgetall"))


def until(holds):
    while not holds():
        pass


def what_was_read_is_kept_until_it_changes():
    cached = redis.Redis(port=port, protocol=3, cache_config=CacheConfig())
    writer.set("k", "old")
    assert cached.get("k") == b"old"
    before = reads_of_the_server()
    for _ in range(10):
        assert cached.get("k") == b"old"
    assert reads_of_the_server() == before and cached.get_cache().size == 1
    writer.set("k", "new")
    until(lambda: cached.get("k") == b"new")
    writer.hset("h", mapping={"f": 1})
    assert cached.hgetall("h") == {b"f": b"1"} and cached.mget("k", "h2") == [b"new", None]
    writer.hincrby("h", "f", 1)
    until(lambda: cached.hgetall("h") == {b"f": b"2"})
    writer.mset({"h2": "there"})
    until(lambda: cached.mget("k", "h2") == [b"new", b"there"])
    writer.delete("k")
    until(lambda: cached.get("k") is None)
    cached.set("k", "own")
    assert cached.get("k") == b"own"
    writer.flushall()
    until(lambda: cached.get("k") is None)
    cached.close()


def expired_keys_are_forgotten():
    cached = redis.Redis(port=port, protocol=3, cache_config=CacheConfig())
    writer.set("soon", "gone", px=50)
    assert cached.get("soon") in (b"gone", None)
    until(lambda: cached.get("soon") is None)
    cached.close()


class Tracker:
    """A connection that keeps the keys of the invalidations that it got."""

    def __init__(self, *options):
        self.keys = []
        self.client = redis.Redis(port=port, protocol=3, single_connection_client=True)
        self.client.connection._parser.set_invalidation_push_handler(self.note)
        self.call("CLIENT", "TRACKING", "ON", *options)

    def note(self, push):
        self.keys.extend(push[1] if push[1] is not None else ["all"])

    def call(self, *command):
        return self.client.execute_command(*command)

    def expect(self, *keys):
        """Invalidations come before the reply to what is sent after the change."""
        assert self.call("ECHO", "x") == b"x"
        assert sorted(self.keys) == sorted(keys), (self.keys, keys)
        self.keys.clear()


def modes_tell_what_they_say():
    plain = Tracker()
    writer.mset({"a": 1, "b": 1})
    plain.call("GET", "a")
    writer.mset({"a": 2, "b": 2})
    plain.expect(b"a")
    writer.set("a", 3)
    plain.expect()
    plain.call("GET", "b")
    writer.flushdb()
    plain.expect("all")

    broadcast = Tracker("BCAST", "PREFIX", "user:", "PREFIX", "session:")
    writer.mset({"user:1": 1, "session:1": 1, "other": 1})
    broadcast.expect(b"user:1", b"session:1")

    chosen = Tracker("OPTIN")
    chosen.call("GET", "a")
    chosen.call("CLIENT", "CACHING", "YES")
    chosen.call("GET", "b")
    writer.mset({"a": 4, "b": 4})
    chosen.expect(b"b")

    silent = Tracker("NOLOOP")
    silent.call("GET", "a")
    silent.call("SET", "a", 5)
    silent.expect()
    silent.call("GET", "b")
    writer.set("b", 5)
    silent.expect(b"b")
    info = silent.call("CLIENT", "TRACKINGINFO")
    flags = info[b"flags"] if isinstance(info, dict) else info[1]
    assert {bytes(f) for f in flags} == {b"on", b"noloop"}, info
    assert silent.call("CLIENT", "TRACKING", "OFF") in (True, b"OK", "OK")
    silent.call("GET", "b")
    writer.set("b", 6)
    silent.expect()


def another_connection_can_be_told():
    listener = redis.Redis(port=port, protocol=2).pubsub()
    listener.subscribe("__redis__:invalidate")
    assert listener.get_message(timeout=30)["type"] == "subscribe"
    target = next(c["id"] for c in writer.client_list() if c["sub"] == "1")
    reader = redis.Redis(port=port, protocol=2, single_connection_client=True)
    reader.execute_command("CLIENT", "TRACKING", "ON", "REDIRECT", target)
    assert reader.client_getredir() == int(target)
    reader.get("told")
    writer.set("told", 1)
    message = listener.get_message(timeout=30)
    assert message["channel"] == b"__redis__:invalidate" and message["data"] == [b"told"], message


what_was_read_is_kept_until_it_changes()
expired_keys_are_forgotten()
modes_tell_what_they_say()
another_connection_can_be_told()
print("ok")
