"""A PostgreSQL server by a script: it says what it is told to, true or not.

The name of the database is the script, STAGE-KIND:
  STAGE  greet (instead of a greeting), auth (once somebody is let in), first (in answer to the first
         statement), late (to the fifth)
  KIND   a type of message and how much of it, as listed in kinds()
  honest answers to the end what is asked, with rows of nothing in particular
  KEEP   a server that says which process serves: keeps what is prepared, or does not as in REFUSALS

As a module it is the server's address and the list of scripts; as a program it serves until its standard
input ends, and prints its port. With a folder it listens on a Unix socket there as well, with a file
that holds a key and a certificate it speaks TLS when asked to."""
import itertools
import os
import re
import socket
import ssl
import struct
import sys
import threading


def message(kind, body=b"", length=None):
    return kind + struct.pack("!i", len(body) + 4 if length is None else length) + body


def text(s):
    return s.encode() + b"\0"


def parameter(name, value):
    return message(b"S", text(name) + text(value))


def fields(severity, code, words):
    return b"S" + text(severity) + b"V" + text(severity) + b"C" + text(code) + b"M" + text(words) + b"\0"


def description(n, name="c"):
    return message(b"T", struct.pack("!H", n) + b"".join(
        text(name) + struct.pack("!IhIhih", 0, 0, 25, -1, -1, 1) for _ in range(n)))


def row(values):
    return message(b"D", struct.pack("!H", len(values)) + b"".join(
        struct.pack("!i", -1) if v is None else struct.pack("!I", len(v)) + v for v in values))


READY = message(b"Z", b"I")
DONE = message(b"C", text("SELECT 1"))
EVIL = "\x1b]52;c;QUFB\x07\x1b[2J\u202e\x9b31m"
GREETING = b"".join([message(b"R", struct.pack("!I", 0)), parameter("server_version", "15.20"),
                     parameter("server_encoding", "UTF8"), parameter("client_encoding", "UTF8"),
                     parameter("standard_conforming_strings", "on"),
                     message(b"K", struct.pack("!II", 1234, 5678))])

# Every message of a server, well formed.
MESSAGES = {
    "auth-ok": message(b"R", struct.pack("!I", 0)),
    "auth-md5": message(b"R", struct.pack("!I4s", 5, b"salt")),
    "auth-gss": message(b"R", struct.pack("!I", 7)),
    "auth-gss-more": message(b"R", struct.pack("!I", 8) + b"x" * 100),
    "auth-sasl": message(b"R", struct.pack("!I", 10) + text("SCRAM-SHA-256") + b"\0"),
    "auth-sasl-more": message(b"R", struct.pack("!I", 11) + b"r=x,s=eA==,i=1"),
    "auth-unknown": message(b"R", struct.pack("!I", 99)),
    "key": message(b"K", struct.pack("!II", 1, 2)),
    "negotiate": message(b"v", struct.pack("!II", 0, 0)),
    "parameter": parameter("application_name", EVIL),
    "notice": message(b"N", fields("NOTICE", "00000", EVIL)),
    "fatal-notice": message(b"N", fields("FATAL", "57P01", EVIL)),
    "notification": message(b"A", struct.pack("!I", 1) + text("channel") + text(EVIL)),
    "error": message(b"E", fields("ERROR", "XX000", EVIL)),
    "fatal": message(b"E", fields("FATAL", "57P01", EVIL)),
    "bare-error": message(b"E", b"\0"),
    "parse-done": message(b"1"),
    "bind-done": message(b"2"),
    "close-done": message(b"3"),
    "no-data": message(b"n"),
    "empty-query": message(b"I"),
    "suspended": message(b"s"),
    "parameters": message(b"t", struct.pack("!HI", 1, 25)),
    "description": description(2),
    "description-65535": description(65535),
    "row": row([b"1", None]),
    "rows": description(2) + row([b"1" * 1000, None]) * 100,
    "nulls": description(100) + row([None] * 100) * 100,
    "done": DONE,
    "answer": description(1) + row([b"1"]) + DONE,
    "ready": READY,
    "copy-in": message(b"G", b"\0\0\0"),
    "copy-out": message(b"H", b"\0\0\0"),
    "copy-both": message(b"W", b"\0\0\0"),
    "copy-data": message(b"H", b"\0\0\0") + message(b"d", b"x" * 1000) * 10,
    "copy-done": message(b"c"),
    "function": message(b"V", struct.pack("!i", -1)),
    "unknown": message(b"?", b"???"),
}


def parameters():
    return (parameter("p%d" % i, "") for i in itertools.count())


# What no well-formed message is: pieces, the last one repeated for ever.
LIES = {
    "huge-row": [description(1), b"D" + struct.pack("!IHI", 0x7ffffff0, 1, 0x7fffffe0), b"x" * 65536],
    "long-row": [description(1), b"D" + struct.pack("!IHI", 0x30000000, 1, 0x2ffffff0), b"x" * 65536],
    "huge-error": [b"E" + struct.pack("!I", 0x7ffffff0), b"x" * 65536],
    "long-error": [b"E" + struct.pack("!I", 0x10000000), b"x" * 65536],
    "huge-notice": [b"N" + struct.pack("!I", 0x20000000), b"Mx" * 32768],
    "huge-description": [b"T" + struct.pack("!IH", 0x7ffffff0, 65535), b"x" * 65536],
    "huge-auth": [b"R" + struct.pack("!I", 0x7fffffff), b"x" * 65536],
    "negative-row": [description(1), message(b"D", b"xxxx", -5)],
    "short-row": [description(3), message(b"D", struct.pack("!H", 50), 6)],
    "negative-field": [description(1), message(b"D", struct.pack("!Hi", 1, -7)) + DONE + READY],
    "wrong-count": [description(3), row([b"x"] * 50) + DONE + READY],
    "zero-length": [message(b"D", b"", 0)],
    "bytes": [bytes(range(256)) * 16],
}

# Why a statement cannot be run that was prepared: there is none of its name, there is one already, and its
# columns are others now. Each at the message that such a server refuses.
REFUSALS = {"keeps": None, "forgets": (b"B", "26000"), "clashes": (b"P", "42P05"), "changes": (b"B", "0A000")}
# By script: messages that name a prepared statement, and statements answered.
counted = {}


def kinds():
    for name in MESSAGES:
        yield "one-" + name
        yield "flood-" + name
    yield "flood-parameters"
    for name in LIES:
        yield name
    yield from ("silent", "drip", "close")


class Peer:
    def __init__(self, sock, pem):
        self.sock, self.pem, self.statements = sock, pem, 0
        self.stage, self.kind = "", ""

    def flood(self, piece):
        piece *= max(1, 60000 // len(piece))
        while True:
            self.sock.sendall(piece)

    def silence(self):
        while self.sock.recv(65536):
            pass

    def play(self, before=b""):
        kind = self.kind
        if kind == "close":
            return
        if kind == "drip":
            for byte in itertools.chain(before, itertools.cycle(MESSAGES["notice"])):
                self.sock.sendall(bytes([byte]))
                threading.Event().wait(0.02)
        if kind not in ("silent",):
            self.sock.sendall(before)
        if kind == "flood-parameters":
            every = parameters()
            while True:
                self.sock.sendall(b"".join(itertools.islice(every, 5000)))
        if kind.startswith("flood-"):
            self.flood(MESSAGES[kind[6:]])
        if kind.startswith("one-"):
            self.sock.sendall(MESSAGES[kind[4:]])
        if kind in LIES:
            for piece in LIES[kind]:
                self.sock.sendall(piece)
            self.flood(LIES[kind][-1])
        self.silence()

    def startup(self):
        while True:
            length, code = struct.unpack("!II", self.read(8))
            rest = self.read(length - 8)
            if code == 80877103 and self.pem:
                self.sock.sendall(b"S")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.pem)
                self.sock = context.wrap_socket(self.sock, server_side=True)
            elif code in (80877103, 80877104):
                self.sock.sendall(b"N")
            else:
                names = rest.split(b"\0")
                script = dict(zip(names[::2], names[1::2])).get(b"database", b"honest").decode()
                self.stage, _, self.kind = script.partition("-")
                return

    def read(self, n):
        data = b""
        while len(data) < n:
            more = self.sock.recv(n - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def serve(self):
        self.startup()
        if self.stage == "greet":
            return self.play()
        if self.stage == "auth":
            return self.play(GREETING)
        self.sock.sendall(GREETING + READY)
        # Statements may come several to a Sync: each Execute is answered in its turn.
        prepared, sql, before, skipping = {}, "", b"", False
        refused, code = REFUSALS.get(self.stage) or (None, "")
        while True:
            kind, length = struct.unpack("!cI", self.read(5))
            body = self.read(length - 4)
            if kind == b"X":
                return
            name = body.split(b"\0")[kind == b"B"] if kind in (b"P", b"B") else b""
            if name:
                counts = counted.setdefault(self.stage, {})
                counts[kind] = counts.get(kind, 0) + 1
            if skipping and kind != b"S":
                continue
            # Of the settings, which are like any other, columns do not change.
            if name and kind == refused and not (self.stage == "changes" and "set_config" in prepared[name]):
                self.sock.sendall(before + message(b"E", fields("ERROR", code, "not prepared")))
                before, skipping = b"", True
            elif kind == b"P":
                sql = prepared[name] = body.split(b"\0")[1].decode("utf-8", "replace")
                before += message(b"1")
            elif kind == b"B":
                sql = prepared.get(name, sql)
                before += message(b"2")
            elif kind == b"E":
                self.answer(sql, before)
                before = b""
            elif kind == b"Q":
                self.answer(body[:-1].decode("utf-8", "replace"), b"", READY)
            elif kind == b"S":
                self.sock.sendall(before + READY)
                before, skipping = b"", False

    def answer(self, sql, before, after=b""):
        self.statements += 1
        # The first two are the settings of a transaction and what it is for.
        if (self.stage, self.statements) in (("first", 1), ("late", 6)):
            return self.play(before)
        if sql.startswith("EXPLAIN"):
            plan = b'[{"Plan": {"Node Type": "Result", "Startup Cost": 0, "Total Cost": 1, "Plan Rows": 1}}]'
            return self.sock.sendall(before + description(1) + row([plan]) + DONE + after)
        columns, source = columns_of(sql)
        if not columns:
            return self.sock.sendall(before + message(b"n") + message(b"C", text("SET")) + after)
        value = None if self.stage == "nulls" else b"1"
        if self.stage in REFUSALS:
            counts = counted.setdefault(self.stage, {})
            counts[b"E"] = counts.get(b"E", 0) + 1
            value = struct.pack("!I", 1234)  # the process of the greeting, and as good as any other
        rows = 1 if not source or self.stage in ("nulls", "values") else 0
        return self.sock.sendall(before + description(columns) + row([value] * columns) * rows + DONE + after)


def columns_of(sql):
    """The number of columns of a SELECT, 0 for all else; does it read from anything?"""
    sql = re.sub(r"/\*.*?\*/|'(?:[^']|'')*'", "x", sql)
    count = 1
    while count:
        sql, count = re.subn(r"[(\[][^()\[\]]*[)\]]", "", sql)
    found = re.search(r"(?is)^[x\s]*(?:with\b.*?)?\bselect\b(.*?)(?:(?<!distinct)\s(from)\b.*)?$", sql)
    if not found:
        return 0, False
    if re.match(r"\s*\*", found.group(1)):
        return 7, True
    return found.group(1).count(",") + 1, bool(found.group(2))


def serve(sock, pem):
    try:
        Peer(sock, pem).serve()
    except (OSError, ValueError, IndexError, struct.error):
        pass
    finally:
        sock.close()


def listen(family, address, pem):
    sock = socket.socket(family)
    sock.bind(address)
    sock.listen(50)

    def accept():
        while True:
            threading.Thread(target=serve, args=(sock.accept()[0], pem), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    return sock


def start(folder=None, pem=None):
    """Returns the port."""
    port = listen(socket.AF_INET, ("127.0.0.1", 0), pem).getsockname()[1]
    if folder:
        listen(socket.AF_UNIX, "%s/.s.PGSQL.%d" % (folder, port), None)
    return port


if __name__ == "__main__":
    print(start(*sys.argv[1:]), flush=True)
    sys.stdin.read()
    os._exit(0)
