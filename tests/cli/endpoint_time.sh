#!/bin/bash
# slowdive endpoint: by which evidence, kinds of durations, parts, the slowest, and a budget of hops. Input is
# records as JSON lines, and logs.
. "$(dirname "$0")/tap.bash"
at=1795189898000000000

# The same requests in a log, in buckets of others and in traces.
cat >told.ndjson <<END
{"kind":"http","at":$at,"method":"GET","route":"/orders/:id","interval_ns":10000000000,"count":100,"timed":100,"total_ns":400000000,"status_2xx":98,"status_5xx":2,"queue_ns":50000000,"upstream_ns":300000000,"latency":[[4000000,100]]}
{"kind":"http","at":$at,"method":"GET","route":"/orders/{orderId}","evidence":"traces","interval_ns":10000000000,"count":10,"errors":1,"timed":10,"total_ns":90000000,"latency":[[9000000,10]]}
{"kind":"latency","at":$at,"method":"GET","route":"/orders/:id","rule":"classic","evidence":"http_request_duration_seconds","interval_ns":10000000000,"count":100,"errors":3,"total_ns":500000000,"lower_ns":[0,2500000,5000000,10000000],"upper_ns":[2500000,5000000,10000000,1e400],"counts":[0,50,50,0]}
{"kind":"latency","at":$at,"method":"GET","route":"/metrics-only","rule":"classic","interval_ns":10000000000,"count":100,"total_ns":500000000,"lower_ns":[0,2500000,5000000,10000000],"upper_ns":[2500000,5000000,10000000,1e400],"counts":[0,50,50,0]}
{"kind":"latency","at":$at,"method":"GET","route":"/summary","rule":"summary","interval_ns":10000000000,"count":100,"total_ns":500000000,"quantiles":[0.5,0.99],"values_ns":[3000000,8000000]}
{"kind":"http","at":$at,"method":"GET","route":"/traced","evidence":"traces","interval_ns":10000000000,"count":10,"timed":10,"total_ns":90000000,"status_2xx":10,"latency":[[9000000,10]]}
{"kind":"http_part","at":$at,"method":"GET","route":"/orders/:id","by":"upstream","key":"10.0.0.7:8080","interval_ns":10000000000,"count":60,"errors":2,"timed":60,"total_ns":240000000,"latency":[[4000000,60]]}
{"kind":"http_part","at":$at,"method":"GET","route":"/orders/:id","by":"upstream","key":"10.0.0.8:8080","interval_ns":10000000000,"count":40,"errors":0,"timed":40,"total_ns":160000000,"latency":[[4000000,40]]}
{"kind":"exemplar","at":$at,"method":"GET","route":"/orders/:id","duration_ns":9000000,"status":500,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","path":"/orders/17","evidence":"access log"}
END
cat >policy.yaml <<'END'
kpis: []
hops:
  - name: orders
    match: {route: '/orders/*'}
    max: 50ms
    hops:
      - {name: gateway, max: 5ms}
      - {name: mesh, max: 5ms}
      - {name: app, max: 5ms}
      - {name: database, signal: db.latency, max: 10ms}
      - {name: serialising, max: 2ms}
END
field() { # ROUTE COLUMN: of the CSV
    python3 - "$1" "$2" <<'END'
import csv, sys
print(next((r[sys.argv[2]] for r in csv.DictReader(open("out")) if r["route"] == sys.argv[1]), "none"))
END
}
is() { [ "$(field "$2" "$3")" = "$1" ]; }

run endpoints 'exec:cat told.ndjson' --format csv
ok "records of all kinds of evidence are read" exited 0
ok "a request in a log and in a trace is counted once" is 100 /orders/:id count
ok "by the log" is access_log /orders/:id evidence
ok "the trace's name of it is no other endpoint" is none '/orders/{orderId}' count
ok "with the error of our own histograms" is 0.0078125 /orders/:id error_bound
ok "metrics alone are counted" is 100 /metrics-only count
ok "as such" is metrics /metrics-only evidence
ok "a percentile by the rule of the buckets" is 5000000 /metrics-only p50_ns
ok "the bound is the width of the bucket" is 0.5 /metrics-only error_bound
ok "what they do not tell is unknown" is '' /metrics-only max_ns
ok "errors, too" is '' /metrics-only error_share
ok "a summary tells its own percentiles" is 8000000 /summary p99_ns
ok "and no others" is '' /summary p95_ns
ok "nor how exact they are" is '' /summary error_bound
ok "traces alone are counted" is traces /traced evidence

run endpoint --select 'GET /orders/:id' 'exec:cat told.ndjson' --format json --policy policy.yaml
ok "what else tells of it stands beside" says out '"evidence":	"traces"'
ok "an upstream is told apart" says out '"key":	"10.0.0.7:8080"'
ok "the slowest request with its trace" says out '"trace_id":	"4bf92f3577b34da6a3ce929d0e0e4736"'
ok "the budget is planned" says out '"hops_planned_ns":	27000000'
ok "and what is left of it" says out '"hops_left_ns":	23000000'
ok "a hop that nothing tells of is not measured" says out '"measured_ns":	null'
run endpoint --select 'GET /orders/:id' 'exec:cat told.ndjson' --policy policy.yaml
ok "the budget in words" says out '27.0 ms of 50.0 ms planned, 23.0 ms left'
ok "queueing by the log" says out queue
run endpoint --select 'GET /orders/{orderId}' 'exec:cat told.ndjson' --format json
ok "the other name finds it" says out '"endpoint":	"GET /orders/:id"'
cp policy.yaml slowdive-policy.yaml
run endpoint --select 'GET /orders/:id' 'exec:cat told.ndjson' --format json
ok "a printed view reads the folder's policy" says out '"hops_left_ns":	23000000'
rm slowdive-policy.yaml
printf 'hops:\n  - {name: a, max: soon, hops: [{name: b, max: 1ms}]}\n' >bad.yaml
refused "a mistake in a policy" 'bad.yaml:2:20: max is not understood; expected a duration such as 50ms' \
    endpoints 'exec:cat told.ndjson' --policy bad.yaml
printf 'hop: []\n' >bad.yaml
refused "an unknown section" 'did you mean "hops"?' endpoints 'exec:cat told.ndjson' --policy bad.yaml
refused "a policy that is not there" 'none.yaml' endpoints 'exec:cat told.ndjson' --policy none.yaml

# 60 % about 2 ms, 40 % about 310 ms
for s in $(seq 0 59); do
    for k in 1 2 3 4 5; do
        line "$s" GET /two 200 "0.$([ "$k" -le 3 ] && echo 00$((2 + (s + k) % 2)) || echo 3$((5 + (s * k) % 10))0)"
        line "$s" GET /one 200 "0.0$((10 + (s * 7 + k * 3) % 9))"
    done
done >two.log
run endpoint --select 'GET /two' two.log --format json
ok "two kinds of durations are told" says out '"modes":'
ok "with their shares" says out '"share":	0.6'
run endpoint --select 'GET /two' two.log
ok "in words" says out '60 % about '
run endpoint --select 'GET /one' two.log --format json
ok "one kind is no two" eval '! says out "\"modes\":"'
finish
