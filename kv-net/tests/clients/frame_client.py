"""A client of the frame protocol, written from docs/protocols.md."""

import socket
import struct


Error = type("Error", (Exception,), {})


class Client:
    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port))
        self.stream = self.socket.makefile("rb")

    def send(self, *words):
        parts = [struct.pack("<I", len(word)) + word for word in words]
        payload = struct.pack("<I", len(words)) + b"".join(parts)
        self.socket.sendall(struct.pack("<I", len(payload)) + payload)

    def take(self, form):
        data = self.stream.read(struct.calcsize("<" + form))
        return struct.unpack("<" + form, data)[0]

    def value(self):
        tag = self.take("B")
        if tag == 1:
            return Error(self.take("I"), self.stream.read(self.take("I")).decode())
        if tag == 5:
            return [self.value() for _ in range(self.take("I"))]
        if tag == 2:
            return self.stream.read(self.take("I"))
        return None if tag == 0 else self.take("q" if tag == 3 else "d")

    def reply(self):
        self.take("I")
        return self.value()

    def call(self, *words):
        self.send(*words)
        return self.reply()
