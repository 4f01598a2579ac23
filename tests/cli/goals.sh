#!/bin/bash
# KPIs and objectives at exact moments, beside an independent computation; what is missing is null.
. "$(dirname "$0")/tap.bash"
oracle="python3 $root/tests/cli/goals.py"

cat >policy.yaml <<'END'
kpis:
  - {name: api, signal: http.latency, quantile: 0.95, target: 100ms}
  - {name: errors, signal: http.errors, target: 0.01}
  - {name: rate, signal: http.rate, target: 1, alert: {above: 2}}
  - {name: bytes, signal: http.bytes, target: 1kB}
slos:
  - {name: checkout, objective: 0.99, window: 7d, signal: http.latency, good_below: 300ms, match: {route: '/checkout*'}, min_events: 50}
  - {name: available, objective: 0.995, window: 2h, signal: http.errors, min_events: 0}
END
# same SEED AT WINDOW: both computations agree.
same() {
    set -- "$1" "$2" "$(date -ud "@$2" +%FT%TZ)" "$3"
    run kpis --policy policy.yaml --format json --at "$3" --window "${4}s" "exec:cat records-$1.jsonl" && mv out kpis.json
    run slo --policy policy.yaml --format json --at "$3" "exec:cat records-$1.jsonl" && mv out slo.json
    $oracle check "$1" "$2" "$4" kpis.json slo.json >out 2>err
}
$oracle make 1 >records-1.jsonl
$oracle make 2 >records-2.jsonl
# the first minute, the edges of an interval, the gap, the bad hour, long after the end
for at in 1795996860 1796000459 1796000460 1796005000 1796080500 1796090000; do
    ok "the figures at $at" same 1 $at 300
done
ok "one interval" same 2 1796080500 60
ok "half a day" same 2 1796083200 43200

row() { python3 -c 'import json, sys
row = next(r for r in json.load(open("out"))["rows"] if r["name"] == sys.argv[1])
print(json.dumps(row[sys.argv[2]]))' "$@"; }
gives() { [ "$(row "$1" "$2")" = "$3" ]; }
run kpis --policy policy.yaml --format json "exec:cat records-1.jsonl"
ok "without --at it is the end of the data" gives api at '"2026-12-01T00:00:00.000Z"'
run slo --policy policy.yaml --format json "exec:cat records-1.jsonl"
ok "what is covered is said" gives checkout covered_share "$(python3 -c 'print(1 / 7)')"

cat >metric.jsonl <<'END'
{"kind":"metric","at":1795996800000000000,"name":"host.cpu","labels":"host=a","unit":"share","value":0.2}
{"kind":"metric","at":1795996810000000000,"name":"host.cpu","labels":"host=a","unit":"share","value":0.9}
{"kind":"metric","at":1795996810000000000,"name":"host.cpu","labels":"host=b","unit":"share","value":0.1}
END
run kpis --format json "exec:cat metric.jsonl"
ok "every label set by itself" [ "$(grep -c '"host=[ab]"' out)" = 2 ]
ok "no data is null" gives api value null
ok "and its status unknown" gives api status '"unknown"'
ok "and what is known is judged" gives cpu value 0.55
run kpis --format json --host b "exec:cat metric.jsonl"
ok "--host leaves one machine" gives cpu instance '"host=b"'

run kpis --format json -o kpis.out "exec:cat metric.jsonl"
ok "-o names a file" exited 0
ok "instead of the output" silent out
ok "with all that is printed" says kpis.out '"value":	0.55'
refused "one that cannot be written" "cannot write none/kpis.out" kpis -o none/kpis.out "exec:cat metric.jsonl"

run alerts --host b --format json "exec:cat metric.jsonl"
ok "--host leaves one machine to alerts" says out '"instance":	"host=b"'
ok "and no other" [ "$(grep -c "host=a" out)" = 0 ]

run slo --format prometheus --policy policy.yaml
ok "objectives as rules of Prometheus" says out "groups:"
refused "another view has no rules" "there is no format prometheus" kpis --format prometheus "exec:cat metric.jsonl"
finish
