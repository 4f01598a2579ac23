#!/bin/bash
# slowdive changes: two halves, and against a baseline that is a log or a recording.
. "$(dirname "$0")/tap.bash"

# 60 seconds with 6 requests each: SLOW STATUS-OF-FAILING PATH
traffic() { # DURATION STATUS PATH
    for s in $(seq 0 59); do
        for k in 1 2 3 4 5 6; do
            line "$s" GET "/orders/$s$k" 200 "0.0$(($1 + (s * 7 + k * 3) % 5))"
            line "$s" GET "$3" "$([ $((k % 3)) = 0 ] && echo "$2" || echo 200)" 0.005
        done
    done
}
traffic 20 200 /cart >before.log
traffic 20 200 /cart >same.log
traffic 60 500 /cart >slow.log
traffic 20 200 /basket >moved.log

run changes --baseline before.log same.log --format json
ok "the same traffic is compared" exited 0
ok "and nothing is more than noise" says out '"changed":	0'
ok "with the baseline named" says out '"baseline":	"baseline"'
run changes --baseline before.log slow.log --format csv
ok "three times the latency is told" says out 'endpoint,GET /orders/:id,median,'
ok "as changed" [ "$(grep -c '^endpoint,GET /orders/:id,median,.*,changed,true' out)" = 1 ]
ok "and new errors" [ "$(grep -c '^errors,GET /cart,errors,.*,new,true' out)" = 1 ]
run changes --baseline before.log moved.log --format csv
ok "what is new is told" [ "$(grep -c '^endpoint,GET /basket,requests,.*,new,true' out)" = 1 ]
ok "and what is gone" [ "$(grep -c '^endpoint,GET /cart,requests,.*,gone,true' out)" = 1 ]
run record -o before.slowdive --for 1s before.log
run changes --baseline before.slowdive slow.log
ok "a recording is a baseline" says out "Changes from the baseline"
run changes before.log
ok "without one, the halves are compared" says out "Changes from the first half"
run changes --baseline nowhere.log before.log
ok "a baseline that is not there is refused" is_refusal "--baseline: "
run endpoints --baseline before.log slow.log --format json
ok "another view is printed beside the baseline" exited 0
ok "with what the row was" says out '"baseline_p95_ns":	23'
ok "and by how much it has changed" says out '"change_share":	'
ok "and with what it is compared" says out '"baseline":	"before.log"'
run endpoints --baseline before.log moved.log
ok "as text the sorted column has its value before" says out 'Total before'
ok "and its change" says out ' new'
ok "and what is only in the baseline is listed" says out 'GET /cart'
run endpoint --select 'GET /orders/:id' --baseline before.log slow.log --format json
ok "a view about one thing compares its figures" says out '"baseline_p50_ns":	2'
run endpoint --baseline before.log slow.log --format json
ok "also when the thing was not named" says out '"baseline_p50_ns":	2'
run endpoints --baseline before.log same.log --format csv --limit 1
ok "CSV has the columns, too" says out 'baseline_p95_ns'
# A deploy divides what is compared, and is named.
for s in $(seq 0 59); do
    for k in 1 2 3 4 5 6 7 8; do
        d=$((20 + (s * 7 + k * 3) % 9))
        line "$s" GET /items 200 "0.0$([ "$s" -ge 40 ] && echo $((d * 2)) || echo $d)"
        line "$s" GET /steady 200 "0.0$((20 + (s * 5 + k * 3) % 9))"
    done
done >deploy.log
echo '[{"type":"deploy","at":"2026-11-20T15:51:40Z","version":"1.5.0","service":"shop"}]' >deploys.json
run changes deploy.log deploys.json
ok "a file of events is a source" exited 0
ok "changes are those since the deploy" says out 'Changes since the deploy 1.5.0 at '
ok "the deploy is listed" says out 'shop'
ok "with the interval of the difference" grep -qE '^! *endpoint .*GET /items .*\+[0-9.]+\.\.\+[0-9.]+ ms' out
cat >steps <<'STEPS'
: changes
STEPS
run record -o deploy.slowdive deploy.log deploys.json
for window in 5m 30s 10s; do
    run replay deploy.slowdive --script steps --size 120x30 --window $window
    mv out in-$window
done
ok "so they are in a window of the console that a deploy is in" says in-5m 'Changes since the deploy 1.5.0 at '
ok "as long before it as the window" says in-30s 'before: 15:51:10-15:51:40'
ok "a window after it is compared with the one before" says in-10s 'Changes from the window before'
run changes deploy.log deploys.json --format csv
ok "what was slower since then is found" [ "$(grep -c '^endpoint,GET /items,median,.*,changed,true' out)" = 1 ]
ok "and nothing else" [ "$(grep -c '^[a-z]*,GET /steady,.*,changed,true' out)" = 0 ]
run changes deploy.log events:deploys.json --format json
ok "the interval has its ends in JSON" says out '"low":	'
# Deploys and restarts that nobody announced: a version in spans, a start time.
cat >told.ndjson <<'END'
{"kind":"spans","at":1795189860000000000,"traces":["t1","t2"],"services":["shop","shop"],"resources":["service.version=1.4.0","host=a,service.version=1.5.0"],"names":["GET /"],"trace":[0,1],"id":["a","b"],"parent":[null,null],"service":[0,1],"name":[0,0],"span_kind":[2,2],"start":[1795189861000000000,1795189885000000000],"duration":[1000000,1000000],"error":[0,0]}
{"kind":"spans","at":1795189890000000000,"traces":["t3"],"services":["shop"],"resources":["service.version=1.4.0"],"names":["GET /"],"trace":[0],"id":["a"],"parent":[null],"service":[0],"name":[0],"span_kind":[2],"start":[1795189890000000000],"duration":[1000000],"error":[0]}
{"kind":"metric","at":1795189860000000000,"name":"process_start_time_seconds","labels":"job=api","value":1795180000}
{"kind":"metric","at":1795189870000000000,"name":"process_start_time_seconds","labels":"job=api","value":1795180000.4}
{"kind":"metric","at":1795189895000000000,"name":"process_start_time_seconds","labels":"job=api","value":1795189893}
END
run changes deploy.log 'exec:cat told.ndjson' --format json
ok "a new version in spans is a deploy" says out '"deploy 1.5.0"'
ok "at its first span" says out '"at":	"2026-11-20T15:51:25.000Z"'
ok "and one that still runs beside it is none" [ "$(grep -c '"deploy 1' out)" = 1 ]
ok "a new start time is a restart" says out '"restart of job=api"'
ok "at that time, once" [ "$(grep -c '"restart of' out)" = 1 ]
refused "a file that is no list of events" 'is no list of events' changes events:deploy.log
run replay before.slowdive --baseline before.log --script - <<<':changes
print'
ok "the console compares with it, too" says out 'the baseline'
finish
