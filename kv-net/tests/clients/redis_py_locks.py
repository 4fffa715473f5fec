"""Locks and scripts through redis-py: redis_py_locks.py PORT PROTOCOL"""

import asyncio
import sys
import threading

import redis
import redis.asyncio
from redis.exceptions import LockError, LockNotOwnedError

port, protocol = int(sys.argv[1]), int(sys.argv[2])
r = redis.Redis(port=port, protocol=protocol)
r.flushall()
r.script_flush()


def refused(error, attempt):
    try:
        attempt()
    except error:
        return
    raise AssertionError(f"no {error.__name__}")


def a_lock_is_taken_once():
    lock, other = r.lock("lock", timeout=100), r.lock("lock", blocking=False)
    assert lock.acquire() and not other.acquire() and lock.locked() and lock.owned() and not other.owned()
    assert 90_000 < r.pttl("lock") <= 100_000
    assert lock.extend(100) and 150_000 < r.pttl("lock") <= 200_000
    assert lock.reacquire() and r.pttl("lock") <= 100_000
    lock.release()
    assert not r.exists("lock") and other.acquire()
    other.release()
    refused(LockError, other.release)


def a_lost_lock_is_noticed():
    lock = r.lock("lock", timeout=100)
    assert lock.acquire()
    r.set("lock", "somebody else's")
    for attempt in (lock.release, lock.reacquire, lambda: lock.extend(1)):
        refused(LockNotOwnedError, attempt)
        lock.local.token = b"a token that is not there"
    assert r.getdel("lock") == b"somebody else's"


def locks_keep_threads_apart():
    r.set("inside", 0)
    failures = []

    def worker():
        for _ in range(10):
            with r.lock("shared", timeout=60, sleep=0.001):
                if r.incr("inside") != 1:
                    failures.append("two inside")
                r.decr("inside")

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures and not r.exists("shared")


def scripts_run_by_text_and_by_hash():
    double = r.register_script("return tonumber(redis.call('GET', KEYS[1])) * ARGV[1]")
    r.set("n", 21)
    assert double(keys=["n"], args=[2]) == 42
    assert r.script_exists(double.sha, "0" * 40) == [True, False]
    assert double(keys=["n"], args=[3], client=(pipe := r.pipeline())) is pipe and pipe.execute() == [63]
    assert r.eval("return {1, 'two', {3}, false, redis.status_reply('fine')}", 0) == [1, b"two", [3], None, b"fine"]
    r.script_flush()
    assert r.script_exists(double.sha) == [False]
    refused(redis.exceptions.NoScriptError, lambda: r.evalsha(double.sha, 1, "n", 1))
    assert double(keys=["n"], args=[1]) == 21
    try:
        r.eval("return redis.call('INCR', KEYS[1])", 1, "inside-a-list" if r.rpush("inside-a-list", 1) else "")
        raise AssertionError("no error")
    except redis.ResponseError as error:
        assert "WRONGTYPE" in str(error) or "Operation against a key" in str(error), error


async def asyncio_locks():
    async with redis.asyncio.Redis(port=port, protocol=protocol) as client:
        inside = 0

        async def worker():
            nonlocal inside
            async with client.lock("async", timeout=60, sleep=0.001):
                inside += 1
                assert inside == 1
                await client.ping()
                inside -= 1

        await asyncio.gather(*(worker() for _ in range(10)))
        assert not await client.exists("async")


a_lock_is_taken_once()
a_lost_lock_is_noticed()
locks_keep_threads_apart()
scripts_run_by_text_and_by_hash()
asyncio.run(asyncio_locks())
print("ok")
