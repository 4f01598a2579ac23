#!/usr/bin/env python3
"""Compares `slowdive functions FILE` with what another tool said of the same file.

usage: profile_oracles.py SLOWDIVE FILE EXPECTED [self|total]

EXPECTED: a JSON list of profiles with frames (name, self, total) as speedscope's importer gives them, or
{"self": {name: figure}, "total": {...}}. Figures of a name are added up. With `self` the totals are not compared.
"""
import json
import subprocess
import sys

UNITS = {"microseconds": 1e3, "milliseconds": 1e6, "seconds": 1e9}


def rows_of(doc, found):
    if isinstance(doc, dict):
        for row in doc.get("rows") or []:
            if isinstance(row, dict) and "self_value" in row:
                have = found.setdefault(row["name"], [0, 0])
                have[0] += row["self_value"] or 0
                have[1] += row["total_value"] or 0
        for value in doc.values():
            rows_of(value, found)
    elif isinstance(doc, list):
        for value in doc:
            rows_of(value, found)
    return found


def expected_of(path):
    doc, wanted = json.load(open(path)), {}
    if "profiles" not in doc:
        return {name: (doc["self"].get(name, 0), total) for name, total in doc["total"].items()}
    for profile in doc["profiles"]:
        scale = UNITS.get(profile["unit"], 1)
        for frame in profile["frames"]:
            have = wanted.setdefault(frame["name"], [0, 0])
            have[0] += frame["self"] * scale
            have[1] += frame["total"] * scale
    return wanted


def main():
    program, path, expected = sys.argv[1:4]
    with_totals = sys.argv[4:] != ["self"]
    run = subprocess.run([program, "functions", "--limit", "0", "--format", "json", path],
                         capture_output=True, text=True)
    if run.returncode:
        sys.exit(run.stderr)
    found, wrong = rows_of(json.loads(run.stdout), {}), 0
    for name, (own, total) in expected_of(expected).items():
        have = found.get(name, [0, 0])
        if abs(have[0] - own) > 1 or (with_totals and abs(have[1] - total) > 1):
            print(f"{name}: {have}, not {[own, total]}")
            wrong += 1
    sys.exit(wrong > 0)


main()
