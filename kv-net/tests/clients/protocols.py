"""Talks to a server in TLV or in frames: protocols.py tlv|strict|frame PORT"""

import socket
import sys

import frame_client
import tlv_client
from tlv_client import DELETE, GET, SET

COUNT = 1000


def expect(actual, expected):
    assert actual == expected, (actual, expected)


def closes(client, call):
    try:
        call()
    except ConnectionError:
        return
    raise AssertionError("the connection is open")


def tlv(port, strict):
    client = tlv_client.Client("127.0.0.1", port, strict)
    none = None if strict else b""
    expect(client.call(GET, b"key"), none)
    expect(client.call(SET, b"key", b"value"), none)
    expect(client.call(SET, b"key", bytes(range(256)) * 1000), b"value")
    expect(client.call(GET, b"key"), bytes(range(256)) * 1000)
    expect(client.call(SET, b"key", b""), bytes(range(256)) * 1000)
    expect(client.call(DELETE, b"key"), b"")
    expect(client.call(DELETE, b"key"), none)
    for number in range(COUNT):
        client.send(SET, b"key", b"%d" % number)
    expect(client.reply(), none)
    expect([client.reply() for _ in range(COUNT - 1)], [b"%d" % n for n in range(COUNT - 1)])
    expect(client.call(DELETE, b"key"), b"%d" % (COUNT - 1))
    client.send(GET, b"key")
    client.send(9)
    expect(client.reply(), none)
    closes(client, client.reply)


def frame(port):
    client = frame_client.Client("127.0.0.1", port)
    expect(client.call(b"SET", b"key", b"\0\xff"), b"OK")
    expect(client.call(b"SET", b"key", b"x", b"NX"), None)
    expect(client.call(b"GET", b"key"), b"\0\xff")
    expect(client.call(b"ZADD", b"z", b"1.5", b"m", b"-inf", b"n"), 2)
    expect(client.call(b"ZSCORE", b"z", b"m"), 1.5)
    pairs = [b"n", float("-inf"), b"m", 1.5]
    expect(client.call(b"ZQUERY", b"z", b"-inf", b"", b"0", b"10"), pairs)
    expect(sorted(client.call(b"KEYS")), [b"key", b"z"])
    for words, code in [((b"NOPE",), 1), ((b"GET", b"z"), 3), ((b"GET",), 4)]:
        expect(client.call(*words).args[0], code)
    for _ in range(COUNT):
        client.send(b"INCR", b"n")
    expect([client.reply() for _ in range(COUNT)], list(range(1, COUNT + 1)))
    expect(client.call(b"DEL", b"key", b"z", b"n"), 3)
    person = socket.create_connection(("127.0.0.1", port))
    person.sendall(b'SET mykey "hello world"\nGET mykey\n')
    expect(person.makefile("rb").readlines(2), [b"OK\n"])
    expect(client.call(b"GET", b"mykey"), b"hello world")


PROTOCOL, PORT = sys.argv[1], int(sys.argv[2])
if PROTOCOL == "frame":
    frame(PORT)
else:
    tlv(PORT, PROTOCOL == "strict")
print("ok")
