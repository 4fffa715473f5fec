"""Uses the server at 127.0.0.1:PORT through redis-py: redis_py_commands.py PORT PROTOCOL"""

import sys

import redis

port, protocol = int(sys.argv[1]), int(sys.argv[2])
r = redis.Redis(port=port, protocol=protocol)
assert r.ping()
r.flushall()

# Strings and counters.
assert r.set("s", b"\x00\xff") and r.get("s") == b"\x00\xff"
assert r.get("nothing") is None
assert r.set("s", "x", nx=True) is None
assert r.set("s", "new", get=True) == b"\x00\xff"
assert r.append("s", "er") == 5 and r.getrange("s", 0, 2) == b"new" and r.strlen("s") == 5
assert r.mset({"a": 1, "b": 2}) and r.mget("a", "nothing", "b") == [b"1", None, b"2"]
assert r.incr("n") == 1 and r.incrby("n", 9) == 10 and r.decr("n") == 9
assert r.incrbyfloat("f", 0.5) == 0.5
assert r.getdel("n") == b"9" and not r.exists("n")

# Lists.
assert r.rpush("l", "b", "c") == 2 and r.lpush("l", "a") == 3
assert r.lrange("l", 0, -1) == [b"a", b"b", b"c"]
assert r.lindex("l", -1) == b"c" and r.llen("l") == 3 and r.lpop("l") == b"a"
assert r.rpop("l", 5) == [b"c", b"b"] and r.rpop("l") is None
assert r.type("l") in ("none", b"none")

# Times to live.
assert r.set("t", 1, ex=1000) and 900 < r.ttl("t") <= 1000 and 900_000 < r.pttl("t") <= 1_000_000
assert r.persist("t") and r.ttl("t") == -1 and r.ttl("nothing") == -2
assert r.expire("t", 500, nx=True) and not r.expire("t", 500, nx=True)
assert r.expireat("t", 9_999_999_999) and r.expiretime("t") == 9_999_999_999

# Errors.
try:
    r.incr("s")
    raise AssertionError("no error")
except redis.ResponseError as error:
    assert str(error) == "value is not an integer or out of range", error
try:
    r.lpush("s", 1)
    raise AssertionError("no error")
except redis.ResponseError as error:
    assert str(error).startswith("WRONGTYPE"), error

# Keys.
names = {f"scan:{i}".encode() for i in range(1000)}
with r.pipeline(transaction=False) as pipe:
    for name in names:
        pipe.set(name, name)
    assert pipe.execute() == [True] * len(names)
assert set(r.scan_iter("scan:*", count=50)) == names
assert len(list(r.scan_iter("scan:*"))) == len(names)
assert set(r.keys("scan:*")) == names
assert r.dbsize() == len(names) + len({"s", "a", "b", "f", "t"})
assert r.rename("a", "z") and r.copy("z", "y") and r.unlink("z", "y") == 2

# Pipelines report errors in their places.
replies = r.pipeline(transaction=False).set("p", "x").incr("p").get("p").execute(raise_on_error=False)
assert replies[0] is True and isinstance(replies[1], redis.ResponseError) and replies[2] == b"x"

# Databases and pools.
pool = redis.ConnectionPool(port=port, protocol=protocol, db=3, max_connections=20)
clients = [redis.Redis(connection_pool=pool) for _ in range(20)]
assert [c.incr("pooled") for c in clients] == list(range(1, 21))
assert r.get("pooled") is None and clients[0].get("pooled") == b"20"
held = [pool.get_connection() for _ in range(20)]
for connection in held:
    pool.release(connection)
pool.disconnect()
assert clients[0].get("pooled") == b"20"

# The server and its clients.
assert r.client_setname("tester") and r.client_getname() in ("tester", b"tester")
assert any(c["name"] == "tester" and c["id"] == str(r.client_id()) for c in r.client_list())
assert r.info()["redis_version"] and "connected_clients" in r.info("clients")
assert r.config_get("databases") == {"databases": "16"}
before = r.config_get("maxclients")
assert r.config_set("maxclients", 5000) and r.config_get("maxclients") == {"maxclients": "5000"}
assert r.config_set("maxclients", before["maxclients"])
assert r.echo("over") == b"over" and r.flushall()
print("ok")
