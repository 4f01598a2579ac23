#!/bin/bash
# The agent: records, evaluates alerts and tells once, shows its figures, ends in order. And its unit.
# shellcheck source=tests/cli/tap.bash
. "${0%/*}/tap.bash"

# ---- the unit ----

run agent --print-unit
sed "s|^ExecStart=[^ ]*|ExecStart=/usr/bin/slowdive|" out >slowdive-agent.service
ok "the unit is that of contrib" cmp slowdive-agent.service "$root/contrib/slowdive-agent.service"
echo 'kpis: []' >'a b.yaml'
run agent --print-unit --listen 127.0.0.1:9464 --policy 'a b.yaml' host: '/var/log/100%.log'
ok "the unit has what was given, quoted" \
    says out "agent --policy \"$(realpath 'a b.yaml')\" --listen 127.0.0.1:9464 host: /var/log/100%%.log"
if command -v systemd-analyze >/dev/null; then
    exposure=$(systemd-analyze security --offline=yes "$dir/slowdive-agent.service" 2>/dev/null |
        sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
    ok "systemd finds it locked up: ${exposure:-unknown}, at most 2.0" awk "BEGIN { exit !(\"$exposure\" != \"\" && $exposure <= 2.0) }"
else
    ok "systemd finds it locked up # SKIP there is no systemd-analyze" true
fi
: >here.log
run agent --print-unit here.log
ok "a file that is here is named by its whole path" says out "$(realpath here.log)"

# ---- an agent ----

cat >policy.yaml <<'END'
kpis:
  - {name: api, signal: http.latency, quantile: 0.95, target: 100ms, alert: {above: 2x}}
  - {name: quiet, signal: metric:nothing.at.all, target: 1, alert: {above: 1}}
escalations:
  default: [{after: 0s, to: chat}]
receivers:
  chat: {type: command, command: [sh, -c, 'cat >>chat.got']}
history: {url: 'history:agent.db'}
END
for i in $(seq 200); do
    printf '203.0.113.9 - - [%s +0000] "GET /orders/%d HTTP/1.1" 200 100 "-" "ua" rt=0.300\n' \
        "$(date -u +%d/%b/%Y:%H:%M:%S)" "$i"
done >access.log
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

start() {
    "$program" agent --policy policy.yaml --state state --every 1s --host web1 "$@" access.log 2>err &
    agent=$!
}
stop() {
    kill -TERM $agent
    wait $agent
    status=$?
}
fetch() {
    python3 - "$port" >metrics <<'END' 2>/dev/null
import sys, urllib.request
print(urllib.request.urlopen("http://127.0.0.1:%s/metrics" % sys.argv[1], timeout=5).read().decode(), end="")
END
}
shows() { fetch && grep -qF -- "$1" metrics; }

start --listen "127.0.0.1:$port"
ok "what fires is told" await grep -qs '"status":"firing"' chat.got
ok "metrics are there" await shows 'slowdive_alert_firing{alert="api",severity="warning"} 1'
ok "with requests, durations and the history" await shows 'slowdive_history_puts_total'
ok "in buckets that add up" grep -qF 'le="+Inf"} 200' metrics
if command -v promtool >/dev/null; then
    ok "promtool finds nothing wrong" promtool check metrics <metrics
else
    ok "promtool finds nothing wrong # SKIP there is no promtool" true
fi
cp err agent.err
run agent --policy policy.yaml --state state access.log
ok "another agent on the same state is refused" is_refusal "another agent uses the state"
run alerts --ack api --by somebody --state state --policy policy.yaml
ok "people acknowledge beside it" exited 0
cp agent.err err
stop
ok "SIGTERM ends it with 0" exited 0
run history history:agent.db --verify --format json
cat >has.py <<'END'
import json, sys
d = json.load(open("out"))
assert d["endpoints"] >= 1 and d["lost"] == 0 and d["sound"] and d["by_host"][0]["host"] == "web1", d
assert d["by_host"][0]["runs"] == int(sys.argv[1]), d
END
ok "what was taken is in the history" python3 has.py 1
cp chat.got once
touch before
evaluated() { [ state/alerts.json -nt before ]; }
start
ok "the next one evaluates, too" await evaluated
stop
ok "what was told is not told again" cmp once chat.got
run history history:agent.db --verify --format json
ok "of one history" python3 has.py 2
run endpoints history:agent.db --format json
ok "and requests are not counted again" \
    python3 -c 'import json; assert sum(r["count"] for r in json.load(open("out"))["rows"]) == 200'

# ---- refusals ----

refused "an interval that is none" "--every" agent --every soon
refused "another address" "loopback" agent --policy policy.yaml --state s2 --listen 0.0.0.0:9464 access.log
refused "an address without port" "port" agent --policy policy.yaml --state s2 --listen 127.0.0.1 access.log
run agent --policy policy.yaml --state s3 nonsense:x
ok "a source that is none" exited 2
ok "and nothing was begun" says err "nothing was begun"
sed 's|history:agent.db|clickhouse://me@ch.example.com:8123/slowdive|' policy.yaml >remote.yaml
refused "a history on another machine is asked for" "--allow-remote" agent --policy remote.yaml --state s4 access.log
ok "and nothing was written down" [ ! -e s4/allowed-histories ]
waits() { ls s4/waiting-* >/dev/null 2>&1 && [ s4/alerts.json -nt before ]; }
for more in --allow-remote ""; do
    touch before
    # shellcheck disable=SC2086
    "$program" agent --policy remote.yaml --state s4 --every 1s $more access.log 2>err &
    agent=$!
    ok "it is allowed${more:+ once}, and that the server is away does not matter" await waits
    stop
    ok "what waits is kept for later" exited 0
done
ok "for that URL" [ "$(cat s4/allowed-histories)" = clickhouse://me@ch.example.com:8123/slowdive ]

finish
