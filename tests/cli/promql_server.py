#!/usr/bin/env python3
"""A program with metrics, and engines with a query API that misbehave. Usage: promql_server.py FOLDER; the port is
written to FOLDER/port, what was asked to FOLDER/asked.

At each reading of /metrics the program has answered 100 requests more on /orders/{id}, one of which failed, and 50 on
/cart: so a ratio of counters is the same at every moment."""
import base64
import http.server
import json
import os
import socketserver
import sys
import threading
import urllib.parse

folder = sys.argv[1]
readings = 0
lock = threading.Lock()


def histogram(route, code, share, n):
    labels = f'route="{route}",method="GET",code="{code}"'
    lines = []
    for le, count in (("0.1", 50), ("0.2", 90), ("0.5", 99), ("+Inf", 100)):
        named = ' # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} 0.15' if le == "0.2" else ""
        lines.append(f'http_request_duration_seconds_bucket{{{labels},le="{le}"}} {count * share * n}{named}')
    lines.append(f"http_request_duration_seconds_sum{{{labels}}} {12 * share * n}")
    lines.append(f"http_request_duration_seconds_count{{{labels}}} {100 * share * n}")
    return lines


def metrics():
    global readings
    with lock:
        readings += 1
        n = readings
    lines = ["# TYPE http_request_duration_seconds histogram"]
    lines += histogram("/orders/{id}", 200, 0.75, n) + histogram("/orders/{id}", 500, 0.25, n) + histogram("/cart", 200, 0.5, n)
    lines += ["# TYPE jvm_gc_pause_seconds summary",
              f'jvm_gc_pause_seconds_sum{{action="minor"}} {n * 0.05}',
              f'jvm_gc_pause_seconds_count{{action="minor"}} {n}',
              "# TYPE nodejs_eventloop_lag_seconds gauge", "nodejs_eventloop_lag_seconds 0.012", "# EOF", ""]
    return "\n".join(lines)


def series(metric, value, at):
    return {"metric": metric, "values": [[at, value]]}


def answer(query, at):
    """What an engine says of one histogram: classic, or native for the prefix /native."""
    if "count by (__name__)" in query:
        names = ["http_server_request_duration_seconds_bucket", "http_server_request_duration_seconds_sum"]
        return [{"metric": {"__name__": n}, "value": [at, "8"]} for n in names]
    label = {"http_route": "/orders/{id}", "http_request_method": "GET", "http_response_status_code": "200", "instance": "a:1"}
    if "_bucket" in query:
        return [series(dict(label, le=le), v, at) for le, v in (("0.1", "1"), ("0.2", "3"), ("+Inf", "4"))]
    if "_sum" in query:
        return [series(label, "0.5", at)]
    return []


def native(query, at):
    if "count by (__name__)" in query:
        return [{"metric": {"__name__": "http_server_request_duration_seconds"}, "value": [at, "8"]}]
    if "group(" in query:
        return [{"metric": {}, "value": [at, "1"]}]
    if "histogram" in query or "rate(" not in query:
        return []
    h = {"count": "4", "sum": "0.6", "buckets": [[0, "0.0625", "0.125", "2"], [0, "0.125", "0.25", "2"]]}
    return [{"metric": {"http_route": "/x", "http_request_method": "GET"}, "histograms": [[at, h]]}]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def say(self, status, kind, body):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path != "/metrics":
            return self.say(404, "text/plain", "no such page\n")
        self.say(200, "application/openmetrics-text; version=1.0.0; charset=utf-8", metrics())

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        with lock, open(os.path.join(folder, "asked"), "a") as f:
            f.write(f"{self.path} {self.headers.get('Authorization', '-')} {self.headers.get('X-Scope-OrgID', '-')} "
                    f"{form.get('query', ['-'])[0]}\n")
        mode = self.path.split("/")[1]
        at = float(form.get("end", ["1700000000"])[0])
        query = form.get("query", [""])[0]
        if mode == "closed" and self.headers.get("Authorization") not in ("Bearer geheim123", "Basic " + base64.b64encode(b"ops:geheim123").decode()):
            return self.say(401, "text/plain", "who are you? token=abc\n")
        if mode == "page":
            return self.say(200, "text/html", "<html>Grafana</html>")
        if mode == "garbage":
            return self.say(200, "application/json", b'{"status":"success","data":{"result":[{"metric":{\xff\x00')
        if mode == "deep":
            return self.say(200, "application/json", '{"data":' + "[" * 1000000)
        if mode == "cut":
            return self.say(200, "application/json", '{"status":"success","data":{"resultType":"vector","result":[')
        if mode == "busy":
            return self.say(503, "application/json", json.dumps({"status": "error", "errorType": "timeout", "error": "query timed out in expression evaluation"}))
        if mode == "huge":
            return self.say(200, "application/json", '{"status":"success","x":"' + "a" * (33 << 20) + '"}')
        if mode == "hangs":
            threading.Event().wait(30)
            return None
        result = native(query, at) if mode == "native" else answer(query, at)
        data = {"status": "success", "data": {"resultType": "matrix", "result": result}}
        if mode == "part":
            data["warnings"] = ["store 10.0.0.7:10901 did not answer"]
        if mode == "odd":
            for r in data["data"]["result"]:
                r["values"] = [[at, "NaN"], ["x"], [at]] if "values" in r else r.get("values", [])
        self.say(200, "application/json", json.dumps(data))


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


server = Server(("127.0.0.1", 0), Handler)
with open(os.path.join(folder, "port.new"), "w") as f:
    f.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
server.serve_forever()
