"""Vitals of real users, worked out once more, the plain way.

days FILE         writes beacons of two weeks: LCP on mobile devices gets worse on the tenth day
make FILE COUNT   writes beacons, a line each: of all metrics, some of them sent again with a later value
check FILE OUT    compares every row of field[] and attribution[] in OUT with what the beacons of FILE say
send PORT FILE    sends these lines to a receiver: single, in arrays, and in pieces of a connection
"""
import http.client
import json
import math
import random
import re
import socket
import sys

LIMITS = {"LCP": (2500, 4000), "INP": (200, 500), "CLS": (.1, .25), "FCP": (1800, 3000), "TTFB": (800, 1800)}
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def make(path, count):
    rand = random.Random(14)
    pages = ["/", "/orders/%d", "/p/%d/reviews?page=2", "https://shop.example/cart#x",
             "/u/0f8fad5b-d9cb-469f-a165-7086772895%02d"]
    with open(path, "w") as f:
        for i in range(count):
            name = rand.choice(list(LIMITS))
            value = rand.choice([rand.random() / 2, 0]) if name == "CLS" else rand.lognormvariate(6, 1)
            page = rand.choice(pages)
            beacon = {"name": name, "value": value, "id": "v5-%d" % (i if i % 10 else i // 2),
                      rand.choice(["page", "url", "path", "navigationURL"]): page % (i % 90) if "%" in page else page}
            for key in ("device", "connection", "country", "navigationType"):
                if rand.random() < .8:
                    beacon[key] = rand.choice(["a", "b", "c"])
            if rand.random() < .5:
                beacon["attribution"] = {rand.choice(["target", "element"]): "#e%d" % (i % 5)}
            f.write(json.dumps(beacon) + "\n")


def days(path):
    with open(path, "w") as f:
        for day in range(14):
            for i in range(60):
                mobile = i % 2
                f.write(json.dumps({
                    "name": "LCP", "id": "%d-%d" % (day, i), "page": "/p/%d" % i, "device": "mobile" if mobile else "desktop",
                    "value": 2000 + 5 * i + (1500 if mobile and day >= 9 else 0), "ts": 1795190060439 - (13 - day) * 86400000,
                    "attribution": {"target": "#hero" if mobile else "h1"}}) + "\n")


def template(url):
    path = re.sub(r"^([a-zA-Z][a-zA-Z0-9+.-]*:)?//[^/?#]*", "", url)
    path = re.split(r"[?#]", path)[0] or "/"
    return "/".join(":id" if s.isdigit() or UUID.fullmatch(s) else s for s in path.split("/"))


def rows_of(path):
    last = {}
    for line in open(path):
        b = json.loads(line)
        last[b["name"], b["id"]] = b
    rows, targets = {}, {}
    for b in last.values():
        page = template(next((b[k] for k in ("page", "url", "path", "navigationURL") if k in b), "/"))
        keys = {"all": "", "page": page, "device": b.get("device", "unknown"), "country": b.get("country", "unknown"),
                "connection": b.get("connection", "unknown"), "navigation_type": b.get("navigationType", "unknown")}
        for by, key in keys.items():
            rows.setdefault((by, key, b["name"]), []).append(b["value"])
        target = next((v for v in b.get("attribution", {}).values()), None)
        if target:
            targets.setdefault((b["name"], page, target), []).append(b["value"])
    return rows, targets


def nearest(values, rank):
    return sorted(values)[min(max(int(rank), 1), len(values)) - 1]


def same(name, row, key, value):
    if name == "CLS":
        return abs(row[key] - value) <= 1e-12
    return abs(row[key + "_ns"] - value * 1e6) <= 1


def check(path, out):
    rows, targets = rows_of(path)
    d = json.load(open(out))
    wrong = 0
    found = {(r["by"], r["key"], r["metric"].upper()): r for r in d["field"]}
    wrong += found.keys() != rows.keys()
    for (by, key, name), values in rows.items():
        r, n, (good, poor) = found[by, key, name], len(values), LIMITS[name]
        w = 1.96 * math.sqrt(.1875 * n)
        fine = (r["source"] == "rum" and r["count"] == n and same(name, r, "p75", nearest(values, math.ceil(.75 * n)))
                and same(name, r, "p75_low", nearest(values, math.floor(.75 * n - w)))
                and same(name, r, "p75_high", nearest(values, math.ceil(.75 * n + w)))
                and abs(r["good_share"] - sum(v <= good for v in values) / n) < 1e-9
                and abs(r["poor_share"] - sum(v > poor for v in values) / n) < 1e-9
                and abs(r["good_share"] + r["needs_improvement_share"] + r["poor_share"] - 1) < 1e-9)
        if not fine:
            print("wrong:", by, key, name, n, r)
            wrong += 1
    found = {(r["metric"].upper(), r["page"], r["target"]): r for r in d["attribution"]}
    wrong += found.keys() != targets.keys()
    for key, values in targets.items():
        r = found[key]
        if r["count"] != len(values) or not same(key[0], r, "p75", nearest(values, math.ceil(.75 * len(values)))):
            print("wrong:", key, r)
            wrong += 1
    lines = sum(1 for _ in open(path))
    got = d["receiver"]
    wrong += got["accepted"] + got["duplicates"] != lines or got["accepted"] != sum(
        len(v) for (by, _, _), v in rows.items() if by == "all")
    print("%d rows and %d elements, %d wrong" % (len(rows), len(targets), wrong))
    return wrong != 0


def send(port, path):
    lines = open(path).read().split("\n")[:-1]
    wanted = len(lines)
    single, arrays, pieces = lines[:200], lines[200:-50], lines[-50:]
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    answers = []
    for line in single:
        c.request("POST", "/rum", body=line)
        answers.append(c.getresponse())
        answers[-1].read()
    for i in range(0, len(arrays), 100):
        c.request("POST", "/rum", body="[%s]" % ",".join(arrays[i:i + 100]))
        answers.append(c.getresponse())
        answers[-1].read()
    s = socket.create_connection(("127.0.0.1", port))
    for line in pieces:
        text = "POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(line.encode()), line)
        for i in range(0, len(text), 37):
            s.sendall(text[i:i + 37].encode())
    s.shutdown(socket.SHUT_WR)
    got = b""
    while True:
        part = s.recv(65536)
        if not part:
            break
        got += part
    ok = all(a.status == 204 for a in answers) and got.count(b"HTTP/1.1 204 ") == len(pieces)
    print("%d sent" % wanted)
    return not ok


if sys.argv[1] == "make":
    make(sys.argv[2], int(sys.argv[3]))
elif sys.argv[1] == "days":
    days(sys.argv[2])
elif sys.argv[1] == "check":
    sys.exit(check(sys.argv[2], sys.argv[3]))
else:
    sys.exit(send(int(sys.argv[2]), sys.argv[3]))
