#!/bin/bash
# A real Alertmanager is told: what fires arrives there and is resolved there. In a private folder, on
# loopback. Skipped where it is not installed.
root=$(cd "$(dirname "$0")/../.." && pwd)
command -v prometheus-alertmanager >/dev/null && command -v python3 >/dev/null ||
    { echo "1..0 # SKIP no prometheus-alertmanager"; exit 0; }
# shellcheck source=tests/cli/tap.bash
. "$root/tests/cli/tap.bash"

cat >am.yml <<'END'
route: {receiver: none}
receivers: [{name: none}]
END
prometheus-alertmanager --config.file=am.yml --storage.path="$dir/am" --web.listen-address=127.0.0.1:0 \
    --cluster.listen-address= --log.format=logfmt 2>am.log &
am=$!
trap 'kill $am 2>/dev/null; wait $am 2>/dev/null; rm -rf "$dir"' EXIT
# It says which port it was given.
until port=$(grep -om1 'address=127.0.0.1:[0-9]*' am.log | grep -o '[0-9]*$'); do
    kill -0 $am || { cat am.log; exit 1; }
done
url=http://127.0.0.1:$port
cat >policy.yaml <<END
kpis:
  - {name: api, signal: http.latency, quantile: 0.95, window: 1m, target: 100ms, alert: {above: 2x, keep_firing: 0s}}
escalations: {default: [{after: 5m, to: am}]}
receivers: {am: {type: alertmanager, url: '$url'}}
END
# Alertmanager forgets what ended long ago: the times are of now.
now=$(date +%s)
now=$((now - now % 60))
request() { # SECONDS_AGO SECONDS
    printf '203.0.113.9 - - [%s] "GET / HTTP/1.1" 200 1 "-" "ua" rt=%s\n' \
        "$(date -ud "@$((now - $1))" '+%d/%b/%Y:%H:%M:%S +0000')" "$2"
}
for ago in $(seq 300 -10 10); do
    slow=0.05
    [ "$ago" -le 180 ] && [ "$ago" -gt 90 ] && slow=0.5
    request "$ago" "$slow"
done >access.log
evaluate() { # SECONDS_AGO
    run alerts --policy policy.yaml --notify --state state --at "$(date -ud "@$((now - $1))" +%FT%TZ)" access.log
}
asked() { # QUERY: an answer of Alertmanager
    python3 -c 'import sys, urllib.request as u; sys.stdout.buffer.write(u.urlopen(sys.argv[1]).read())' \
        "$url/api/v2/alerts?$1" >out
}
has() { python3 -c "import json,sys; a=json.load(open('out')); sys.exit(not ($1))"; }

evaluate 120
ok "an evaluation is delivered, whatever its step waits for" exited 0
asked active=true
ok "it fires there" has 'len(a) == 1 and a[0]["labels"]["alertname"] == "api"'
ok "with its severity" has 'a[0]["labels"]["severity"] == "warning"'
ok "and what it is" has 'a[0]["annotations"]["summary"].startswith("[FIRING] api warning: 5")'
ok "it ends by itself unless it is told again, five minutes from the evaluation or later" \
    has 'a[0]["status"]["state"] == "active" and a[0]["endsAt"] > a[0]["startsAt"]'
cp out first
evaluate 105
asked active=true
ok "told again it is the same alert" \
    python3 -c 'import json; a, b = json.load(open("first")), json.load(open("out")); assert len(b) == 1 and a[0]["fingerprint"] == b[0]["fingerprint"] and a[0]["endsAt"] < b[0]["endsAt"]'
evaluate 20
ok "its end is delivered" exited 0
asked active=true
ok "and it is resolved there" has 'a == []'
run alerts --policy policy.yaml --test api --yes
asked active=true
ok "a test is another alert than the true one" has 'len(a) == 1 and a[0]["labels"]["test"] == "true"'

finish
