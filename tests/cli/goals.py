#!/usr/bin/env python3
"""Makes records of a day of traffic, and computes what `kpis` and `slo` have to say, independently.

goals.py make SEED > records.jsonl      goals.py check SEED AT WINDOW_S kpis.json slo.json
"""
import json
import random
import sys

BEGIN = 1795996800  # 2026-11-30T00:00:00Z
STEP = 60


def intervals(seed):
    """(start, route, requests as durations in ns, failed) of each minute; the last hour is bad."""
    r = random.Random(seed)
    for start in range(BEGIN, BEGIN + 86400, STEP):
        if 7200 <= start - BEGIN < 10800:
            continue  # nothing at all
        bad = start - BEGIN >= 82800
        for route in "/checkout", "/search":
            n = r.randrange(0, 8)
            ns = [int(r.expovariate(1 / 60e6)) * (6 if bad else 1) + 1000 for _ in range(n)]
            if n:
                yield start, route, ns, sum(r.random() < (0.05 if bad else 0.002) for _ in range(n))


def bucket(ns):
    if ns < 64:
        return ns
    octave = ns.bit_length() - 7
    return (octave + 1) * 64 + (ns >> octave) - 64


def make(seed):
    for start, route, ns, failed in intervals(seed):
        counts = {}
        for x in ns:
            counts[x] = counts.get(x, 0) + 1
        print(json.dumps({
            "kind": "http", "at": start * 10**9, "method": "GET", "route": route, "interval_ns": STEP * 10**9,
            "count": len(ns), "errors": failed, "status_2xx": len(ns) - failed, "status_5xx": failed,
            "bytes": 1000 * len(ns), "timed": len(ns), "total_ns": sum(ns), "min_ns": min(ns), "max_ns": max(ns),
            "latency": [[b, n] for b, n in sorted(counts.items())]}))


def within(seed, at, window, route=None):
    for start, of, ns, failed in intervals(seed):
        if at - window < start + STEP <= at and route in (None, of):
            yield ns, failed


def same(what, a, b, share=1e-9):
    if (a is None) != (b is None) or (a is not None and abs(a - b) > share * abs(b)):
        sys.exit(f"{what}: {a}, expected {b}")


def check_kpis(seed, at, window, rows):
    by = {row["name"]: row for row in rows}
    data = list(within(seed, at, window))
    ns = sorted(x for d, _ in data for x in d)
    count = len(ns)
    same("p95", by["api"]["value"], ns[max(-(-95 * count // 100), 1) - 1] if ns else None, 1 / 128)
    same("errors", by["errors"]["value"], sum(f for _, f in data) / count if count else None)
    same("rate", by["rate"]["value"], count / window if count else None)
    same("bytes", by["bytes"]["value"], 1000 if count else None)
    for row in rows:
        if row["samples"] != count:
            sys.exit(f"{row['name']}: {row['samples']} samples, expected {count}")
        bad = row["value"] is not None and row["value"] > row["target"]
        if row["status"] != ("unknown" if row["value"] is None else "missed" if bad else "met"):
            sys.exit(f"{row['name']}: {row['status']}")


def events(seed, at, window, slo):
    if slo["signal"] == "http.errors":
        data = [(len(ns), failed) for ns, failed in within(seed, at, window)]
        return sum(n for n, _ in data), sum(b for _, b in data)
    ns = [x for d, _ in within(seed, at, window, "/checkout") for x in d]
    return len(ns), sum(bucket(x) > bucket(300_000_000) for x in ns)


def check_slo(seed, at, rows):
    for row in rows:
        allowed, length = 1 - row["objective"], row["window_ns"] // 10**9
        total, bad = events(seed, at, length, row)
        burn = bad / total / allowed if total else None
        same("total", row["total"], total)
        same("bad", row["bad"], bad)
        same("burn", row["burn"], burn)
        left = 1 - bad / (allowed * total) if total else None
        same("left", row["budget_left"], left)
        fires, first = False, None
        for pair in row["pairs"]:
            burns = []
            for key in "long", "short":
                t, b = events(seed, at, pair[key + "_ns"] / 1e9, row)
                burns.append(b / t / allowed if t else None)
                same(f"burn {key} of {pair['long_ns']}", pair["burn_" + key], burns[-1])
                if key == "long":
                    same("total_long", pair["total_long"], t)
            above = [b is not None and b > pair["factor"] for b in burns]
            firing = all(above) and pair["total_long"] >= pair["min_events"]
            if pair["firing"] != firing:
                sys.exit(f"pair {pair['long_ns']}: firing {pair['firing']}")
            if (pair["reason"] is not None) != (above[0] and not firing):
                sys.exit(f"pair {pair['long_ns']}: reason {pair['reason']}")
            fires |= firing
            first = burns[0] if first is None else first
        spent = left is not None and left <= 0
        status = "spent" if spent else "burning" if fires else "ok" if total else "unknown"
        if row["status"] != status:
            sys.exit(f"{row['name']}: {row['status']}, expected {status}")
        pace = row["pairs"][0]["burn_long"]
        wait = 0 if spent else left * row["window_ns"] / pace if left is not None and pace else None
        same("exhausted", row["exhausted_in_ns"], wait, 1e-6)


if sys.argv[1] == "make":
    make(int(sys.argv[2]))
else:
    seed, at, window = (int(x) for x in sys.argv[2:5])
    with open(sys.argv[5]) as f:
        check_kpis(seed, at, window, json.load(f)["rows"])
    with open(sys.argv[6]) as f:
        check_slo(seed, at, json.load(f)["rows"])
