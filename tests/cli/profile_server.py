#!/usr/bin/env python3
"""A server of profiles for tests/cli/profile_url.sh: as Go's /debug/pprof, Pyroscope new and old, and others that
are not what they should be.

usage: profile_server.py FOLDER SEEDS

Writes its port to FOLDER/port and each request as a line to FOLDER/asked: method, path with query, body.
"""
import http.server
import json
import os
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from pyroscope_answers import pyroscope, Refused  # noqa: E402

folder, seeds = sys.argv[1:3]
GRAPH = {"names": ["total", "serve", "render"],
         "levels": [{"values": ["0", "900", "0", "0"]}, {"values": ["0", "900", "100", "1"]},
                    {"values": ["0", "800", "800", "2"]}], "total": "900", "maxSelf": "800"}
OLD = {"flamebearer": {"names": ["total", "serve", "old_render"],
                       "levels": [[0, 9, 0, 0], [0, 9, 1, 1], [0, 8, 8, 2]], "numTicks": 9},
       "metadata": {"format": "single", "units": "samples", "sampleRate": 100}}


def seed(name):
    with open(os.path.join(seeds, name), "rb") as f:
        return f.read()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, kind, body, **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def note(self, body=b""):
        with open(os.path.join(folder, "asked"), "a", encoding="utf-8") as f:
            f.write("%s %s %s %s\n" % (self.command, self.path, self.headers.get("X-Scope-OrgID", "-"), body.decode()))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.note(body)
        if self.path.startswith("/old/"):
            return self.answer(404, "text/plain", b"404 page not found\n")
        if self.path.startswith("/store"):
            try:
                status, text = 200, pyroscope(self.path, json.loads(body))
            except Refused as e:
                status, text = e.status, {"code": e.code, "message": str(e)}
            return self.answer(status, "application/json", json.dumps(text).encode())
        self.answer(200, "application/json", json.dumps({"flamegraph": GRAPH}).encode())

    def do_GET(self):
        self.note()
        path = self.path.split("?")[0]
        if path in ("/debug/pprof/profile", "/debug/pprof/heap"):
            return self.answer(200, "application/octet-stream", seed("pprof.gz"))
        if path == "/debug/pprof/":
            return self.answer(200, "text/html", b"<html>/debug/pprof/ <a href=goroutine?debug=1>goroutine</a></html>")
        if path == "/node.cpuprofile":
            return self.answer(200, "application/json", seed("cpuprofile"))
        if path == "/old/pyroscope/render":
            return self.answer(200, "application/json", json.dumps(OLD).encode())
        if path == "/ui":
            return self.answer(200, "text/html", b"<title>Grafana Pyroscope</title>")
        if path == "/page":
            return self.answer(200, "text/html", b"<html>Welcome</html>")
        if path == "/file":
            return self.answer(302, "text/plain", b"", Location="file:///etc/passwd")
        if path == "/busy":
            return self.answer(500, "text/plain; charset=utf-8",
                               b"Could not enable CPU profiling: cpu profiling already in use\nmore")
        if path == "/closed":
            return self.answer(403, "text/plain", b"token=geheim123 is not enough")
        if path == "/never":
            threading.Event().wait()
        if path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
            return None
        return self.answer(404, "text/plain", b"404 page not found\n")


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(os.path.join(folder, "port.new"), "w", encoding="utf-8") as out:
    out.write(str(server.server_port))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
server.serve_forever()
