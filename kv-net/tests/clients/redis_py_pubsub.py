"""Publishing and subscribing through redis-py: redis_py_pubsub.py PORT PROTOCOL"""

import asyncio
import sys

import redis
import redis.asyncio

PATIENCE_S = 20
port, protocol = int(sys.argv[1]), int(sys.argv[2])
r = redis.Redis(port=port, protocol=protocol)
r.flushall()


def expect(sub, type, channel, data, pattern=None):
    message = sub.get_message(timeout=PATIENCE_S)
    assert message == {"type": type, "pattern": pattern, "channel": channel, "data": data}, message


def messages_arrive_by_channel_and_pattern():
    sub = r.pubsub()
    sub.subscribe("news", "weather")
    sub.psubscribe("n*", "[a-c]?")
    expect(sub, "subscribe", b"news", 1)
    expect(sub, "subscribe", b"weather", 2)
    expect(sub, "psubscribe", b"n*", 3)
    expect(sub, "psubscribe", b"[a-c]?", 4)
    assert r.publish("news", b"\x00\xff") == 2
    expect(sub, "message", b"news", b"\x00\xff")
    expect(sub, "pmessage", b"news", b"\x00\xff", b"n*")
    assert r.publish("weather", "") == 1 and r.publish("b1", "x") == 1 and r.publish("d1", "x") == 0
    expect(sub, "message", b"weather", b"")
    expect(sub, "pmessage", b"b1", b"x", b"[a-c]?")
    sub.ping()
    expect(sub, "pong", None, b"")
    sub.unsubscribe("news", "never")
    expect(sub, "unsubscribe", b"news", 3)
    expect(sub, "unsubscribe", b"never", 3)
    sub.unsubscribe()
    expect(sub, "unsubscribe", b"weather", 2)
    sub.punsubscribe()
    message = {sub.get_message(timeout=PATIENCE_S)["channel"] for _ in range(2)}
    assert message == {b"n*", b"[a-c]?"} and not sub.subscribed
    assert r.publish("news", "x") == 0
    sub.close()


def handlers_and_threads_take_messages():
    got = []
    sub = r.pubsub(ignore_subscribe_messages=True)
    sub.subscribe(**{"orders": lambda message: got.append(message["data"])})
    thread = sub.run_in_thread(sleep_time=0.01, daemon=True)
    while r.publish("orders", "ready?") == 0:
        pass
    for i in range(200):
        assert r.publish("orders", i) == 1
    while not got or got[-1] != b"199":
        assert thread.is_alive()
    thread.stop()
    thread.join()
    assert [m for m in got if m != b"ready?"] == [str(i).encode() for i in range(200)]


def pubsub_tells_who_listens():
    sub, other = r.pubsub(), r.pubsub()
    sub.subscribe("one", "two")
    other.subscribe("one")
    other.psubscribe("t*")
    for _ in range(2):
        sub.get_message(timeout=PATIENCE_S)
        other.get_message(timeout=PATIENCE_S)
    assert sorted(r.pubsub_channels()) == [b"one", b"two"] and r.pubsub_channels("t*") == [b"two"]
    assert r.pubsub_numsub("one", "two", "none") == [(b"one", 2), (b"two", 1), (b"none", 0)]
    assert r.pubsub_numpat() == 1
    sub.close()
    other.close()
    # The server notices that a client is gone when it comes to it.
    while r.pubsub_channels() or r.pubsub_numpat():
        pass


def a_transaction_publishes():
    sub = r.pubsub(ignore_subscribe_messages=True)
    sub.subscribe("queued")
    sub.get_message(timeout=PATIENCE_S)
    assert r.pipeline().set("k", 1).publish("queued", "from within").execute() == [True, 1]
    while (message := sub.get_message(timeout=PATIENCE_S)) is None:
        pass
    assert message["data"] == b"from within"
    sub.close()


def shard_channels_are_apart():
    sub = r.pubsub()
    sub.ssubscribe("shard")
    expect(sub, "ssubscribe", b"shard", 1)
    assert r.publish("shard", "x") == 0 and r.execute_command("SPUBLISH", "shard", "y") == 1
    message = sub.get_message(timeout=PATIENCE_S)
    assert (message["type"], message["data"]) == ("smessage", b"y"), message
    sub.close()


async def asyncio_listens():
    async with redis.asyncio.Redis(port=port, protocol=protocol, decode_responses=True) as client:
        async with client.pubsub() as sub:
            await sub.subscribe("chat")
            await sub.psubscribe("ch*")
            got = []

            async def listen():
                async for message in sub.listen():
                    got.append((message["type"], message["data"]))
                    if message["data"] == "bye" and message["type"] == "pmessage":
                        return

            listener = asyncio.create_task(listen())
            while await client.publish("chat", "hello") < 2:
                pass
            await client.publish("chat", "bye")
            await asyncio.wait_for(listener, PATIENCE_S)
            assert got[:2] == [("subscribe", 1), ("psubscribe", 2)], got
            assert got[-4:] == [("message", "hello"), ("pmessage", "hello"), ("message", "bye"), ("pmessage", "bye")], got


messages_arrive_by_channel_and_pattern()
handlers_and_threads_take_messages()
pubsub_tells_who_listens()
a_transaction_publishes()
shard_channels_are_apart()
asyncio.run(asyncio_listens())
print("ok")
