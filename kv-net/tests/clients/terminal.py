"""Uses redis-cli as a person at a terminal does, or a program like it: terminal.py PORT TOPIC [PROGRAM]"""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios

PORT, TOPIC, *PROGRAM = sys.argv[1:]
PROGRAM = PROGRAM or ["redis-cli"]
PATIENCE_S = 20


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
            [*PROGRAM, "-p", PORT, *arguments],
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
        """Waits for all texts, one after the other, and gives all that was seen."""
        seen = 0
        for text in texts:
            while (found := self.seen.find(text.encode(), seen)) < 0:
                more = self.read()
                assert more, f"waited in vain for {text!r}, got {self.seen!r}"
                self.seen += more
            seen = found + len(text)
        return self.seen.decode()

    def read(self):
        ready, _, _ = select.select([self.fd], [], [], PATIENCE_S)
        try:
            return os.read(self.fd, 65536) if ready else b""
        except OSError:
            # The program has ended.
            return b""

    def run(self, command, answer):
        self.type(command + "\r")
        # What is typed before the next prompt is lost.
        self.expect("\n", answer, f"{PORT}> ")


def prompt(*options):
    """The hints and the help must be those that the server gives in COMMAND DOCS."""
    docs = json.loads(reply("--json", "-3", "COMMAND", "DOCS", "get"))
    terminal = Terminal(*options)
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
    return terminal


def leave(terminal):
    terminal.type("quit\r")
    assert terminal.program.wait(PATIENCE_S) == 0


def hints():
    leave(prompt())
    terminal = prompt("-3")
    terminal.run("hset map field value", "(integer) 1")
    terminal.run("hgetall map", '1# "field" => "value"')
    terminal.run("zadd sorted 1.5 member", "(integer) 1")
    terminal.run("zscore sorted member", "(double) 1.5")
    terminal.run("get none", "(nil)")
    leave(terminal)


def transaction():
    for options in ([], ["-3"]):
        terminal = Terminal(*options)
        terminal.expect(f"{PORT}> ")
        terminal.run("del t", "(integer) ")
        terminal.type("multi\r")
        terminal.expect("OK", f"{PORT}(TX)> ")
        terminal.type("incr t\r")
        terminal.expect("QUEUED", f"{PORT}(TX)> ")
        terminal.run("exec", "1) (integer) 1")
        terminal.run("exec", "(error) ERR EXEC without MULTI")
        terminal.type("select 3\r")
        terminal.expect("OK", f"{PORT}[3]> ")
        leave(terminal)


def statistics():
    assert reply("flushall") == "OK\n" and reply("set", "only", "one") == "OK\n"
    terminal = Terminal("--stat", "-i", "0.1")
    terminal.expect("keys", "mem", "clients", "requests", "connections", "\n1 ", "(+", "\n1 ", "(+")
    terminal.program.terminate()


def latency():
    terminal = Terminal("--latency-history", "-i", "0.1")
    terminal.expect("min: ", "max: ", "avg: ", " samples) -- 0.1", "min: ", " samples) -- 0.1")
    terminal.program.terminate()
    terminal = Terminal("--latency")
    terminal.expect("min: ", "max: ", "avg: ", "(10 samples)")
    terminal.program.terminate()
    # Without a terminal it comes to an end by itself.
    least, most, average, samples = reply("--latency", "-i", "0.1").split()
    assert float(least) <= float(average) <= float(most) and int(samples) > 0


def monitor():
    terminal = Terminal("monitor")
    terminal.expect("OK\r\n")
    assert reply("set", "watched", 'a "b"\n') == "OK\n"
    assert reply("-n", "3", "get", "watched") == "\n"
    seen = terminal.expect(" [0 127.0.0.1:", '] "set" "watched" "a \\"b\\"\\n"\r\n', " [3 127.0.0.1:", '] "get" "watched"\r\n')
    assert re.search(r'\n\d{10}\.\d{6} \[0 127\.0\.0\.1:\d+\] "set" ', seen), seen
    terminal.program.terminate()


def pubsub():
    for options in ([], ["-3"]):
        terminal = Terminal(*options, "subscribe", "news", "two")
        terminal.expect('1) "subscribe"', '2) "news"', "3) (integer) 1", '1) "subscribe"', '2) "two"', "3) (integer) 2")
        assert reply("publish", "news", "hello") == "1\n"
        terminal.expect('1) "message"', '2) "news"', '3) "hello"')
        terminal.program.terminate()
        terminal.program.wait()
    terminal = Terminal()
    terminal.expect(f"{PORT}> ")
    terminal.type("psubscribe n*\r")
    terminal.expect('1) "psubscribe"', '2) "n*"', "3) (integer) 1")
    while reply("publish", "news", "hello") != "1\n":
        pass
    terminal.expect('1) "pmessage"', '2) "n*"', '3) "news"', '4) "hello"')
    terminal.program.terminate()


def blocking():
    terminal = Terminal()
    terminal.expect(f"{PORT}> ")
    terminal.run("blpop none 0.01", "(nil)")
    terminal.type("blpop list 0\r")
    while "blocked_clients:1" not in reply("info", "clients"):
        pass
    assert reply("rpush", "list", "pushed") == "1\n"
    terminal.expect('1) "list"', '2) "pushed"', f"{PORT}> ")
    leave(terminal)


def kv_client():
    """What the client of this project does beyond redis-cli."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KV_CLIENT_HISTORY"] = history = folder + "/history"
        terminal = Terminal()
        terminal.expect(f"{PORT}> ")
        terminal.type("getr\t")
        terminal.expect("getrange")
        terminal.type("\x15")
        terminal.type("select 2\r")
        terminal.expect("OK", f"{PORT}[2]> ")
        # A wait can be interrupted, and the database stays.
        terminal.type("subscribe news\r")
        terminal.expect("3) (integer) 1")
        terminal.program.send_signal(signal.SIGINT)
        terminal.expect("no longer waiting", f"{PORT}[2]> ")
        terminal.type("\x03")
        terminal.expect("Ctrl-D", f"{PORT}[2]> ")
        # A connection that the server has closed is replaced.
        assert reply("client", "kill", "type", "normal") == "1\n"
        terminal.type("set kept yes\r")
        terminal.expect("OK", f"{PORT}[2]> ")
        assert reply("-n", "2", "get", "kept") == "yes\n"
        # What was pasted is obeyed line by line.
        terminal.type("\x1b[200~set pasted 1\nincr pasted\x1b[201~\r")
        terminal.expect("OK", "(integer) 2", f"{PORT}[2]> ")
        terminal.type('get "kept\r')
        terminal.expect("unbalanced quotes", f"{PORT}[2]> ")
        terminal.type("auth secret\r")
        terminal.expect("(error) ERR AUTH", f"{PORT}[2]> ")
        leave(terminal)
        with open(history) as lines:
            seen = lines.read()
        assert "set kept yes" in seen and "secret" not in seen, seen
        terminal = Terminal()
        terminal.expect(f"{PORT}> ")
        terminal.type("\x1b[A\x1b[A")
        terminal.expect('get "kept')
        terminal.type("\x15")
        leave(terminal)


{
    "hints": hints,
    "transaction": transaction,
    "statistics": statistics,
    "latency": latency,
    "monitor": monitor,
    "pubsub": pubsub,
    "blocking": blocking,
    "kv_client": kv_client,
}[TOPIC]()
print("ok")
