#!/bin/bash
# Access logs become scenarios: `slowdive load profile`.
. "$(dirname "$0")/tap.bash"

# log MINUTE SECOND ADDRESS USER METHOD TARGET SECONDS AGENT
log() {
    printf '%s - %s [20/Nov/2026:15:%02d:%02d +0000] "%s %s HTTP/1.1" 200 123 "-" "%s" %s\n' "$3" "$4" "$1" "$2" \
        "$5" "$6" "$8" "$7"
}
shop() {
    log 0 0 10.0.0.1 - GET / 0.250 firefox
    log 0 0 10.0.0.1 - GET / 0.250 curl
    log 0 10 10.0.0.1 - GET /items/1 1.500 firefox
    log 0 10 10.0.0.1 - POST /cart 0.100 firefox
    log 0 11 10.0.0.1 ann GET '/items/2?page=3&token=geheim' 0.250 firefox
    log 0 30 10.0.0.9 ann GET '/items/2?page=3&token=anders' 0.250 safari
    echo 'this is no request'
    log 40 0 10.0.0.1 - GET /items/3 0.250 firefox
    log 40 0 10.0.0.1 - BREW /pot 0.250 firefox
}
shop >access.log

# figures: of the document in `out`, on one line.
figures() {
    python3 - <<'P'
import json
try:
    d = json.load(open("out"))
    t, l = d["think"], d["session_length"]
    print(d["lines"], d["unparsed"], d["requests"], d["sessions"], "%.6g %.6g" % (d["rate_mean_per_s"], d["rate_peak_per_s"]),
          [(r["name"], r["count"], round(r["share"], 4), r["paths"], round(r["p50_ns"] / 1e6)) for r in d["rows"]],
          t["samples"], t["overlapping"], t["median_ns"] / 1e9, t["p95_ns"] / 1e9, "%.6g" % l["mean"], l["p50"], l["p95"],
          [(s["method"], s["count"]) for s in d["skipped"]])
except Exception as e:
    print("no document:", e, open("err").read().strip())
P
}
wanted="9 1 6 4 0.0025 0.0833333 [('GET /items/:id', 4, 0.6667, 3, 251), ('GET /', 2, 0.3333, 1, 250)] 2 0 8.5 18.75 1.5 1 2 \
[('BREW', 1), ('POST', 1)]"
run load profile access.log --format json
ok "routes, sessions, think times and rates" [ "$(figures)" = "$wanted" ]
ok "it is done" exited 0
gzip -k access.log
run load profile access.log.gz --format json
ok "the same of a packed log" [ "$(figures)" = "$wanted" ]
"$program" load profile - --format json <access.log >out 2>err
ok "the same of standard input" [ "$(figures)" = "$wanted" ]
head -4 access.log >one.log
tail -n +5 access.log >two.log
run load profile two.log one.log --format json
ok "the same of two files, whatever their order" [ "$(figures)" = "$wanted" ]
awk 'NR % 2' access.log >odd.log
awk 'NR % 2 == 0' access.log | gzip >even.log.gz
run load profile even.log.gz odd.log --format json
ok "the same of the logs of two servers" [ "$(figures)" = "$wanted" ]
run load profile 'log:*.log.gz' odd.log --format json
ok "more by a pattern" [ "$(figures | cut -d' ' -f1-3)" = "18 2 12" ]
run load profile access.log --format json --session-gap 1h --methods GET,POST
ok "a longer gap, other methods" [ "$(figures | cut -d' ' -f1-4)" = "9 1 7 3" ]

run load profile access.log --scale 50%
ok "a scenario, at half the rate" says out '{for: 60s, rate: 0.00125}'
ok "with its requests" says out '- {name: "GET /items/1", weight: 1, method: "GET", path: "/items/1"}'
ok "without secrets" says out 'path: "/items/2?page=3&token=x"'
ok "a secret is nowhere" [ "$(grep -c 'geheim\|anders' out)" = 0 ]
ok "it says what is left out" says out '# left out: 1 of method POST'
run load profile access.log -o shop.yaml
ok "into a file" says shop.yaml 'think: {median: 8.5s, p95: 18.75s}'
ok "and nothing else" silent out
run load profile access.log --sessions
ok "sessions in order" says out '- {request: "GET /items/2?page=3&token=x", think: 18.75s}'
ok "a user each" says out 'model: closed'

refused "no log" "load profile needs LOG" load profile
refused "a file that is not there" "cannot open nowhere.log" load profile nowhere.log
refused "a pattern without a file" "no file matches no*where" load profile 'no*where'
echo "hello" >other.txt
refused "a file that is no log" "is not an access log of a known format" load profile other.txt
refused "a folder" "is a folder" load profile .
refused "no method that is sent" "has one of the methods" load profile access.log --methods PUT
refused "a gap that is none" "soon" load profile access.log --session-gap soon
refused "nothing to scale" "leaves nothing to send" load profile access.log --scale 0
refused "a format that cannot work" "format" load profile access.log --log-format '$status$request'
head -c 60 access.log.gz >cut.log.gz
refused "a packed log that is cut" "truncated" load profile cut.log.gz
finish
