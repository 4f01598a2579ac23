"""What slowdive watches: peers on loopback that come and go, and count what they sent.

Each is a thread: `up` seconds there, `down` seconds gone, both by chance from a seed of its own. `calm` makes
each stay and fall silent, so that what was sent can be compared with what arrived."""
import http.client
import http.server
import json
import math
import os
import random
import shutil
import socket
import subprocess
import threading
import time

ROUTES = ("/products/{}", "/orders/{}", "/cart", "/search", "/", "/users/{}/reviews")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Day:
    """Requests a second over the day that the run is: each of its 24 hours has a busy and a quiet half, one in six
    is slow, one in eight has errors."""

    def __init__(self, rate, seconds):
        self.rate, self.seconds, self.begun = rate, seconds, time.monotonic()

    def hour(self):
        return (time.monotonic() - self.begun) / self.seconds * 24

    def now(self):
        return self.rate * (1 + 0.8 * math.sin(2 * math.pi * self.hour()))

    def slow(self):
        return int(self.hour()) % 6 == 5

    def failing(self):
        return int(self.hour()) % 8 == 6


class Peer(threading.Thread):
    UP, DOWN = (20, 50), (3, 15)

    def __init__(self, seed, day):
        super().__init__(daemon=True)
        self.random, self.day = random.Random(seed), day
        self.calm, self.over = threading.Event(), threading.Event()
        self.sent, self.times, self.trouble = 0, 0, ""

    def run(self):
        """Once there, it stays until `churn` is allowed by start(); then by turns."""
        try:
            while not self.over.is_set() and not self.calm.is_set():
                self.work(self.random.uniform(*self.UP))
                if self.over.is_set() or self.calm.is_set():
                    break
                self.times += 1
                self.go()
                self.over.wait(self.random.uniform(*self.DOWN))
                self.come()
            self.hush()
        except Exception as e:  # told at the end: a peer that fails must not look like one that is quiet
            self.trouble = f"{type(self).__name__}: {e!r}"

    def work(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.over.is_set() and not self.calm.is_set():
            self.tick()
            self.over.wait(0.2)

    def come(self):
        pass

    def hush(self):
        """When it falls silent: what was not there before is put away."""

    def tick(self):
        pass

    def go(self):
        pass

    def stop(self):
        """At the end of all, after the thread has ended."""


class Log(Peer):
    """An access log, rotated as logrotate does: renamed, written on for a moment, made anew. Every line counts."""

    UP, DOWN = (15, 40), (0.1, 1.5)

    def __init__(self, seed, day, path):
        super().__init__(seed, day)
        self.path, self.owed = path, 0.0
        self.file = open(path, "a")

    def line(self):
        r = self.random
        path = r.choice(ROUTES).format(r.randrange(100000))
        took = r.lognormvariate(-3, 0.8) * (8 if self.day.slow() else 1)
        status = 503 if self.day.failing() and r.random() < 0.1 else 200
        stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
        return f'203.0.113.{r.randrange(256)} - - [{stamp}] "GET {path} HTTP/1.1" {status} 512 "-" "soak" rt={took:.3f}\n'

    def tick(self):
        self.owed += self.day.now() * 0.2
        n = int(self.owed)
        self.owed -= n
        self.file.write("".join(self.line() for _ in range(n)))
        self.file.flush()
        self.sent += n

    def go(self):
        os.replace(self.path, self.path + ".1")
        self.tick()  # who writes has the old one open still

    def come(self):
        self.file.close()
        self.file = open(self.path, "a")


class Rough(Log):
    """The same log mistreated: cut to nothing, removed, a folder in its place, garbage, lines without an end."""

    def tick(self):
        super().tick()
        self.file.write(self.random.choice(["", "", "garbage\n", "\x00\xff\x1b[2J\n", "x" * 200000, '"GET']))

    def go(self):
        kind = self.random.randrange(4)
        if kind == 0:
            os.truncate(self.path, 0)
        elif kind == 1:
            os.unlink(self.path)
        elif kind == 2:
            os.unlink(self.path)
            os.mkdir(self.path)
        else:
            shutil.copy(self.path, self.path + ".1")
            os.truncate(self.path, 0)

    def come(self):
        self.file.close()
        if os.path.isdir(self.path):
            os.rmdir(self.path)
        self.file = open(self.path, "a")
        if self.file.tell() > 20 << 20:
            self.file.truncate(0)


class Redis(Peer):
    def __init__(self, seed, day, folder):
        super().__init__(seed, day)
        self.folder, self.port, self.process, self.socket = folder, free_port(), None, None
        os.makedirs(folder)
        self.come()

    def come(self):
        self.process = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no",
             "--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru", "--dir", self.folder],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)

    def tick(self):
        try:
            if not self.socket:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=2)
            for _ in range(int(self.day.now() * 0.2)):
                key = f"product:{int(self.random.paretovariate(0.6)) % 50000}"
                self.socket.sendall(f"GET {key}\r\nSET {key} {'x' * 200} EX 60\r\n".encode())
                self.sent += 2
            self.socket.setblocking(False)
            while self.socket.recv(65536):
                pass
        except BlockingIOError:
            self.socket.settimeout(2)
        except OSError:
            self.socket = None

    def go(self):
        self.stop()

    def stop(self):
        if self.random.random() < 0.5:
            self.process.terminate()
        else:
            self.process.kill()
        self.process.wait()
        self.socket = None


class Postgres(Peer):
    """private-postgres, and pgbench on it where that is installed."""

    UP, DOWN = (30, 60), (2, 10)

    def __init__(self, seed, day, script, folder):
        super().__init__(seed, day)
        self.script, self.folder, self.bench = script, folder, None
        self.set = {}
        self.come()
        tools = {"PATH": os.environ["PATH"] + ":/usr/lib/postgresql/15/bin", "HOME": os.path.dirname(folder), **self.set}
        self.tools = tools if shutil.which("pgbench", path=tools["PATH"]) else None
        if self.tools:
            subprocess.run(["pgbench", "-i", "-q", "postgres"], env=tools, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            subprocess.run(["psql", "-qc", "create extension pg_stat_statements", "postgres"], env=tools, check=True)

    def come(self):
        out = subprocess.run([self.script, "start", self.folder, "--with", str(os.getpid())], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        self.set = dict(line.split("=", 1) for line in out.splitlines())
        self.url = self.set["PGURL"]

    def tick(self):
        if self.tools and (not self.bench or self.bench.poll() is not None):
            self.bench = subprocess.Popen(["pgbench", "-n", "-c2", "-R30", "-T15", "postgres"], env=self.tools,
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def go(self):
        subprocess.run([self.script, "halt", self.folder], check=True)
        self.end_bench()

    def end_bench(self):
        if self.bench:
            self.bench.terminate()
            self.bench.wait()
            self.bench = None

    def stop(self):
        self.end_bench()
        subprocess.run([self.script, "stop", self.folder], check=False)


class Metrics(Peer):
    """/metrics for Prometheus. Between its times it is not there, or answers with errors, garbage, or not at all."""

    def __init__(self, seed, day):
        super().__init__(seed, day)
        self.port, self.how, self.served, self.lock = free_port(), "good", {}, threading.Lock()
        self.come()

    def text(self, who):
        lines = ["# TYPE soak_scrapes gauge", f"soak_scrapes {self.served[who]}",
                 "# TYPE http_request_duration_seconds histogram"]
        total = 0
        for le in (0.01, 0.1, 1, "+Inf"):
            total += self.served[who] * 3
            lines.append(f'http_request_duration_seconds_bucket{{route="/pay",le="{le}"}} {total}')
        lines += [f'http_request_duration_seconds_count{{route="/pay"}} {total}',
                  f'http_request_duration_seconds_sum{{route="/pay"}} {total * 0.05}']
        # Series come and go, too.
        lines += [f'pod_restarts_total{{pod="p{self.random.randrange(200)}"}} 1' for _ in range(20)]
        return "\n".join(lines) + "\n"

    def come(self):
        peer, self.how = self, "good"
        if getattr(self, "server", None):
            return

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version, timeout = "HTTP/1.1", 5

            def do_GET(self):
                how, who = peer.how, self.path.split("/")[1]
                if how == "silent":
                    peer.over.wait(3)
                    self.close_connection = True
                    return
                with peer.lock:
                    peer.served[who] = peer.served.get(who, 0) + (how == "good")
                    body = b"\x00{not metrics\n" * 50 if how == "garbage" else peer.text(who).encode() if who in peer.served else b""
                self.send_response(500 if how == "error" else 200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            allow_reuse_address, daemon_threads = True, False

        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.1,), daemon=True).start()

    def go(self):
        self.how = self.random.choice(["gone", "gone", "error", "garbage", "silent"])
        if self.how == "gone":
            self.stop()

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


class Spans(Peer):
    """A program that sends spans by OTLP to each receiver, over a connection that it keeps, and at times breaks off in
    the middle of a request. A request counts when it is answered with 200."""

    def __init__(self, seed, day, ports):
        super().__init__(seed, day)
        self.ports, self.connections = ports, {}
        self.accepted = {port: 0 for port in ports}
        self.refused = {port: 0 for port in ports}

    def body(self):
        r, now = self.random, time.time_ns()
        trace, spans, parent = f"{r.getrandbits(128):032x}", [], ""
        for i in range(r.randrange(2, 8)):
            one = f"{r.getrandbits(64):016x}"
            took = int(r.lognormvariate(16, 0.7))
            spans.append({"traceId": trace, "spanId": one, "parentSpanId": parent, "kind": 2 if not i else 3,
                          "name": "GET /pay" if not i else "SELECT", "startTimeUnixNano": str(now - took),
                          "endTimeUnixNano": str(now), "attributes": [
                              {"key": "http.route", "value": {"stringValue": "/pay"}},
                              {"key": "http.request.method", "value": {"stringValue": "GET"}}] if not i else [
                              {"key": "db.query.text", "value": {"stringValue": f"SELECT {r.randrange(99)} FROM t"}},
                              {"key": "db.system", "value": {"stringValue": "postgresql"}}]})
            parent = one
        return spans

    def tick(self):
        spans = [s for _ in range(max(1, int(self.day.now() * 0.02))) for s in self.body()]
        body = json.dumps({"resourceSpans": [{"resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "pay"}}]}, "scopeSpans": [{"spans": spans}]}]})
        for port in self.ports:
            self.send(port, body, len(spans))

    def send(self, port, body, n):
        try:
            if port not in self.connections:
                self.connections[port] = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            c = self.connections[port]
            if self.random.random() < 0.02:  # breaks off: half of a body is no request
                c.putrequest("POST", "/v1/traces")
                c.putheader("Content-Type", "application/json")
                c.putheader("Content-Length", str(len(body)))
                c.endheaders(body[:len(body) // 2].encode())
                c.close()
                return
            c.request("POST", "/v1/traces", body, {"Content-Type": "application/json"})
            answer = c.getresponse()
            answer.read()
            if answer.status == 200:
                self.accepted[port] += n
            else:
                self.refused[port] += n
        except (OSError, http.client.HTTPException) as e:
            self.connections.pop(port).close()
            if isinstance(e, TimeoutError):
                self.trouble = "OTLP: no answer within 20 s"

    def go(self):
        for c in self.connections.values():
            c.close()
        self.connections = {}

    hush = stop = go


# A program for exec: that prints requests as records and fails after some seconds. FILE counts what it
# printed, a line a run.
PROGRAM = r"""
import json, os, random, sys, time
r = random.Random()
end, n = time.time() + r.uniform(5, 30), 0
while time.time() < end and not os.path.exists(sys.argv[2]):
    k = r.randrange(1, 20)
    print(json.dumps({"kind": "http", "method": "GET", "route": "/exec", "interval_ns": 1000000000, "count": k}), flush=True)
    n += k
    time.sleep(0.5)
with open(sys.argv[1], "a") as f:
    f.write(f"{n}\n")
while os.path.exists(sys.argv[2]):
    time.sleep(0.5)
sys.exit(1)  # it is started again
"""
