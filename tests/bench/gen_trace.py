#!/usr/bin/env python3
"""Spans for the benches, deterministic: gen_trace.py FORM SPANS [TRACES]

FORM: jaeger, zipkin, otlp (one document), ndjson (a request of 100 spans a line), proto. Spans are requests with a call of
a database under most, and a second level of calls of services; 1 trace unless said otherwise.
"""
import json
import struct
import sys

BASE = 1_760_000_000_000_000_000
SQL = ["select * from orders where id = $1", "select id, qty from order_items where order_id = %d",
       "update stock set n = n - 1 where id = $1 /*traceparent='00-%032x-%016x-01'*/"]


def spans(n, traces):
    for i in range(n):
        trace, k = i % traces, i // traces
        parent = None if k == 0 else 1 + trace if k < 10 else 1 + trace + traces * (k // 10)
        start = BASE + trace * 3_000_000 + k * 100_000
        yield dict(trace=0xabc0000000000000000 + trace, id=1 + i, parent=parent, service="service-%d" % (k % 12),
                   name="GET /orders/:id" if k % 3 else "query", kind=2 if k % 3 == 1 else 3,
                   start=start, end=start + 50_000 + (k * 7919) % 900_000,
                   attributes=attributes(i, k), error=k % 97 == 96)


def attributes(i, k):
    if k % 3 == 0:
        sql = SQL[k % 9 // 3]
        if "%d" in sql:
            sql %= i
        elif "%0" in sql:
            sql %= (i, i)
        return {"db.system": "postgresql", "db.name": "shop", "db.statement": sql, "net.peer.name": "db.internal"}
    return {"http.request.method": "GET", "http.route": "/orders/:id", "url.path": "/orders/%d" % i,
            "http.response.status_code": 500 if k % 97 == 96 else 200, "server.address": "shop.internal",
            "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0"}


def otlp_span(s):
    out = {"traceId": "%032x" % s["trace"], "spanId": "%016x" % s["id"], "name": s["name"], "kind": s["kind"],
           "startTimeUnixNano": str(s["start"]), "endTimeUnixNano": str(s["end"]),
           "attributes": [{"key": k, "value": {"stringValue": v} if isinstance(v, str) else {"intValue": str(v)}}
                          for k, v in s["attributes"].items()], "status": {"code": 2} if s["error"] else {}}
    if s["parent"]:
        out["parentSpanId"] = "%016x" % s["parent"]
    return out


def by_service(some):
    groups = {}
    for s in some:
        groups.setdefault(s["service"], []).append(s)
    return groups


def otlp(some):
    return {"resourceSpans": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": name}}]},
                               "scopeSpans": [{"scope": {"name": "gen"}, "spans": [otlp_span(s) for s in group]}]}
                              for name, group in by_service(some).items()]}


def ndjson(all_spans):
    held = []
    for s in all_spans:
        held.append(s)
        if len(held) == 100:
            print(json.dumps(otlp(held), separators=(",", ":")))
            held = []
    if held:
        print(json.dumps(otlp(held), separators=(",", ":")))


def jaeger(all_spans):
    traces, processes = {}, {}
    for s in all_spans:
        p = processes.setdefault(s["service"], "p%d" % (len(processes) + 1))
        trace = "%032x" % s["trace"]
        tags = dict(s["attributes"], **{"span.kind": {2: "server", 3: "client"}[s["kind"]]})
        if s["error"]:
            tags["error"] = True
        traces.setdefault(trace, []).append({
            "traceID": trace, "spanID": "%016x" % s["id"], "operationName": s["name"],
            "references": [{"refType": "CHILD_OF", "traceID": trace, "spanID": "%016x" % s["parent"]}] if s["parent"]
            else [], "startTime": s["start"] // 1000, "duration": (s["end"] - s["start"]) // 1000,
            "tags": [{"key": k, "type": "string" if isinstance(v, str) else "int64", "value": v}
                     for k, v in tags.items()], "logs": [], "processID": p, "warnings": None})
    print(json.dumps({"data": [{"traceID": t, "spans": x, "processes": {
        p: {"serviceName": n, "tags": [{"key": "hostname", "type": "string", "value": n + "-1"}]}
        for n, p in processes.items()}} for t, x in traces.items()]}))


def zipkin(all_spans):
    print(json.dumps([dict({"traceId": "%032x" % s["trace"], "id": "%016x" % s["id"], "name": s["name"],
                            "kind": {2: "SERVER", 3: "CLIENT"}[s["kind"]], "timestamp": s["start"] // 1000,
                            "duration": (s["end"] - s["start"]) // 1000, "localEndpoint": {"serviceName": s["service"]},
                            "tags": dict({k: str(v) for k, v in s["attributes"].items()}, **({"error": ""} if s["error"] else {}))},
                           **({"parentId": "%016x" % s["parent"]} if s["parent"] else {})) for s in all_spans]))


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def attribute(k, v):
    value = field(1, v.encode()) if isinstance(v, str) else b"\x18" + varint(v)
    return field(1, k.encode()) + field(2, value)


def proto_span(s):
    out = field(1, s["trace"].to_bytes(16, "big")) + field(2, s["id"].to_bytes(8, "big"))
    if s["parent"]:
        out += field(4, s["parent"].to_bytes(8, "big"))
    out += field(5, s["name"].encode()) + b"\x30" + varint(s["kind"])
    out += b"\x39" + struct.pack("<Q", s["start"]) + b"\x41" + struct.pack("<Q", s["end"])
    for k, v in s["attributes"].items():
        out += field(9, attribute(k, v))
    return out + (field(15, b"\x18\x02") if s["error"] else b"")


def proto(all_spans):
    for name, group in by_service(all_spans).items():
        resource = field(1, attribute("service.name", name))
        scope = field(1, field(1, b"gen")) + b"".join(field(2, proto_span(s)) for s in group)
        sys.stdout.buffer.write(field(1, field(1, resource) + field(2, scope)))


made = spans(int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
form = sys.argv[1]
if form == "otlp":
    print(json.dumps(otlp(made)))
else:
    {"jaeger": jaeger, "zipkin": zipkin, "ndjson": ndjson, "proto": proto}[form](made)
