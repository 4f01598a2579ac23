#!/bin/bash
# slowdive report: the headings of each kind, names that are markup, what is not known, and commands that run.
. "$(dirname "$0")/tap.bash"
made() { python3 "$root/tests/cli/worth_made.py" "$@"; }
made made "$dir"
mv made.ndjson before.ndjson
made made "$dir" 1.3
mv made.ndjson after.ndjson
printf 'costs: {currency: EUR, month: 10000, hour: 100}\ntargets: [{kpi: api, baseline: 1s, target: 100ms, months: {2026-11: 500ms}}]\n' >policy.yaml
now=(--policy policy.yaml --at 2026-11-20T15:55:00Z)
headings() { grep '^#' out | tr '\n' ';'; }
has_headings() { [ "$(headings)" = "$1" ] || { echo "# $(headings)"; false; }; }
json() { python3 -c 'import json; d = json.load(open("out")); '"$1"; }

run report baseline exec:'cat before.ndjson' exec:'cat statements.ndjson' "${now[@]}"
ok "a baseline has its headings" has_headings '# Performance baseline;## KPIs;## Endpoints;## Database;## Hot functions;## Bundle;## Lighthouse;## Caches;## Resources;'
ok "what is not known is unknown, with what would tell" says out 'unknown: a profile tells'
ok "figures say over which time and where they are from" eval "grep -A2 '^## Endpoints' out | grep -q '3000 requests, .*5.*min, from exec' && grep -A2 '^## Database' out | grep -q 'calls, .*min, from exec'"
ok "names are no markup" says out '/a\|b\*\_\`\<\['
run report baseline exec:'cat before.ndjson' "${now[@]}" --format json
ok "and it is a document" json 'assert d["kpis"][0]["status"] in ("met", "missed"); assert d["endpoints"][0]["p95_ns"] > 0 and d["bundle"] == [] and d["window_ns"] == 300 * 10**9'

run report compare exec:'cat before.ndjson' exec:'cat after.ndjson'
ok "a comparison has its headings" has_headings '# Before and after;## Changes;## Regressions;'
run report compare exec:'cat before.ndjson' exec:'cat after.ndjson' --format json
ok "what is slower by a third is certain" json 'r = {x["metric"]: x for x in d["rows"]}; x = r["p50 of GET /search"]; assert x["certain"] == "yes" and 0.2 < x["change_share"] < 0.4, x; assert any(y["metric"] == x["metric"] for y in d["regressions"])'
run report compare exec:'cat before.ndjson' exec:'cat before.ndjson' --format json
ok "the same traffic is not" json 'assert d["rows"] and d["regressions"] == [] and {x["certain"] for x in d["rows"]} == {"no"}'
grep '"/cart"' before.ndjson >cart.before
grep '"/cart"' after.ndjson >cart.after
run report compare exec:'cat cart.before' exec:'cat cart.after'
ok "the only endpoint is named as well" eval 'sed -n "/^## Regressions/,\$p" out | grep -q "| p50 of GET /cart |"'
run report compare exec:'cat before.ndjson' exec:'cat after.ndjson' --window 60s --format json
ok "a window is as long on both sides" json 'r = {x["metric"]: x for x in d["rows"]}["rate of all requests"]; assert d["window_ns"] == 60 * 10**9 and 0 < r["samples_before"] < 1000 and abs(r["change_share"]) < 0.5, r'
refused "a comparison of one" "needs two" report compare before.ndjson

run report recommendations exec:'cat before.ndjson' exec:'cat statements.ndjson' "${now[@]}"
ok "recommendations have their headings" has_headings '## Analysis;## Recommendations;### High Priority;### Medium Priority;### Low Priority;## Risks / Trade-offs;## Conflicts Noted;'
ok "an item has its parts in order" test "$(sed -n '/^- \*\*GET \/cart/,/Validation/s/^  - \([^:]*\):.*/\1/p' out | tr '\n' ' ')" = 'Current Optimized Technique Complexity Trade-offs Effort Validation '
ok "names are no markup in them" says out '**GET /a\|b\*\_\`\<\['
cp out report.md
commands=$(sed -n 's/^  - Validation: `\{1,2\} \{0,1\}\(slowdive .*[^` ]\) \{0,1\}`\{1,2\}$/\1/p' report.md)
runs() {
    slowdive() { "$program" "$@"; }
    [ -n "$commands" ] && while read -r line; do eval "$line" >out 2>err </dev/null || { echo "# $line"; return 1; }; done <<<"$commands"
}
ok "what validates one can be run" runs
run report recommendations exec:'cat before.ndjson' exec:'cat statements.ndjson' "${now[@]}" --format json
ok "and they are a document" json 'r = d["recommendations"]; assert r[0]["priority"] == "high" and r[0]["impact_share"] >= 0.25; assert all(x["validation"].startswith("slowdive ") for x in r)'
run report recommendations exec:'cat before.ndjson' "${now[@]}" --format csv
ok "which is no table" refused 'there is no table to print as csv'
run report recommendations exec:'cat before.ndjson' "${now[@]}" --format text
ok "and a text" says out 'Validation: slowdive endpoint'

run report capacity exec:'cat before.ndjson'
ok "capacity" says out '# Capacity model'
ok "without a load test it is unknown" says out 'unknown: a load test of kind search tells'
cat >capacity.py <<'P'
import json
load = {"view": "load", "search": {"held_per_s": 400, "broke_per_s": 500, "threshold": "p99<200ms", "reason": "p99<200ms",
        "levels": [{"rate_per_s": r, "ok_per_s": r, "p99_ns": r * 10**6, "error_share": 0, "held": r < 500} for r in (100, 400, 500)]}}
plan = {"view": "capacity_plan", "peak_per_s": 900, "instances": 6, "instances_total": 9, "p99_ns": None, "cost_per_month": 1261.5,
        "currency": "EUR", "binding": "slo"}
for what, name, o in (("load", "shop|x", load), ("capacity_plan", "spring.yaml", plan)):
    print(json.dumps({"kind": "document", "at": "2026-11-20T15:50:00Z", "what": what, "name": name, "json": json.dumps(o)}))
P
run report capacity exec:'python3 capacity.py'
ok "with one it names the breaking point" says out '| shop\|x | 400/s | 500/s | p99\<200ms |'
ok "p99 of each load" says out '| shop\|x | 400/s | 400/s | 400 ms | 0.0 % | yes |'
ok "and instances" grep -q '| spring.yaml | 900/s | 6 | 9 | unknown | 126[0-9.k ]* | EUR | slo |' out
run report lighthouse exec:'cat before.ndjson'
ok "Lighthouse" says out '# Lighthouse improvement'
run report progress exec:'cat before.ndjson' "${now[@]}" --format json
ok "progress is a document" json 'm = d["targets"][0]["months"][0]; assert list(d["targets"][0]) == ["kpi", "baseline", "target", "months"] and list(m) == ["month", "plan", "value", "progress_share", "status"]; assert d["currency"] == "EUR"'
run report progress exec:'cat before.ndjson' "${now[@]}"
ok "progress" says out '# Progress'
run report caching exec:'cat before.ndjson'
ok "caching" says out '# Caching architecture'
refused "a report that is not there" 'did you mean baseline' report baselin
finish
