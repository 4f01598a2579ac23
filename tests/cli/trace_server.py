#!/usr/bin/env python3
"""The HTTP APIs of Jaeger's query service and of Tempo as their documentation has them, for tests/cli/trace_api.sh.

usage: trace_server.py FOLDER [CERTIFICATE KEY]

Writes its port to FOLDER/port, that of TLS to FOLDER/tls_port, and each request as a line to FOLDER/asked: path with query,
authorization, tenant. Below /jaeger and /tempo they are as they should be; other prefixes say what is wrong.
"""
import http.server
import json
import os
import ssl
import struct
import sys
import threading
import time
import urllib.parse

folder = sys.argv[1]
lock = threading.Lock()
began = []
now = time.time()


def tags(**pairs):
    return [{"key": k.replace("__", "."), "type": "string", "value": v} for k, v in pairs.items()]


def jaeger_trace(number, at=now - 60, service="shop", operation="GET /orders/{id}", took_us=5000):
    """A request with a call of a database."""
    trace = "%032x" % number
    start = int(at * 1e6) + number
    spans = [{"traceID": trace, "spanID": "%016x" % (number * 10), "operationName": operation, "references": [],
              "startTime": start, "duration": took_us, "processID": "p1", "logs": [],
              "tags": tags(span__kind="server", http__request__method="GET", http__route="/orders/{id}",
                           http__response__status_code="200")},
             {"traceID": trace, "spanID": "%016x" % (number * 10 + 1), "operationName": "select", "startTime": start + 100,
              "duration": took_us // 2, "processID": "p2", "logs": [],
              "references": [{"refType": "CHILD_OF", "traceID": trace, "spanID": "%016x" % (number * 10)}],
              "tags": tags(span__kind="client", db__system="postgresql", db__name="shop|public",
                           db__statement="select * from orders where id = %d and password = 'geheim'" % number)}]
    return {"traceID": trace, "spans": spans, "warnings": None,
            "processes": {"p1": {"serviceName": service, "tags": []}, "p2": {"serviceName": service, "tags": []}}}


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def attribute(key, value):
    return field(1, key.encode()) + field(2, field(1, value.encode()))


def tempo_trace(number):
    """The same in protobuf: a Trace of Tempo has the fields of TracesData."""
    start = int((now - 60) * 1e9)
    span = field(1, number.to_bytes(16, "big")) + field(2, (number * 10).to_bytes(8, "big")) + field(5, b"GET /orders/{id}")
    span += b"\x30\x02\x39" + struct.pack("<Q", start) + b"\x41" + struct.pack("<Q", start + 5_000_000)
    span += field(9, attribute("http.request.method", "GET")) + field(9, attribute("http.route", "/orders/{id}"))
    return field(1, field(1, field(1, attribute("service.name", "shop"))) + field(2, field(2, span)))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, kind="application/json", status=200):
        if not isinstance(body, bytes):
            body = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with lock, open(os.path.join(folder, "asked"), "a", encoding="utf-8") as out:
            out.write("%s %s %s\n" % (self.path, self.headers.get("Authorization", "-"), self.headers.get("X-Scope-OrgID", "-")))
        parts = urllib.parse.urlsplit(self.path)
        query = {k: v[0] for k, v in urllib.parse.parse_qs(parts.query).items()}
        _, prefix, path = parts.path.split("/", 2)
        getattr(self, prefix, self.nobody)("/" + path, query)

    def nobody(self, *_):
        self.answer("404 page not found\n", "text/plain", 404)

    def jaeger(self, path, query):
        if path == "/api/services":
            return self.answer({"data": ["shop", "mail", "idle"], "total": 3, "errors": None})
        if path.startswith("/api/services/") and path.endswith("/operations"):
            return self.answer({"data": ["GET /orders/{id}", "GET /health"] if "/shop/" in path else [], "errors": None})
        if path.startswith("/api/traces/"):
            number = int(path.rsplit("/", 1)[1], 16)
            if number > 9:
                return self.answer({"data": None, "errors": [{"code": 404, "msg": "trace not found"}]}, status=404)
            return self.answer({"data": [jaeger_trace(number)], "errors": None})
        if path != "/api/traces" or "service" not in query:
            return self.answer({"data": None, "errors": [{"code": 400, "msg": "parameter 'service' is required"}]}, status=400)
        found = {"shop": [1, 2, 3], "mail": [3, 4]}.get(query["service"], [])
        limit = int(query.get("limit", "100"))
        self.answer({"data": [jaeger_trace(n) for n in found[:limit]], "errors": None})

    def live(self, path, query):
        """Each time it is asked there is a trace more."""
        if path == "/api/services":
            return self.answer({"data": ["shop"]})
        with lock:
            began.append(time.time())
            found = [jaeger_trace(i + 1, at) for i, at in enumerate(began)]
        return self.answer({"data": found})

    def tempo(self, path, query):
        if path == "/api/search":
            limit = int(query.get("limit", "20"))
            return self.answer({"traces": [{"traceID": "%x" % n, "rootServiceName": "shop"} for n in (1, 2, 3)[:limit]],
                                "metrics": {}})
        number = path.rsplit("/", 1)[1]
        if not number.isalnum() or int(number, 16) > 9:
            return self.answer("trace not found", "text/plain", 404)
        self.answer(tempo_trace(int(number, 16)), "application/protobuf")

    def v2(self, path, query):
        """Of Tempo, the older path is gone; the newer one wraps the trace."""
        if path.startswith("/api/v2/traces/"):
            return self.answer(field(1, tempo_trace(1)) + b"\x10\x01", "application/protobuf")
        if path == "/api/search":
            return self.tempo(path, dict(query, limit="1"))
        return self.nobody()

    def closed(self, path, query):
        if self.headers.get("Authorization") in ("Bearer geheim123", "Basic b3BzOmdlaGVpbTEyMw=="):
            return self.jaeger(path, query)
        return self.answer("token=geheim123 is wanted", "text/plain", 401)

    def garbage(self, *_):
        self.answer(bytes(range(256)) * 9, "application/octet-stream")

    def page(self, *_):
        self.answer("<html>Welcome</html>", "text/html")

    def other(self, path, query):
        if path == "/api/services":
            return self.jaeger(path, query)
        return self.answer({"rows": []})

    def broken(self, *_):
        self.answer({"data": None, "errors": [{"code": 500, "msg": "storage is away"}]}, status=500)

    def hang(self, *_):
        threading.Event().wait()

    def slow(self, *_):
        """A byte now and then, without an end."""
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" ")
                self.wfile.flush()
                threading.Event().wait(0.02)
        except OSError:
            self.close_connection = True

    def gone(self, *_):
        """Ends amid its answer."""
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.wfile.write(b'{"data":[')
        self.close_connection = True


def put(name, text):
    """A file that is whole from the beginning."""
    with open(os.path.join(folder, name + ".new"), "w", encoding="utf-8") as out:
        out.write(text)
    os.rename(os.path.join(folder, name + ".new"), os.path.join(folder, name))


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 3:  # the same over TLS
    secure = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    secure.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=secure.serve_forever, daemon=True).start()
    put("tls_port", str(secure.server_port))
put("port", str(server.server_port))
server.serve_forever()
