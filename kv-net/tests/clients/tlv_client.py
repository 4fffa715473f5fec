"""A client of the TLV protocol, written from docs/protocols.md."""

import socket
import struct

GET, DELETE, SET = 1, 2, 3


class Client:
    def __init__(self, host, port, strict=False):
        self.socket = socket.create_connection((host, port))
        self.stream = self.socket.makefile("rb")
        self.strict = strict

    def send(self, operation, *fields):
        parts = [struct.pack("<I", len(field)) + field for field in fields]
        self.socket.sendall(struct.pack("<H", operation) + b"".join(parts))

    def read(self, count):
        data = self.stream.read(count)
        if len(data) < count:
            raise ConnectionError("the server has closed the connection")
        return data

    def reply(self):
        status = self.read(1)[0] if self.strict else 0
        data = self.read(struct.unpack("<I", self.read(4))[0])
        if status == 2:
            raise ValueError(data.decode())
        return None if status == 1 else data

    def call(self, operation, *fields):
        self.send(operation, *fields)
        return self.reply()
