#!/bin/bash
# What is worth fixing and what endpoints cost: made requests and statements, beside a second count of the raw
# durations. Targets by month.
. "$(dirname "$0")/tap.bash"
made() { python3 "$root/tests/cli/worth_made.py" "$@"; }
made made "$dir"
cat >policy.yaml <<'Y'
kpis:
  - {name: search, signal: http.latency, target: 50ms, match: {route: /search}}
  - {name: all, signal: http.latency, target: 100ms}
  - {name: errors, signal: http.errors, target: 0.001}
costs: {currency: EUR, month: 10000, hour: 100, revenue_month: 500000, conversion_per_100ms: 0.01}
targets:
  - {kpi: all, baseline: 1s, target: 100ms, months: {2026-10: 900ms, 2026-11: 500ms, 2026-12: 100ms}}
  - {kpi: errors, baseline: 0.02, target: 0.001, months: {2026-11: 0.01}}
roadmap: [{month: 2026-12, name: Quick wins, items: [indexes, caching], expect: 0.20}]
Y
src=(exec:"cat made.ndjson" exec:"cat statements.ndjson")

run bottlenecks "${src[@]}" --policy policy.yaml --at 2026-11-20T15:55:00Z --format json
ok "bottlenecks are found" exited 0
cp out found.json
ok "their figures are those of the raw durations" made bottlenecks "$dir" <found.json
keys='rank kind subject within text impact_ns_per_s impact_share affected_per_s current_ns expected_ns saving_share technique approach effort_hours confidence saves_cost_per_month saves_wait_hours_per_month roi payback_months view select'
ok "with all keys of a row" python3 -c 'import json, sys
for r in json.load(open("found.json"))["rows"]:
    assert list(r) == sys.argv[1].split(), list(r)' "$keys"
# the same requests on two machines: of one of them the figures are those of one alone
python3 - <<'P'
import json
for i, line in enumerate(open("made.ndjson")):
    r = json.loads(line)
    for host in ("web1", "web2"):
        r["host"] = host
        if host == "web2" and r.get("route") == "/search":
            continue
        print(json.dumps(r), file=open("hosts.ndjson", "a"))
P
run bottlenecks exec:"cat hosts.ndjson" exec:"cat statements.ndjson" --policy policy.yaml --at 2026-11-20T15:55:00Z --format json --host web1
ok "--host is that machine alone" python3 -c '
import json
a, b = ([(r["subject"], r["impact_ns_per_s"], r["current_ns"]) for r in json.load(open(f))["rows"] if r["kind"] == "endpoint"] for f in ("found.json", "out"))
assert a and a == b, (a, b)'
run costs exec:"cat hosts.ndjson" --policy policy.yaml --at 2026-11-20T15:55:00Z --format json --host web2
ok "of costs, too" python3 -c '
import json
r = json.load(open("out"))["rows"]
assert r and "/search" not in {x["route"] for x in r} and abs(sum(x["cost_per_month"] for x in r) - 10000) < 1e-6, r'
run report baseline exec:"cat hosts.ndjson" --policy policy.yaml --at 2026-11-20T15:55:00Z --format json --host web3
ok "a machine without data is nobody" python3 -c '
import json
assert json.load(open("out"))["endpoints"] == []'
run bottlenecks "${src[@]}" --policy policy.yaml --at 2026-11-20T15:55:00Z --limit 1
ok "--limit is obeyed" test "$(grep -c 'GET ' out)" = 1
run bottlenecks "${src[@]}" --policy policy.yaml --at 2026-11-20T15:55:00Z --sort roi --format json
ok "sorting by return" exited 0
run bottlenecks "${src[0]}" --format json
ok "without a policy" exited 0

run costs "${src[@]}" --policy policy.yaml --at 2026-11-20T15:55:00Z --format json
cp out found.json
ok "costs are those of the raw durations" made costs "$dir" <found.json
run costs "${src[@]}" --policy policy.yaml --at 2026-11-20T15:55:00Z
ok "what follows from an assumption is marked" says out 'Your assumption, no measurement'
echo 'kpis: []' >poor.yaml
run costs "${src[@]}" --policy poor.yaml --at 2026-11-20T15:55:00Z --format json
ok "without costs nothing is worth anything" says out '"cost_per_month":	null'
run bottlenecks "${src[@]}" --policy poor.yaml --at 2026-11-20T15:40:00Z --format json
ok "nothing later than --at is seen" says out '"rows":	[]'

run roadmap "${src[@]}" --policy policy.yaml --at 2026-11-20T15:55:00Z --format json
ok "a month with data has a value, others have none" python3 -c 'import json
t = json.load(open("out"))["targets"]
assert [x["kpi"] for x in t] == ["all", "errors"], t
m = t[0]["months"]
assert [x["status"] for x in m] == ["unknown", "on track", "unknown"], m
assert m[0]["value"] is None and m[2]["value"] is None and 1e8 < m[1]["value"] < 5e8, m
assert abs(m[1]["progress_share"] - (1e9 - m[1]["value"]) / 9e8) < 1e-9, m
assert t[1]["months"][0]["status"] == "met" and t[1]["months"][0]["value"] == 0, t'
run roadmap "${src[@]}" --policy policy.yaml
ok "the roadmap names what is done" says out 'indexes, caching'
finish
