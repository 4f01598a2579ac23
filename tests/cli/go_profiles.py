#!/usr/bin/env python3
"""Compares `slowdive functions FILE` with `go tool pprof -top` of the same file, every function of it.

usage: go_profiles.py SLOWDIVE FILE UNIT [SAMPLE_TYPE]

UNIT: how pprof is to print the values: ns, B or count.
"""
import json
import os
import re
import subprocess
import sys

program, path, unit = sys.argv[1:4]
of_type = sys.argv[4:5]
top = subprocess.run(["go", "tool", "pprof", "-top", "-nodecount=1000000", "-nodefraction=0", "-edgefraction=0",
                      "-unit=" + unit] + ["-sample_index=" + t for t in of_type] + [path],
                     capture_output=True, text=True, check=True, env=dict(os.environ, PPROF_TMPDIR=os.getcwd())).stdout
wanted, at_rows = {}, False
for line in top.splitlines():
    f = line.split(None, 5)
    if at_rows:
        have = wanted.setdefault(re.sub(r" \(inline\)$", "", f[5]), [0, 0])
        have[0] += float(f[0].rstrip("nsB"))
        have[1] += float(f[3].rstrip("nsB"))
    at_rows |= f[:2] == ["flat", "flat%"]
shown = json.loads(subprocess.run([program, "functions", path, "--limit", "0", "--format", "json"] +
                                  [x for t in of_type for x in ("--sample-type", t)],
                                  capture_output=True, text=True, check=True).stdout)
found = {}
for r in shown["rows"]:
    have = found.setdefault(r["name"], [0, 0])
    have[0] += r["self_value"]
    have[1] += r["total_value"]
# pprof leaves out functions without figures, and rounds what it prints to 0.01.
wrong = [(name, found.get(name), value) for name, value in wanted.items()
         if max(abs(a - b) for a, b in zip(found.get(name, (-1, -1)), value)) > 0.011 and any(value)]
wrong += [(name, value, None) for name, value in found.items() if name not in wanted and any(value)]
for name, have, value in wrong:
    print("%s: %s, not %s" % (name, have, value))
sys.exit(bool(wrong) or not wanted)
