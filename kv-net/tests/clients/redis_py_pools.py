"""Connections and their pools through redis-py: redis_py_pools.py PORT PROTOCOL"""

import asyncio
import sys
import threading

import redis
import redis.asyncio

port, protocol = int(sys.argv[1]), int(sys.argv[2])
url = f"redis://127.0.0.1:{port}/2?protocol={protocol}&client_name=from-url"
r = redis.Redis.from_url(url)
r.flushall()


def names():
    return [client["name"] for client in r.client_list()]


def a_url_says_database_and_name():
    r.set("k", "v")
    assert r.client_getname() in ("from-url", b"from-url")
    assert redis.Redis(port=port, protocol=protocol, db=2).get("k") == b"v"
    info = r.client_info()
    # Redis tells libraries since 7.2.
    assert info["db"] == 2 and info.get("lib-name", "redis-py") == "redis-py" and info["resp"] == str(protocol), info


def threads_share_few_connections():
    pool = redis.BlockingConnectionPool(
        port=port, protocol=protocol, max_connections=3, timeout=30, client_name="shared"
    )
    client, failures = redis.Redis(connection_pool=pool), []

    def worker(name):
        for i in range(100):
            key = f"{name}:{i}"
            if client.pipeline().set(key, key).get(key).execute()[1] != key.encode():
                failures.append(key)

    threads = [threading.Thread(target=worker, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures and 1 <= names().count("shared") <= 3
    pool.disconnect()
    # The server notices that connections are gone when it comes to them.
    while "shared" in names():
        pass


def a_pool_that_is_used_up_says_so():
    pool = redis.ConnectionPool(port=port, protocol=protocol, max_connections=2)
    held = [pool.get_connection(), pool.get_connection()]
    try:
        pool.get_connection()
        raise AssertionError("no error")
    except redis.ConnectionError as error:
        assert "Too many connections" in str(error), error
    for connection in held:
        pool.release(connection)
    pool.disconnect()


async def asyncio_uses_a_pool():
    pool = redis.asyncio.BlockingConnectionPool.from_url(url, max_connections=4, timeout=30)
    async with redis.asyncio.Redis(connection_pool=pool) as client:
        await client.delete("counter")
        got = await asyncio.gather(*(client.incr("counter") for _ in range(200)))
        assert sorted(got) == list(range(1, 201))
        async with client.client() as single:
            assert await single.client_id() == await single.client_id()
    await pool.disconnect()


a_url_says_database_and_name()
threads_share_few_connections()
a_pool_that_is_used_up_says_so()
asyncio.run(asyncio_uses_a_pool())
print("ok")
