#!/usr/bin/env python3
"""Access logs of six machines for two hours, and what views of a history of them must say.

    history_made.py make                         web1.log ... web6.log; web3 is slow once in twenty /checkout
    history_made.py rows JSON FROM TO [HOST]     rows of `endpoints`: counts exact, percentiles within 1/128
    history_made.py hosts JSON FROM TO [ROUTE]   rows of `hosts`
    history_made.py slo JSON AT OBJECTIVE        row 0 of `slo`: every window of errors
Counted from the raw requests, by the nearest rank. A request is in the second in which it ended, and counts
when FROM < end of that second <= TO.
"""
import json
import math
import random
import sys

START = 1795190400  # 2026-11-20T16:00:00Z, a multiple of an hour
SECONDS = 7200
HOSTS = ["web%d" % i for i in range(1, 7)]
ROUTES = [("GET", "/checkout")] * 2 + [("POST", "/orders"), ("GET", "/search")]


def requests():
    """(host, second, method, route, status, microseconds)"""
    for number, host in enumerate(HOSTS):
        dice = random.Random(number + 7)
        for second in range(START, START + SECONDS):
            for _ in range(dice.choice([0, 0, 1, 2])):
                method, route = dice.choice(ROUTES)
                took = int(20000 * math.exp(0.6 * dice.gauss(0, 1)))
                if host == "web3" and route == "/checkout" and dice.random() < 0.05:
                    took *= 20
                yield host, second, method, route, 500 if dice.random() < 0.01 else 200, took


def make():
    files = {host: open(host + ".log", "w", encoding="ascii") for host in HOSTS}
    for host, second, method, route, status, took in requests():
        s = second - START + 16 * 3600
        files[host].write(
            '203.0.113.9 - - [20/Nov/2026:%02d:%02d:%02d +0000] "%s %s HTTP/1.1" %d 123 "-" "ua" rt=%d.%06d\n'
            % (s // 3600, s // 60 % 60, s % 60, method, route, status, took // 1000000, took % 1000000))


def rank(values, q):
    return sorted(values)[max(0, math.ceil(q * len(values)) - 1)]


def close(told, exact, what):
    if told is None or abs(told - exact) > exact / 128 + 1:
        sys.exit("%s: %s, not %s" % (what, told, exact))


def same(told, exact, what):
    if told != exact:
        sys.exit("%s: %s, not %s" % (what, told, exact))


def within(begin, end, key, only=lambda r: True):
    groups = {}
    for r in requests():
        if begin < r[1] + 1 <= end and only(r):
            groups.setdefault(key(r), []).append(r)
    return groups


def percentiles(row, group, what):
    for q, name in ((0.5, "p50_ns"), (0.95, "p95_ns"), (0.99, "p99_ns")):
        close(row[name], 1000 * rank([r[5] for r in group], q), "%s %s" % (what, name))


def rows(doc, begin, end, host=None):
    groups = within(begin, end, lambda r: (r[2], r[3]), lambda r: host in (None, r[0]))
    same({(r["method"], r["route"]) for r in doc["rows"]}, set(groups), "the endpoints")
    for row in doc["rows"]:
        group = groups[row["method"], row["route"]]
        same(row["count"], len(group), "the count of " + row["route"])
        close(row["error_share"], sum(r[4] == 500 for r in group) / len(group), "errors of " + row["route"])
        percentiles(row, group, row["route"])


def hosts(doc, begin, end, route=None):
    groups = within(begin, end, lambda r: r[0], lambda r: route in (None, r[3]))
    same({r["host"] for r in doc["rows"]}, set(groups), "the machines")
    for row in doc["rows"]:
        group = groups[row["host"]]
        close(row["rate_per_s"], len(group) / (end - begin), "the rate of " + row["host"])
        percentiles(row, group, row["host"])
        same(row["outlier"] is not None, row["host"] == "web3", "whether unlike: " + row["host"])


def slo(doc, at, objective):
    row = doc["rows"][0]
    for pair in row["pairs"]:
        for name in ("long", "short"):
            group = within(at - pair[name + "_ns"] / 1e9, at, lambda r: 0).get(0, [])
            burn = sum(r[4] == 500 for r in group) / len(group) / (1 - objective)
            if abs(pair["burn_" + name] - burn) > 1e-9 * max(burn, 1):
                sys.exit("burn of %g s: %s, not %s" % (pair[name + "_ns"] / 1e9, pair["burn_" + name], burn))


def main():
    if sys.argv[1] == "make":
        return make()
    with open(sys.argv[2], encoding="utf-8") as f:
        doc = json.load(f)
    numbers = [float(a) for a in sys.argv[3:5]]
    return {"rows": rows, "hosts": hosts, "slo": slo}[sys.argv[1]](doc, *numbers, *sys.argv[5:])


main()
