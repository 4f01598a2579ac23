#!/usr/bin/env python3
"""Compares what slowdive and perf report say of one recording.

    perf_report.py SLOWDIVE PERF_DATA [TARGET]     TARGET: what slowdive reads, instead of the recording

Of the 20 functions that use the most by perf report, and of those by slowdive, the shares of self time differ by
no more than 2 points or 3.3 standard errors."""
import collections
import json
import math
import re
import subprocess
import sys


def plain(name):
    """Without parameters, which slowdive leaves out."""
    out, depth = "", 0
    for c in name.replace("(anonymous namespace)", "{anonymous}"):
        depth += c == "("
        out += c if depth == 0 else ""
        depth -= c == ")"
    return re.sub(r" const$", "", out.strip())


def by_perf(data):
    out = subprocess.run(["perf", "report", "-i", data, "--no-children", "--no-inline", "--stdio", "-g", "none", "-F",
                          "sample,dso,sym", "-t", "|", "--percent-limit", "0"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    found = collections.Counter()
    for line in out.split("\n"):
        if line.startswith("#") or line.count("|") < 2:
            continue
        samples, module, symbol = (part.strip() for part in line.split("|", 2))
        symbol = re.sub(r"^\[[.kgu]\] ", "", symbol)
        module = "kernel" if module.startswith("[kernel") else re.sub(r"^\[JIT\] tid (\d+)$", r"perf-\1.map", module)
        if symbol.startswith("0x"):
            symbol = "[%s]" % module.strip("[]")
        found[module, plain(symbol)] += int(samples)
    return found


def by_slowdive(program, target):
    out = subprocess.run([program, "functions", target, "--format", "json", "--limit", "0"],
                         stdout=subprocess.PIPE, text=True, check=True).stdout
    found = collections.Counter()
    for row in json.loads(out)["rows"]:
        module = "kernel" if row["kind"] == "kernel" else row["module"] or "[unknown]"
        if row["self_samples"]:
            found[module, plain(row["name"])] += row["self_samples"]
    return found


def main():
    program, data = sys.argv[1:3]
    perf = by_perf(data)
    own = by_slowdive(program, sys.argv[3] if len(sys.argv) > 3 else "perf_data:%s?inlined=no" % data)
    n, m = sum(perf.values()), sum(own.values())
    print("%d samples of perf, %d of slowdive" % (n, m))
    bad = n < 50 or m < 50
    for key in {k for c in (perf, own) for k, _ in c.most_common(20)}:
        a, b = perf[key] / n, own[key] / m
        share = (perf[key] + own[key]) / (n + m)
        error = math.sqrt(share * (1 - share) * (1 / n + 1 / m))
        wrong = abs(a - b) > max(0.02, 3.3 * error)
        bad |= wrong
        if wrong or "-v" in sys.argv:
            print("%s %s: %.4f by perf, %.4f by slowdive" % (*key, a, b))
    return bad


sys.exit(main())
