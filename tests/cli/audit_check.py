#!/usr/bin/env python3
"""Compares the JSON of `slowdive audit` on standard input with audit_cases.py; prints a line for each difference."""
import json
import math
import os
import sys
from urllib.parse import urlsplit

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from audit_cases import CASES  # noqa: E402

wrong = 0


def differs(case, what, got, expected):
    global wrong
    wrong += 1
    print("%s (%s): %s is %r, expected %r" % (case["name"], "; ".join("%s: %s" % h for h in case["headers"])[:120], what,
                                              got, expected))


def same(got, expected):
    if isinstance(expected, float) and not isinstance(got, bool) and got is not None:
        return math.isclose(got, expected, abs_tol=1e-9)
    return type(got) is type(expected) and got == expected or (isinstance(got, (int, float)) and isinstance(
        expected, (int, float)) and not isinstance(got, bool) and not isinstance(expected, bool) and got == expected)


doc = json.load(sys.stdin)
rows = {urlsplit(r["url"]).path: r for r in doc["rows"]}
for path, case in CASES.items():
    row = rows.get(path)
    if row is None:
        differs(case, "the row", None, "there")
        continue
    found = [f["kind"] for f in row["findings"]]
    if set(found) != case["findings"] or len(found) != len(set(found)):
        differs(case, "findings", sorted(found), sorted(case["findings"]))
    if row["status"] != case["status"]:
        differs(case, "status", row["status"], case["status"])
    for f in row["findings"]:
        if f["severity"] not in ("info", "warn", "bad") or not f["text"].endswith("."):
            differs(case, "a finding", f, "a severity and a sentence")
    for key, expected in case["facts"].items():
        key = key.rstrip("_")
        got = len(row["cache_layers"]) if key == "n_layers" else row[key]
        if not same(got, expected):
            differs(case, key, got, expected)
    for key in ("dns_ns", "tcp_ns", "first_byte_ns", "transfer_ns"):
        if not isinstance(row["timing"][key], int):
            differs(case, key, row["timing"][key], "a number")
print("%d cases, %d wrong" % (len(CASES), wrong))
sys.exit(wrong > 0)
