#!/usr/bin/env python3
"""Is what slowdive printed as JSON what Pyroscope itself says? For profile_url.sh.

usage: pyroscope_check.py table ADDRESS SERVICE FROM UNTIL FILE
       pyroscope_check.py diff ADDRESS SERVICE FROM UNTIL SERVICE FROM UNTIL FILE
       pyroscope_check.py changes FILE
"""
import json
import sys
import urllib.request


def ask(address, method, body):
    r = urllib.request.Request("http://%s/store/querier.v1.QuerierService/%s" % (address, method),
                               json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(r) as answer:
        return json.load(answer)


def selection(service, start, end):
    return {"profileTypeID": "process_cpu:cpu:nanoseconds:cpu:nanoseconds",
            "labelSelector": '{service_name="%s"}' % service, "start": int(start) * 1000, "end": int(end) * 1000}


what, *rest, path = sys.argv[1:]
with open(path, encoding="utf-8") as f:
    shown = json.load(f)
rows = {r["name"]: r for r in shown["rows"]}
if what == "table":
    table = ask(rest[0], "SelectMergeStacktraces", dict(selection(*rest[1:]), format="PROFILE_FORMAT_FUNCTIONS"))
    table = table["functions"]["functions"]
    assert len(rows) == len(table), (len(rows), len(table))
    for t in table:
        r = rows[t["name"]]
        assert r["self_value"] == int(t.get("self", 0)) and r["total_value"] == int(t["total"]), (r, t)
    assert shown["duration_ns"] == 2 * 10**9
    selves = [r["self_value"] for r in shown["rows"]]
    assert selves == sorted(selves, reverse=True)
elif what == "diff":
    graph = ask(rest[0], "Diff", {"left": selection(*rest[1:4]), "right": selection(*rest[4:7])})["flamegraph"]
    selves = {}
    for level in graph["levels"]:
        v = [int(x) for x in level["values"]]
        for i in range(0, len(v), 7):
            s = selves.setdefault(graph["names"][v[i + 6]], [0, 0])
            s[0] += v[i + 2]
            s[1] += v[i + 5]
    selves.pop("total")
    assert selves.keys() == rows.keys(), (selves.keys(), rows.keys())
    for name, (left, right) in selves.items():
        before, after = left / int(graph["leftTicks"]), right / int(graph["rightTicks"])
        r = rows[name]
        assert abs(r["self_share_before"] - before) < 1e-9 and abs(r["self_share_after"] - after) < 1e-9, r
        assert abs(r["delta_share"] - (after - before)) < 1e-9, r
else:
    assert rows["render"]["self_share_before"] == 0 < rows["render"]["self_share_after"], rows["render"]
    assert rows["leaf1"]["self_share_before"] > 0 == rows["leaf1"]["self_share_after"], rows["leaf1"]
