#!/usr/bin/env python3
"""A server of metrics for tests/cli/metrics.sh: exporters as they print, and others that are not what they should be.

usage: metrics_server.py FOLDER [CERTIFICATE KEY]

Writes its port to FOLDER/port, that of TLS to FOLDER/tls_port, and each request as a line to FOLDER/asked: path with query, authorization.
"""
import gzip
import http.server
import os
import ssl
import sys
import threading
import zlib

folder = sys.argv[1]
lock = threading.Lock()
seen = {}

REDIS = """# HELP redis_keyspace_hits_total keyspace_hits_total metric
# TYPE redis_keyspace_hits_total counter
redis_keyspace_hits_total %d
# TYPE redis_keyspace_misses_total counter
redis_keyspace_misses_total %d
# TYPE redis_evicted_keys_total counter
redis_evicted_keys_total 5
# TYPE redis_db_keys gauge
redis_db_keys{db="db0"} 40
redis_db_keys{db="db1"} 2
# TYPE redis_memory_used_bytes gauge
redis_memory_used_bytes 1.048576e+06
# TYPE redis_memory_max_bytes gauge
redis_memory_max_bytes 2.097152e+06
# TYPE redis_instance_info gauge
redis_instance_info{maxmemory_policy="allkeys-lru",redis_version="7.0.15",role="master"} 1
# TYPE redis_start_time_seconds gauge
redis_start_time_seconds 1.6e+09
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1.65e+09
"""


def counted(path):
    """How often a path was asked for, this time included."""
    with lock:
        seen[path] = seen.get(path, 0) + 1
        return seen[path]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, kind="text/plain; version=0.0.4", status=200, **headers):
        if isinstance(body, str):
            body = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with lock, open(os.path.join(folder, "asked"), "a", encoding="utf-8") as f:
            f.write("%s %s\n" % (self.path, self.headers.get("Authorization", "-")))
        path = self.path.split("?")[0]
        n = counted(path)
        if path == "/":
            return self.answer('<html><h1>Exporter</h1><a href="/metrics">Metrics</a></html>', "text/html")
        if path in ("/metrics", "/elsewhere"):
            return self.answer(REDIS % (100 * n, 10 * n))
        if path == "/packed/metrics":
            return self.answer(gzip.compress((REDIS % (70, 30)).encode()), Content_Encoding="gzip")
        if path == "/file/metrics":
            return self.answer(gzip.compress((REDIS % (60, 40)).encode()), "application/gzip")
        if path == "/cut/metrics":
            return self.answer("# TYPE a counter\na_total 1\na_created 1600000000\n",
                               "application/openmetrics-text; version=1.0.0")
        if path == "/closed/metrics":
            if self.headers.get("Authorization") == "Bearer geheim123":
                return self.answer("a 1\n")
            return self.answer("token=geheim123 is wanted", status=401)
        if path == "/busy/metrics":
            return self.answer("collected metric was collected before\nmore", status=500)
        if path == "/page/metrics":
            return self.answer("<html>Welcome</html>", "text/html")
        if path == "/flaky/metrics":
            if n in (2, 3):
                return self.answer("<html>Back soon</html>", "text/html")
            return self.answer("a %d\n" % n, status=403 if n == 4 else 200)
        if path == "/moved/metrics":
            return self.answer("", status=302, Location="/metrics")
        if path == "/away/metrics":
            return self.answer("", status=302, Location="file:///etc/passwd")
        if path == "/going/metrics":
            return self.answer("stays 1\n" + ("goes 2\n" if n == 1 else ""))
        if path == "/restarts/metrics":
            return self.answer("# TYPE a counter\na_total %d\n" % (1000 if n == 1 else n))
        if path == "/many/metrics":
            return self.answer("".join('m{i="%d"} 1\n' % i for i in range(30000)) + REDIS % (80, 20))
        if path == "/bomb/metrics":
            return self.bomb()
        if path == "/never/metrics":
            threading.Event().wait()
        return self.answer("404 page not found\n", status=404)

    def bomb(self):
        """Two GiB of comments in two MiB."""
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Connection", "close")
        self.end_headers()
        pack = zlib.compressobj(9, zlib.DEFLATED, -15)
        one = pack.compress(b"#" * ((1 << 20) - 1) + b"\n") + pack.flush(zlib.Z_FULL_FLUSH)
        try:
            self.wfile.write(b"\x1f\x8b\x08\0\0\0\0\0\0\x03")
            for _ in range(2048):
                self.wfile.write(one)
        except OSError:
            pass
        self.close_connection = True


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
def put(name, text):
    """A file that is whole from the beginning."""
    with open(os.path.join(folder, name + ".new"), "w", encoding="utf-8") as out:
        out.write(text)
    os.rename(os.path.join(folder, name + ".new"), os.path.join(folder, name))


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
