#!/bin/bash
# slowdive load run: each kind in short, samples, how it ends, and what it refuses.
. "$(dirname "$0")/tap.bash"
# value EXPRESSION: of the JSON in out, as d.
value() { python3 -c 'import json; d = json.load(open("out")); print(('"$1"'))'; }
is() { [ "$(value "$1")" = "$2" ]; }
# until_true COMMAND...: waits for it, at most 20 s.
until_true() {
    local left=200
    until "$@"; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.1
    done
}

python3 "$root/tests/cli/load_server.py" "$dir" &
server=$!
trap 'kill $server; rm -rf "$dir"' EXIT
until_true [ -s port ]
target="target: http://127.0.0.1:$(cat port)"
lines() { [ "$(wc -l <"$1")" = "$2" ]; }

# ---- steady ----
cat >steady.yaml <<YAML
$target
warmup: 100ms
stages: [{for: 600ms, rate: 200}]
requests:
  - {name: good, weight: 3, path: '/ok?i={seq}', headers: {X-Note: a}}
  - {name: posted, method: POST, path: /ok, body: '{"a":1}'}
thresholds: ["p99 < 10s", "error_share < 1%", "p50{posted} < 10s"]
YAML
run load run steady.yaml --samples s.csv --format json
# On a machine with no time to spare the generator itself may be late: that is "unreliable", and no failure here.
fair() { grep -qE '"verdict":.*"(pass|unreliable)"' out; }
ok "what holds ends with 0" eval 'fair && { [ $status = 0 ] || grep -q unreliable out; }'
ok "every request of the schedule but the warm-up is in the figures" is '[d[k] for k in ("view", "kind", "planned", "ok", "failed", "unsent")]' "['load', 'steady', 100, 100, 0, 0]"
ok "the planned rate, and seconds with the warm-up" is 'd["rate_planned_per_s"], d["rate_sent_per_s"], [x["planned"] for x in d["series"]]' '(200, 200, [120])'
ok "rows of requests" is 'sum(x["planned"] for x in d["rows"]), [x["name"] for x in d["rows"]]' "(100, ['good', 'posted'])"
ok "samples have a line for each request" lines s.csv 121
ok "in the order of the schedule" python3 -c '
import csv
rows = list(csv.DictReader(open("s.csv")))
assert [int(r["seq"]) for r in rows] == list(range(120))
assert [int(r["intended_ns"]) for r in rows] == [i * 5 * 10**6 for i in range(120)]
assert all(int(r["intended_ns"]) <= int(r["sent_ns"]) <= int(r["done_ns"]) and r["status"] == "200" for r in rows)'
ok "the number of the request stands in its path" grep -q '^/ok?i=' seen
cut -d, -f1,2 s.csv >first
run load run steady.yaml --samples base.csv
cp base.csv s.csv
cut -d, -f1,2 s.csv >second
ok "the same seed gives the same requests" cmp -s first second
ok "for people: the figures in a sentence" says out '100 of 100 requests sent, 200/s; p50'

sed 's|/ok|/bad|' steady.yaml >bad.yaml
mkfifo pipe
cat pipe >piped &
reader=$!
run load run bad.yaml --samples pipe -o report.json --format json
wait $reader
mv report.json out
ok "a threshold that does not hold ends with 1" exited 1
ok "and is told" is '[t["passed"] for t in d["thresholds"]]' "[True, False, True]"
ok "errors with a sample" is '[(e["kind"], e["status"], e["count"], e["sample"]) for e in d["errors"]]' "[('status', 503, 100, 'too busy')]"
ok "samples into a FIFO" lines piped 121

printf '%s\ntimeout: 200ms\nstages: [{for: 200ms, rate: 50}]\nrequests: [{path: /hang}]\n' "$target" >hang.yaml
python3 - "$program" <<'PYTHON' >live
import os, pty, subprocess, sys
master, slave = pty.openpty()
p = subprocess.Popen([sys.argv[1], "load", "run", "hang.yaml", "--format", "json"], stdout=open("out", "w"), stderr=slave)
p.wait()
os.close(slave)
shown = b""
try:
    while piece := os.read(master, 65536):
        shown += piece
except OSError:
    pass
print(shown.decode())
PYTHON
ok "on a terminal it shows itself" says live '10 begun, 0 answered, 10 failed (100 %)'
ok "time-outs are in the latency" is 'd["timeouts"], d["failed"], d["latency"]["count"], d["latency"]["min_ns"] >= 2e8' '(10, 10, 10, True)'

# ---- closed, with credentials ----
printf 'name\nanna\nben\n' >users.csv
printf '%s\nmodel: closed\nstages: [{for: 600ms, users: 2}]\nthink: {constant: 100ms}\ncredentials: users.csv\nrequests: [{path: "/ok?u={user.name}"}]\n' "$target" >closed.yaml
run load run closed.yaml --samples s.csv --format json
ok "users think between their requests" is '2 <= d["planned"] <= 12, d["planned"] == d["ok"], d["model"]' "(True, True, 'closed')"
ok "each has a row of the credentials" grep -q '^/ok?u=ben' seen
sed 's/users: 2/users: 3/' closed.yaml >more.yaml
refused "more users than rows" "credentials_reuse" load run more.yaml

# ---- the other kinds ----
printf '%s\nkind: search\nsearch: {from: 25, to: 100, step: 200ms, recover: 1s, require: 50}\nthresholds: [p99 < 10s]\nrequests: [{path: /queue}]\n' "$target" >search.yaml
run load run search.yaml --format json
ok "a search begins at the bottom, and each level has a reason or held" is 'd["search"]["levels"][0]["rate_per_s"], all(x["held"] == (x["reason"] is None) for x in d["search"]["levels"])' '(25, True)'
sed 's/p99 < 10s/p50 < 1us/' search.yaml >breaks.yaml
run load run breaks.yaml --format json
ok "a first level that breaks is run twice" is 'd["search"]["held_per_s"], d["search"]["broke_per_s"], len(d["search"]["levels"]), d["search"]["reason"]' "(None, 25, 2, 'p50 < 1us')"
ok "and fails" exited 1

printf '%s\nkind: spike\nspike: {base: 20, factor: 3, before: 500ms, rise: 200ms, hold: 200ms, after: 1s, stable: 1s}\nrequests: [{path: /ok}]\n' "$target" >spike.yaml
run load run spike.yaml --format json
ok "a spike has three parts" is '[d["spike"][k]["count"] for k in ("before", "during", "after")], d["spike"]["peak_per_s"]' '([10, 20, 20], 60)'

printf '%s\nkind: soak\nstages: [{for: 1500ms, rate: 20}]\nsoak: {watch: [{name: rss, limit: 1GB}, {name: flat}, {name: pool, limit: pool_max}], every: 100ms}\nrequests: [{path: /ok}]\n' "$target" >soak.yaml
run load run soak.yaml --format json
ok "a metric that grows" is '[g["significant"] for g in d["growth"] if g["name"] == "rss"]' '[True]'
ok "the series of one metric are added up" is '[(g["first"], g["significant"]) for g in d["growth"] if g["name"] == "flat"]' '[(5, False)]'
ok "a limit that another metric is" is '[(g["limit"], g["reached_ns"] is not None) for g in d["growth"] if g["name"] == "pool"]' '[(10, True)]'
ok "fail, and scrapes are no load" is 'd["verdict"] in ("fail", "unreliable"), d["planned"], d["statuses"]' "(True, 30, {'200': 30})"

printf 'key\na\nb\nc\n' >keys.csv
printf '%s\nkind: limits\nlimits: {rate: 50, burst: 10, over: 3, for: 1500ms}\ncredentials: keys.csv\nrequests: [{path: /limited, headers: {X-Key: "{user.key}"}}]\n' "$target" >limits.yaml
run load run limits.yaml --format json
ok "the limit is found" is '30 < d["limits"]["allowed_per_s"] < 70, 3 < d["limits"]["burst"] < 30, d["limits"]["retry_after"]["kind"]' "(True, True, 'seconds')"
ok "by three clients" is '[c["name"] for c in d["limits"]["clients"]], d["limits"]["clients"][0]["limited"] > 0' "(['aggressor', 'polite', 'modest'], True)"

# ---- how it ends ----
printf '%s\nstages: [{for: 60s, rate: 50}]\nrequests: [{path: /endless}]\n' "$target" >long.yaml
for signal in INT TERM; do
    : >seen
    "$program" load run long.yaml --format json >out 2>err &
    pid=$!
    until_true grep -q '^/endless' seen
    kill -$signal $pid
    wait $pid
    status=$?
    ok "SIG$signal ends with 130" exited 130
    ok "and with the document of what was measured" is 'd["verdict"], d["planned"] > 0, d["planned"] == d["ok"] + d["failed"], d["sent"] >= d["planned"]' "('stopped', True, True, True)"
done

sed 's|/endless|/hang|' long.yaml >stuck.yaml
: >seen
"$program" load run stuck.yaml --format json >out 2>err &
pid=$!
until_true grep -q '^/hang' seen
kill -INT $pid
wait $pid
ok "what it waited for the last answers is not measured" is 'd["sent"] > 0, d["measured_ns"] < d["sent"] / 50 * 1e9 + 0.4e9' "(True, True)"
: >seen
"$program" load run stuck.yaml >out 2>err &
pid=$!
until_true grep -q '^/hang' seen
kill -INT $pid
sleep 0.1
kill -INT $pid
wait $pid
status=$?
ok "a second Ctrl-C ends at once" eval '[ $status = 130 ] && silent out'

# ---- a baseline ----
run load run steady.yaml --baseline base.csv --format json
ok "a short run is compared and proves nothing" is 'd["comparison"]["view"], d["comparison"]["verdict"]' "('load_compare', 'unsure')"
refused "a baseline that is not there" "gone.csv" load run steady.yaml --baseline gone.csv
refused "a tolerance without a baseline" "--baseline" load run steady.yaml --tolerance 5%

# ---- what is refused; nothing is sent ----
: >seen
refused "another host" "192.0.2.1" load run steady.yaml --target http://192.0.2.1/
refused "another host than the allowed one" "192.0.2.1" load run steady.yaml --target http://192.0.2.1/ --allow example.org
refused "a target that is no URL" "target" load run steady.yaml --target nonsense
printf '%s\nwormup: 1s\n' "$target" >typo.yaml
refused "an unknown key, with file and line" 'typo.yaml:2:1: unknown key "wormup" in a scenario; did you mean "warmup"?' load run typo.yaml
refused "no scenario" "gone.yaml" load run gone.yaml
refused "no argument" "SCENARIO" load run
refused "two" "one too many" load run steady.yaml steady.yaml
sed 's/rate: 200/rate: 10001/' steady.yaml >fast.yaml
refused "more than 10,000 a second" "--max-rate" load run fast.yaml
refused "less than asked for" "--max-rate" load run steady.yaml --max-rate 50
sed 's/for: 600ms/for: 61m/' steady.yaml >hours.yaml
refused "more than an hour" "--max-duration" load run hours.yaml
refused "a rate that is none" "--max-rate" load run steady.yaml --max-rate fast
refused "a duration that is none" "--max-duration" load run steady.yaml --max-duration 5
refused "a seed that is none" "--seed" load run steady.yaml --seed x
refused "samples where none can be" "s.csv" load run steady.yaml --samples /nowhere/s.csv
refused "an unknown format" "format" load run steady.yaml --format xml
ok "and nothing was sent" silent seen
finish
