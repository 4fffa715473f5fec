"""Commands that wait, through redis-py: redis_py_blocking.py PORT PROTOCOL"""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

import redis
import redis.asyncio

port, protocol = int(sys.argv[1]), int(sys.argv[2])
r = redis.Redis(port=port, protocol=protocol)
waiting = redis.Redis(port=port, protocol=protocol)
workers = ThreadPoolExecutor(8)
r.flushall()


def until_blocked(count):
    while r.info("clients")["blocked_clients"] != count:
        pass


def waits(wait, then):
    """What `wait` gives when `then` is done while it waits."""
    answer = workers.submit(wait)
    until_blocked(1)
    then()
    return answer.result()


def same(got, *expected):
    assert list(got) == list(expected), got


def what_is_there_does_not_wait():
    r.rpush("l", "a", "b", "c")
    same(waiting.blpop(["none", "l"]), b"l", b"a")
    same(waiting.brpop("l"), b"l", b"c")
    assert waiting.blmove("l", "m", 0) == b"b" and waiting.brpoplpush("m", "l") == b"b"
    r.zadd("z", {"low": 1, "high": 2})
    same(waiting.bzpopmin("z"), b"z", b"low", 1.0)
    same(waiting.bzpopmax("z"), b"z", b"high", 2.0)
    same(waiting.blmpop(0, 1, "l", direction="LEFT", count=5), b"l", [b"b"])


def nothing_comes_in_time():
    assert waiting.blpop("none", timeout=0.01) is None
    assert waiting.brpop("none", timeout=0.01) is None
    assert waiting.blmove("none", "m", 0.01) is None
    assert waiting.bzpopmin("none", timeout=0.01) is None
    assert waiting.blmpop(0.01, 1, "none", direction="LEFT") is None
    assert waiting.bzmpop(0.01, 1, ["none"], min=True) is None
    assert not waiting.xread({"none": "$"}, block=10)
    for timeout in (-1, "x"):
        try:
            waiting.execute_command("BLPOP", "none", timeout)
            raise AssertionError("no error")
        except redis.ResponseError as error:
            assert "timeout is" in str(error), error


def what_comes_is_taken():
    same(waits(lambda: waiting.blpop(["p", "q"]), lambda: r.rpush("q", "1", "2")), b"q", b"1")
    assert r.lrange("q", 0, -1) == [b"2"]
    r.delete("q")
    same(waits(lambda: waiting.brpop("q"), lambda: r.rpush("q", "1", "2")), b"q", b"2")
    r.delete("q")
    assert waits(lambda: waiting.blmove("q", "d", 0, "LEFT", "RIGHT"), lambda: r.lpush("q", "x")) == b"x"
    assert r.lrange("d", 0, -1) == [b"x"] and not r.exists("q")
    same(waits(lambda: waiting.bzpopmin("zs"), lambda: r.zadd("zs", {"m": 2, "n": 1})), b"zs", b"n", 1.0)
    r.delete("zs")
    got = waits(lambda: waiting.bzmpop(0, 1, ["zs"], max=True), lambda: r.zadd("zs", {"m": 2}))
    assert got[0] == b"zs" and list(got[1][0]) in ([b"m", b"2"], [b"m", 2.0]), got
    got = waits(lambda: waiting.blmpop(0, 2, "p", "q", direction="RIGHT", count=2), lambda: r.rpush("q", 1, 2, 3))
    same(got, b"q", [b"3", b"2"])
    r.delete("q")
    # A transaction's last state is what counts.
    same(waits(lambda: waiting.blpop("q"), lambda: r.pipeline().rpush("q", "a").lpush("q", "b").execute()), b"q", b"b")
    r.delete("q")
    same(waits(lambda: waiting.blpop("q"), lambda: (r.rpush("other", "moved"), r.rename("other", "q"))), b"q", b"moved")


def streams_are_read_as_they_grow():
    rows = lambda reply: reply[0][1] if isinstance(reply, list) else reply[b"s"]
    got = rows(waits(lambda: waiting.xread({"s": "$"}, block=0), lambda: r.xadd("s", {"f": "v"}, id="1-1")))
    assert (got if protocol == 2 else got[0] if isinstance(got[0], list) else got) == [(b"1-1", {b"f": b"v"})], got
    r.xgroup_create("s", "g", "$")
    wait = lambda: waiting.xreadgroup("g", "me", {"s": ">"}, block=0)
    got = str(waits(wait, lambda: r.xadd("s", {"f": "w"}, id="2-1")))
    assert "b'2-1'" in got and "b'w'" in got, got
    assert r.xpending("s", "g")["pending"] == 1


def the_longest_waiting_comes_first():
    order = []
    for name in range(4):
        workers.submit(lambda name=name: order.append((name, redis.Redis(port=port, protocol=protocol).blpop("line")[1])))
        until_blocked(name + 1)
    r.rpush("line", *"abcd")
    until_blocked(0)
    while len(order) < 4:
        pass
    assert sorted(order) == [(0, b"a"), (1, b"b"), (2, b"c"), (3, b"d")], order


def workers_share_a_queue():
    def drain():
        client, got = redis.Redis(port=port, protocol=protocol), []
        while (item := client.blpop("work")[1]) != b"stop":
            got.append(int(item))
        return got

    answers = [workers.submit(drain) for _ in range(5)]
    for i in range(500):
        r.rpush("work", i)
    r.rpush("work", *["stop"] * 5)
    assert sorted(sum((a.result() for a in answers), [])) == list(range(500))
    assert not r.exists("work")


def within_a_transaction_nothing_waits():
    assert r.pipeline().blpop("none").brpoplpush("none", "d").bzpopmin("none").execute() == [None, None, None]


def a_waiting_client_can_be_woken():
    def blocked_id():
        return next(int(c["id"]) for c in r.client_list() if c["cmd"] == "blpop" and "b" in c["flags"])

    assert waits(lambda: waiting.blpop("none"), lambda: r.client_unblock(blocked_id())) is None
    try:
        waits(lambda: waiting.blpop("none"), lambda: r.client_unblock(blocked_id(), error=True))
        raise AssertionError("no error")
    except redis.ResponseError as error:
        assert str(error) == "UNBLOCKED client unblocked via CLIENT UNBLOCK", error
    assert r.client_unblock(r.client_id()) == 0


async def asyncio_waits():
    async with redis.asyncio.Redis(port=port, protocol=protocol) as client:
        waiters = [asyncio.create_task(client.blpop("async")) for _ in range(10)]
        while (await client.info("clients"))["blocked_clients"] < 10:
            pass
        await client.rpush("async", *range(10))
        assert sorted(int(got[1]) for got in await asyncio.gather(*waiters)) == list(range(10))
        # Whoever gives up takes nothing.
        task = asyncio.create_task(client.blpop("async"))
        while (await client.info("clients"))["blocked_clients"] < 1:
            pass
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        while (await client.info("clients"))["blocked_clients"]:
            pass
        assert await client.rpush("async", "kept") == 1 and await client.llen("async") == 1


what_is_there_does_not_wait()
nothing_comes_in_time()
what_comes_is_taken()
streams_are_read_as_they_grow()
the_longest_waiting_comes_first()
workers_share_a_queue()
within_a_transaction_nothing_waits()
a_waiting_client_can_be_woken()
asyncio.run(asyncio_waits())
print("ok")
