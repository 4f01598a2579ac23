#!/usr/bin/env python3
"""traces_made.py [SPANS] - records of traces of a small shop, for an exec source; with SPANS one trace of that many."""
import json
import sys

AT = 1795189898000000000
MS = 1000000


class Batch:
    """Spans as a record: names once each, spans by their places."""

    def __init__(self):
        self.r = {key: [] for key in (
            "traces", "services", "resources", "names", "statements", "keys", "trace", "id", "parent", "service",
            "name", "statement", "span_kind", "start", "duration", "error", "follows", "of_span", "of_key",
            "of_value", "event_span", "event_at", "event_text")}

    def place(self, table, text):
        if text is None:
            return None
        if text not in self.r[table]:
            self.r[table].append(text)
            if table == "services":
                self.r["resources"].append("")
        return self.r[table].index(text)

    def span(self, trace, span, parent, service, name, at, ns, kind=3, statement=None, error=0, events=(), **attributes):
        r, number = self.r, len(self.r["id"])
        for key, value in (("trace", self.place("traces", trace)), ("id", span), ("parent", parent),
                           ("service", self.place("services", service)), ("name", self.place("names", name)),
                           ("statement", self.place("statements", statement)), ("span_kind", kind),
                           ("start", AT + at), ("duration", ns), ("error", error), ("follows", 0)):
            r[key].append(value)
        for key, value in attributes.items():
            r["of_span"].append(number)
            r["of_key"].append(self.place("keys", key.replace("__", ".")))
            r["of_value"].append(str(value))
        for when, text in events:
            r["event_span"].append(number)
            r["event_at"].append(AT + when)
            r["event_text"].append(text)

    def write(self):
        print(json.dumps({"kind": "spans", "at": AT, **self.r}))


def shop():
    b = Batch()
    slow, failed, fine, odd = "%032x" % 0xa1, "%032x" % 0xb2, "c3" * 16, "%032x" % 0xd4
    pg = {"db__system__name": "postgresql", "db__namespace": "shop"}
    b.span(slow, "00000000000000a1", None, "shop-api", "GET /orders/:id", 0, 2000 * MS, 2,
           http__request__method="GET", http__route="/orders/:id", http__response__status_code=200)
    b.span(slow, "00000000000000a2", "00000000000000a1", "shop-api", "GET", 1 * MS, 2 * MS, statement="GET session:?",
           db__system__name="redis")
    b.span(slow, "00000000000000a3", "00000000000000a1", "shop-api", "SELECT shop", 5 * MS, 20 * MS,
           statement="SELECT * FROM orders WHERE id = $1", **pg)
    for i in range(214):
        b.span(slow, "%016x" % (0xa000 + i), "00000000000000a1", "shop-api", "SELECT shop", (30 + 8 * i) * MS, 7 * MS,
               statement="SELECT * FROM items WHERE order_id = $1", **pg)
    b.span(slow, "00000000000000a4", "00000000000000a1", "shop-api", "POST", 1750 * MS, 60 * MS,
           http__request__method="POST", server__address="pricing")
    b.span(slow, "00000000000000a5", "00000000000000a4", "pricing", "POST /quote", 1755 * MS, 50 * MS, 2,
           http__request__method="POST", http__route="/quote")
    b.span(failed, "00000000000000b1", None, "shop-api", "POST /checkout", 3000 * MS, 700 * MS, 2, error=1,
           http__request__method="POST", http__route="/checkout", http__response__status_code=500)
    b.span(failed, "00000000000000b2", "00000000000000b1", "shop-api", "POST", 3010 * MS, 680 * MS, error=1,
           events=[(3690 * MS, "exception: TimeoutError: \x1b[31mno answer in 680 ms")],
           http__request__method="POST", server__address="pay.example.com")
    for i in range(3):
        trace = fine[:-1] + "%x" % i
        b.span(trace, "00000000000000c%x" % (2 * i), None, "shop-api", "GET /health", (4000 + i) * MS, 2 * MS, 2,
               http__request__method="GET", http__route="/health")
        b.span(trace, "00000000000000c%x" % (2 * i + 1), "00000000000000c%x" % (2 * i), "shop-api", "SELECT shop",
               (4000 + i) * MS + 100, MS, statement="SELECT ?", **pg)
    b.span(odd, "00000000000000d1", "00000000000000ff", "mail\x1b[2J", "send \x1b]0;owned\x07 mail", 5000 * MS, 30 * MS)
    b.write()


def statements():
    for query, text in ((77, "SELECT * FROM items WHERE order_id = $1"), (78, "SELECT * FROM orders WHERE id = $1")):
        print(json.dumps({"kind": "statement", "at": AT, "database": "shop", "query_id": query, "text": text,
                          "calls": 5000, "total_ns": 35000 * MS, "rows": 15000}))


def requests():
    for method, route, count, ns in (("GET", "/orders/:id", 1, 2000 * MS), ("POST", "/checkout", 1, 700 * MS)):
        print(json.dumps({"kind": "http", "at": AT, "method": method, "route": route, "interval_ns": 1000 * MS,
                          "count": count, "timed": count, "total_ns": ns, "min_ns": ns, "max_ns": ns}))


def large(n):
    b = Batch()
    for i in range(n):
        b.span("e5" * 16, "%016x" % (i + 1), None if i == 0 else "%016x" % ((i - 1) // 3 + 1), "s%d" % (i % 7),
               "op %d" % (i % 50), i * 1000, (n - i) * 10000, 2 if i == 0 else 1)
    b.write()


if len(sys.argv) > 1:
    large(int(sys.argv[1]))
else:
    shop()
    statements()
    requests()
