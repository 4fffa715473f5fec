"""Transactions through redis-py: redis_py_transactions.py PORT PROTOCOL"""

import asyncio
import sys
import threading

import redis
import redis.asyncio

WORKERS, ROUNDS = 6, 60
port, protocol = int(sys.argv[1]), int(sys.argv[2])
r = redis.Redis(port=port, protocol=protocol)
r.flushall()


def queued_commands_run_together():
    pipe = r.pipeline().set("a", 1).incr("a").rpush("l", "x", "y").lrange("l", 0, -1)
    pipe.hset("h", mapping={"f": "v"})
    assert pipe.hgetall("h").zadd("z", {"m": 1.5}).zscore("z", "m").execute() == [
        True,
        2,
        2,
        [b"x", b"y"],
        1,
        {b"f": b"v"},
        1,
        1.5,
    ]
    assert r.pipeline().execute() == []


def a_failing_command_fails_alone():
    replies = r.pipeline().set("s", "text").incr("s").get("s").execute(raise_on_error=False)
    assert replies[0] is True and replies[2] == b"text"
    assert str(replies[1]) == "value is not an integer or out of range"


def a_refused_command_aborts_all():
    pipe = r.pipeline()
    pipe.set("untouched", 1).execute_command("GET")
    try:
        pipe.execute()
        raise AssertionError("no error")
    except redis.ResponseError as error:
        assert "wrong number of arguments for 'get' command" in str(error), error
    assert r.get("untouched") is None


def what_changes_a_watched_key_aborts(change, setup=lambda: None):
    r.delete("w", "v")
    setup()
    with r.pipeline() as pipe:
        pipe.watch("w")
        pipe.exists("w")
        pipe.multi()
        pipe.set("after", "x")
        change()
        try:
            pipe.execute()
            raise AssertionError("no error")
        except redis.WatchError:
            pass
        # What was watched is forgotten.
        assert pipe.set("after", "y").execute() == [True]


def what_leaves_a_watched_key_does_not_abort(leave, setup=lambda: None):
    r.delete("w", "v")
    setup()
    with r.pipeline() as pipe:
        pipe.watch("w")
        pipe.multi()
        pipe.incr("harmless")
        leave()
        assert len(pipe.execute()) == 1


def keys_are_watched():
    present = lambda: r.set("w", 1)
    a_list = lambda: r.rpush("w", "a")
    what_changes_a_watched_key_aborts(lambda: r.set("w", 1))
    what_changes_a_watched_key_aborts(lambda: r.set("w", 1), present)
    what_changes_a_watched_key_aborts(lambda: r.delete("w"), present)
    what_changes_a_watched_key_aborts(lambda: r.expire("w", 100), present)
    what_changes_a_watched_key_aborts(lambda: r.rename("w", "v"), present)
    what_changes_a_watched_key_aborts(lambda: (r.set("v", 2), r.rename("v", "w")))
    what_changes_a_watched_key_aborts(lambda: r.move("w", 5), present)
    what_changes_a_watched_key_aborts(lambda: r.lpop("w"), a_list)
    what_changes_a_watched_key_aborts(r.flushall, present)
    what_changes_a_watched_key_aborts(lambda: r.flushdb(asynchronous=True), present)
    what_changes_a_watched_key_aborts(lambda: r.swapdb(0, 4), present)
    what_changes_a_watched_key_aborts(lambda: r.pipeline().set("w", 2).delete("w").execute())
    what_leaves_a_watched_key_does_not_abort(lambda: r.get("w"), present)
    what_leaves_a_watched_key_does_not_abort(lambda: r.set("w", 2, nx=True), present)
    what_leaves_a_watched_key_does_not_abort(lambda: r.delete("w"))
    what_leaves_a_watched_key_does_not_abort(lambda: r.expire("w", 10))
    what_leaves_a_watched_key_does_not_abort(r.flushall)
    what_leaves_a_watched_key_does_not_abort(lambda: redis.Redis(port=port, db=1).set("w", 1))


def unwatched_keys_are_free():
    with r.pipeline() as pipe:
        pipe.watch("w")
        r.incr("counter-of-unwatched")
        r.set("w", 3)
        pipe.unwatch()
        pipe.multi()
        assert pipe.get("w").execute() == [b"3"]
        pipe.watch("w")
        pipe.multi()
        pipe.set("w", 4)
        r.set("w", 5)
        pipe.reset()
    assert r.get("w") == b"5"


def everyone_at_once(work):
    failures = []

    def guarded():
        try:
            work()
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


def workers_increment_by_watch_loops():
    r.mset({"counter": 0, "elsewhere": 0})
    client = redis.Redis(port=port, protocol=protocol)

    def step(pipe):
        value = int(pipe.get("counter"))
        pipe.multi()
        pipe.set("counter", value + 1).incr("elsewhere")

    everyone_at_once(lambda: [client.transaction(step, "counter") for _ in range(ROUNDS)])
    assert r.mget("counter", "elsewhere") == [str(WORKERS * ROUNDS).encode()] * 2


def workers_move_money_without_losing_any():
    accounts = [f"account:{i}" for i in range(5)]
    r.mset({account: 100 for account in accounts})
    client = redis.Redis(port=port, protocol=protocol)
    seen = []

    def transfer(round):
        giver, taker = accounts[round % 5], accounts[(round * 3 + 1) % 5]
        if giver == taker:
            return

        def step(pipe):
            funds = int(pipe.get(giver))
            pipe.multi()
            if funds >= 10:
                pipe.decrby(giver, 10).incrby(taker, 10)

        client.transaction(step, giver, taker)
        seen.append(sum(map(int, client.mget(accounts))))

    everyone_at_once(lambda: [transfer(round) for round in range(ROUNDS)])
    assert set(seen) == {500}, set(seen)


async def asyncio_workers_increment_by_watch_loops():
    async with redis.asyncio.Redis(port=port, protocol=protocol) as client:
        await client.set("async", 0)

        async def worker():
            for _ in range(ROUNDS // 2):
                await client.transaction(step, "async")

        async def step(pipe):
            value = int(await pipe.get("async"))
            pipe.multi()
            pipe.set("async", value + 1)

        await asyncio.gather(*(worker() for _ in range(WORKERS)))
        assert int(await client.get("async")) == WORKERS * (ROUNDS // 2)
        assert await client.pipeline().set("x", 1).incr("x").execute() == [True, 2]
        assert await client.pipeline(transaction=False).get("x").get("none").execute() == [b"2", None]


queued_commands_run_together()
a_failing_command_fails_alone()
a_refused_command_aborts_all()
keys_are_watched()
unwatched_keys_are_free()
workers_increment_by_watch_loops()
workers_move_money_without_losing_any()
asyncio.run(asyncio_workers_increment_by_watch_loops())
print("ok")
