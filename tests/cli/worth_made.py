"""Five minutes of requests and statements, and what bottlenecks and costs must say of them, counted from the raw
durations.

  worth_made.py made DIR [FACTOR]   DIR/made.ndjson, all durations times FACTOR
  worth_made.py bottlenecks DIR     checks the document on standard input
  worth_made.py costs DIR           likewise
"""
import json
import random
import sys
import time

WHAT, DIR = sys.argv[1], sys.argv[2]
START, SECONDS = 1795189800, 300  # 2026-11-20T15:50:00Z
TARGETS = {"/search": 50e6}
MONTH = 2629800


def stamp(s):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(s))


def requests(factor=1.0):
    r = random.Random(17)
    for s in range(SECONDS):
        for route, n, median in (("/search", 4, 0.06), ("/cart", 2, 0.2), ("/a|b*_`<[", 1, 0.15), ("/", 3, 0.002)):
            yield s, route, [int(1e9 * median * factor * r.lognormvariate(0, 0.5)) for _ in range(n)]


def statements(s):
    """Calls and total time of each since the start."""
    return {1: (2000 + s * 10, (2000 + s * 10) * 4_000_000), 2: (500 + s, (500 + s) * 30_000_000)}


def made(factor):
    with open(DIR + "/made.ndjson", "w") as f:
        for s, route, ns in requests(factor):
            counts = {}
            for x in ns:
                counts[x] = counts.get(x, 0) + 1
            f.write(json.dumps({"kind": "http", "at": stamp(START + s), "method": "GET", "route": route,
                                "interval_ns": 10**9, "count": len(ns), "errors": 0, "status_2xx": len(ns),
                                "bytes": 100, "timed": len(ns), "total_ns": sum(ns), "min_ns": min(ns),
                                "max_ns": max(ns), "latency": sorted(counts.items())}) + "\n")
    with open(DIR + "/statements.ndjson", "w") as f:
        for s in range(0, SECONDS + 1, 10):
            for q, (calls, ns) in statements(s).items():
                f.write(json.dumps({"kind": "statement", "at": stamp(START + s), "database": "shop", "query_id": q,
                                    "user": "app", "toplevel": 1, "text": "SELECT %s FROM orders WHERE id = $1" % "ab"[q - 1],
                                    "calls": calls, "total_ns": ns, "since": (START - 3600) * 10**9,
                                    **({"route": "GET /cart"} if q == 2 else {})}) + "\n")


def near(got, wanted, part, what):
    if got is None or abs(got - wanted) > part * abs(wanted) + 1e-12:
        sys.exit("%s: %r is not within %g of %r" % (what, got, part, wanted))


def sums():
    excess, total, count = {}, {}, {}
    for _, route, ns in requests():
        target = TARGETS.get(route, 100e6)
        excess[route] = excess.get(route, 0) + sum(max(0, x - target) for x in ns)
        total[route] = total.get(route, 0) + sum(ns)
        count[route] = count.get(route, 0) + len(ns)
    return excess, total, count


def bottlenecks():
    excess, total, _ = sums()
    rows = json.load(sys.stdin)["rows"]
    busy, impact = sum(total.values()) / SECONDS, sum(excess.values()) / SECONDS
    found = {r["subject"]: r for r in rows}
    assert [r["rank"] for r in rows] == list(range(1, len(rows) + 1))
    for route, x in excess.items():
        r = found["GET " + route]
        near(r["impact_ns_per_s"], x / SECONDS, 0.02, route)
        near(r["impact_share"], x / SECONDS / impact, 0.02, route + " share")
        near(r["saves_cost_per_month"], 10000 * x / SECONDS / busy, 0.02, route + " cost")
        near(r["saves_wait_hours_per_month"], x / SECONDS / 1e9 * MONTH / 3600, 0.02, route + " hours")
        assert r["effort_hours"] is None and r["roi"] is None and r["kind"] == "endpoint", r
    ranked = [r["impact_ns_per_s"] for r in rows]
    known = [v for v in ranked if v is not None]
    assert known == sorted(known, reverse=True) and ranked[:len(known)] == known, ranked
    for q in [r for r in rows if r["kind"] == "query"]:
        assert q["impact_ns_per_s"] is None and q["confidence"] == "unknown", q
        assert q["view"] == "query" and q["select"].startswith("shop/"), q
    near(found["SELECT a FROM orders WHERE id = $1"]["affected_per_s"], 10, 1e-9, "calls")
    # who ran it first, as the tags in its text say
    assert [found["SELECT %s FROM orders WHERE id = $1" % q]["within"] for q in "ab"] == [None, "GET /cart"]


def costs():
    excess, total, count = sums()
    rows = json.load(sys.stdin)["rows"]
    near(sum(r["cost_per_month"] for r in rows), 10000, 1e-9, "month")
    for r in rows:
        share = total[r["route"]] / sum(total.values())
        near(r["share"], share, 1e-9, "share")
        near(r["cost_per_million"], 10000 * share / (count[r["route"]] / SECONDS * MONTH) * 1e6, 1e-9, "million")
        near(r["saves_per_month"], 10000 * excess[r["route"]] / sum(total.values()), 0.02, "saves")
        assert list(r) == "method route count share cost_per_month cost_per_million currency saves_per_month".split(), list(r)


if WHAT == "made":
    made(float(sys.argv[3]) if len(sys.argv) > 3 else 1.0)
else:
    {"bottlenecks": bottlenecks, "costs": costs}[WHAT]()
