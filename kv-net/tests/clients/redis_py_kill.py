"""Clients that are closed by others, through redis-py: redis_py_kill.py PORT PROTOCOL"""

import sys

import redis

port, protocol = int(sys.argv[1]), int(sys.argv[2])
r = redis.Redis(port=port, protocol=protocol)


def names():
    return [client["name"] for client in r.client_list()]


def a_client_that_was_killed_connects_again():
    client = redis.Redis(port=port, protocol=protocol, client_name="victim", retry_on_error=[redis.ConnectionError])
    number = client.client_id()
    assert r.client_kill_filter(_id=number) == 1
    while "victim" in names():
        pass
    assert client.ping() and client.client_id() > number and client.client_getname() in ("victim", b"victim")
    assert r.client_kill_filter(_id=number) == 0


a_client_that_was_killed_connects_again()
print("ok")
