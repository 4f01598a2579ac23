#!/usr/bin/env python3
"""attack_otlp.py PORT PID SECONDS: attacks a receiver of OTLP in every way at once, and sends honest requests
meanwhile, each over a connection of its own and over one that stays. Prints: honest requests sent, answered 200,
the p99 of their times in ms, and by how many MiB the receiver grew at most."""
import gzip
import json
import os
import socket
import sys
import threading
import time
import zlib

PORT, PID, SECONDS = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
HEAD = "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/%s\r\n%sContent-Length: %d\r\n\r\n"
end = 0.0


def dial():
    s = socket.create_connection(("127.0.0.1", PORT), timeout=30)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def rss():
    with open(f"/proc/{PID}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS")) / 1024


def request(body, kind="json", more=""):
    return (HEAD % (kind, more, len(body))).encode() + body


def answer(s):
    got = b""
    while b"\r\n\r\n" not in got:
        part = s.recv(65536)
        if not part:
            return 0
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += s.recv(65536)
    return int(head.split()[1])


def bomb():
    """1 GiB of zeros in 1 MB, and one that lies about how long it is."""
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(z.compress(bytes(1 << 20)) for _ in range(1024)) + z.flush()
    return [packed, packed[:-4] + bytes(4)]


def deep_proto():
    """20,000 messages in one another."""
    inner = b""
    for i in range(20000):
        n, size = len(inner), b""
        while n > 127:
            size += bytes([n & 127 | 128])
            n >>= 7
        inner = (b"\x2a" if i % 2 else b"\x0a") + size + bytes([n]) + inner
    return inner


def attacks():
    for packed in bomb():
        yield request(packed, "json", "Content-Encoding: gzip\r\n")
    yield request(b"[" * 200000)
    yield request(b'{"resourceSpans":' + b"[" * 200000)
    yield request(deep_proto(), "x-protobuf")
    yield request(os.urandom(300000), "x-protobuf")
    yield os.urandom(5000)
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)
    yield b"GET / HTTP/1.1\r\nX: " + b"a" * (1 << 20)
    yield request(gzip.compress(os.urandom(100000))[:-9], "json", "Content-Encoding: gzip\r\n")


def attack(bytes_, times):
    while time.monotonic() < end:
        try:
            s = dial()
            s.sendall(bytes_)
            s.settimeout(2)
            s.recv(4096)
            s.close()
        except OSError:
            pass
        time.sleep(times)


def half_open():
    """200 of them; what is closed is opened again. Some hold 10 MB of a body, some go on a byte at a time."""
    open_ = [None] * 200
    large = (HEAD % ("json", "", 20000000)).encode() + b" " * 10000000
    while time.monotonic() < end:
        for i in range(200):
            try:
                if open_[i] is None:
                    open_[i] = dial()
                    open_[i].sendall(large if i % 50 == 0 else (b"", b"POST /v1/traces HT", large[:200], b"\x00")[i % 4])
                elif i % 4 == 2:
                    open_[i].sendall(b" ")
            except OSError:
                open_[i] = None
        time.sleep(0.2)


times, sent, good = [], 0, 0
lock = threading.Lock()


def span(i):
    now = time.time_ns()
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": "%032x" % (i + 1), "spanId": "%016x" % (i + 1), "name": "honest",
        "startTimeUnixNano": str(now - 1000), "endTimeUnixNano": str(now)}]}]}]}).encode()


def honest(first, stays):
    global sent, good
    s = dial() if stays else None
    i = first
    while time.monotonic() < end:
        began = time.monotonic()
        if not stays:
            s = dial()
        s.sendall(request(span(i)))
        status = answer(s)
        if not stays:
            s.close()
        with lock:
            times.append(time.monotonic() - began)
            sent += 1
            good += status == 200
        i += 1
        time.sleep(0.01)


all_attacks = list(attacks())
before, grown = rss(), 0
end = time.monotonic() + SECONDS
threads = [threading.Thread(target=attack, args=(a, 0.05)) for a in all_attacks]
threads += [threading.Thread(target=half_open)]
threads += [threading.Thread(target=honest, args=(k * 10**9, k % 2 == 0)) for k in range(4)]
for t in threads:
    t.start()
while time.monotonic() < end:
    grown = max(grown, rss() - before)
    time.sleep(0.1)
for t in threads:
    t.join()
times.sort()
print(sent, good, "%.1f" % (times[int(len(times) * 0.99)] * 1000), "%.1f" % grown)
