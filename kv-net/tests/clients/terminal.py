"""Uses redis-cli as a person at a terminal does: terminal.py PORT

The hints and the help must be those that the server gives in COMMAND DOCS.
"""

import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import sys
import termios

PORT = sys.argv[1]
PATIENCE_S = 60


def reply(*command):
    cli = ["redis-cli", "-p", PORT, *command]
    return subprocess.run(cli, capture_output=True, text=True, check=True).stdout


class Terminal:
    def __init__(self, *arguments):
        self.seen = b""
        self.fd, theirs = pty.openpty()
        # Without a width redis-cli would ask the terminal where its cursor is.
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        environment = dict(os.environ, TERM="xterm", HOME="/nonexistent")
        self.program = subprocess.Popen(
            ["redis-cli", "-p", PORT, *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)

    def type(self, text):
        self.seen = b""
        os.write(self.fd, text.encode())

    def expect(self, *texts):
        """Waits for all texts, one after the other."""
        seen = 0
        for text in texts:
            while (found := self.seen.find(text.encode(), seen)) < 0:
                ready, _, _ = select.select([self.fd], [], [], PATIENCE_S)
                assert ready, f"waited in vain for {text!r}, got {self.seen!r}"
                self.seen += os.read(self.fd, 65536)
            seen = found + len(text)

    def run(self, command, answer):
        self.type(command + "\r")
        # What is typed before the next prompt is lost.
        self.expect("\n", answer, f"{PORT}> ")


docs = json.loads(reply("--json", "-3", "COMMAND", "DOCS", "get"))

terminal = Terminal()
terminal.expect(f"{PORT}> ")
terminal.run("set greeting hello", "OK")
terminal.run("get greeting", '"hello"')
terminal.run("help get", docs["get"]["summary"])
terminal.type("GETRANGE ")
terminal.expect("key start end")
terminal.type("\x15")
terminal.run("nosuch", "(error) ERR unknown command 'nosuch'")
terminal.run("hello 3", '"proto" => (integer) 3')
terminal.run("command count", "(integer) ")
terminal.type("quit\r")
assert terminal.program.wait(PATIENCE_S) == 0

statistics = Terminal("--stat", "-i", "0.1")
statistics.expect("keys", "mem", "clients", "requests", "connections", "\n1 ", "(+", "\n1 ", "(+")
statistics.program.terminate()
print("ok")
