#!/bin/bash
# Engines with Prometheus' query API: a real Prometheus that reads a small program, and some that misbehave.
. "$(dirname "$0")/tap.bash"
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

python3 "$root/tests/cli/promql_server.py" "$dir" &
server=$! engine=
trap 'kill $server $engine 2>/dev/null; wait 2>/dev/null; rm -rf "$dir"' EXIT
until [ -f port ]; do kill -0 $server || exit 1; done
at=127.0.0.1:$(cat port)
# A figure of the row of that route: row ROUTE KEY
row() { python3 -c 'import json, sys
print([r[sys.argv[2]] for r in json.load(open("out"))["rows"] if r["route"] == sys.argv[1]][0])' "$1" "$2"; }
is() { [ "$(row "$1" "$2")" = "$3" ] || { echo "# $1 $2: $(row "$1" "$2"), not $3"; false; }; }
near() { python3 -c 'import sys
a, b = float(sys.argv[1]), float(sys.argv[2])
sys.exit(abs(a - b) > float(sys.argv[3]) * b)' "$(row "$1" "$2")" "$3" "${4:-1e-6}" || { echo "# $1 $2: $(row "$1" "$2"), not $3"; false; }; }
asked() { grep -qF -- "$1" asked; }

run endpoints "prom+http://$at/mimir/prometheus/?range=10s&tenant=shop" --format json
ok "buckets that the engine added up are an endpoint" is /orders/:id count 40
ok "its percentile by Prometheus' rule" near /orders/:id p50_ns 150000000
ok "of a prefix" asked "/mimir/prometheus/api/v1/query "
ok "with its tenant" asked " shop "
ok "the engine adds up, by the labels of an endpoint" asked "sum by (le,http_route,"
ok "no series comes over as it is" eval '! grep -v "sum by\|count by\|max by\|max(\|min(max_over_time\|query_exemplars\|group(" asked'
ok "which interval it is, is said" says out "Figures are of the last 10.0 s."
run endpoints "prom+http://$at/x?match={job=\"shop\"}&by=instance" --format json
ok "matchers go into each question" asked '{__name__="http_server_request_duration_seconds_bucket",job="shop"}'
ok "labels to keep apart, too" asked ",instance) (rate("
run endpoints "prom+http://$at/native?range=10s" --format json
ok "a native histogram is read by its own rule" near /x p50_ns 125000000
ok "and counted" is /x count 40
run endpoints "prom+http://$at/part" --format json
ok "a part of an answer is said to be one" says out "store 10.0.0.7:10901 did not answer"
run endpoints "prom+http://$at/odd" --format json
ok "figures that are none give no endpoint" says out '"rows":	[]'

run endpoints "prom+http://$at/closed"
ok "who may not ask" is_refusal "$at answers with status 401: who are you? token=***"
run endpoints "prom+http://$at/closed?token=geheim123" --format json
ok "a token" exited 0
run endpoints "prom+http://ops:geheim123@$at/closed" --format json
ok "a name and a password" exited 0
ok "none of it is printed" eval '! grep -q geheim out err'
run endpoints "prom+http://$at/page"
ok "a page" is_refusal "the answer of $at is a page, not one of Prometheus' query API"
run endpoints "prom+http://$at/garbage"
ok "garbage" is_refusal "cannot read the answer of $at: The JSON"
run endpoints "prom+http://$at/deep"
ok "a million brackets" is_refusal "cannot read the answer of $at: The JSON"
run endpoints "prom+http://$at/cut"
ok "a cut answer" is_refusal "cannot read the answer of $at: The JSON"
run endpoints "prom+http://$at/busy"
ok "the engine's own sentence" is_refusal "$at answers with status 503: query timed out in expression evaluation"
run endpoints "prom+http://$at/huge"
ok "more than an answer may be" is_refusal "has more than 32 MiB"
run endpoints "prom+http://$at/hangs?timeout=200ms"
ok "one that never answers" is_refusal "cannot ask http://$at/hangs/api/v1/query"
run endpoints prom+http://127.0.0.1:1
ok "nobody there" is_refusal "cannot ask http://127.0.0.1:1/api/v1/query"
run endpoints prom+http://
ok "no host" is_refusal "it needs a URL, as in prom+http://HOST:9090"
echo 'latency: [{metric: page_render, unit: h}]' >names.yaml
run endpoints "prom+http://$at?names=$dir/names.yaml"
ok "a mapping that is wrong" is_refusal "the unit of page_render has to be s, ms, us or ns"

if ! command -v prometheus >/dev/null; then
    echo "# no prometheus here: not compared with the real one"
    finish
    exit
fi
cat >prometheus.yml <<EOF
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs: [{job_name: shop, static_configs: [{targets: ['$at']}]}]
EOF
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address=127.0.0.1:$port --enable-feature=exemplar-storage,native-histograms >prometheus.log 2>&1 &
engine=$!
prom=127.0.0.1:$port
ask() { python3 - "$prom" "$1" <<'EOF'
import json, sys, urllib.parse, urllib.request
url = f"http://{sys.argv[1]}/api/v1/query?" + urllib.parse.urlencode({"query": sys.argv[2]})
try:
    print(json.load(urllib.request.urlopen(url))["data"]["result"][0]["value"][1])
except (OSError, LookupError):
    print(0)
EOF
}
until [ "$(ask 'max(count_over_time(http_request_duration_seconds_count[1m]))')" -ge 3 ] 2>/dev/null; do kill -0 $engine || exit 1; done
run endpoints "prom+http://$prom?range=30s" --format json
ok "a real Prometheus: every endpoint" is /cart method GET
for q in 0.5 0.9 0.95 0.99; do
    want=$(ask "1e9 * histogram_quantile($q, sum by (le) (rate(http_request_duration_seconds_bucket{route=\"/cart\"}[30s])))")
    ok "its percentile $q is Prometheus' own" near /cart "p$(echo $q | sed 's/0\.//; s/^5$/50/; s/^9$/90/')_ns" "$want"
done
ok "errors by status" near /orders/:id error_share 0.25 0.02
ok "the mean by its sum" near /cart mean_ns 120000000 0.005
run endpoint "prom+http://$prom?range=30s" --select "GET /cart"
ok "an exemplar of its buckets" says out 4bf92f3577b34da6a3ce929d0e0e4736
run metrics "prom+http://$prom?range=30s" --format json
ok "metrics of runtimes" says out '"jvm_gc_pause_seconds_sum"'
run endpoints "prom+http://$prom?match={job=\"nobody\"}"
ok "nothing that fits" is_refusal 'has no metric of durations of requests that is known by name and fits {job="nobody"}'
run endpoints "prom+http://$prom?match={job="
ok "a question that the engine does not understand" is_refusal "answers with status 400: invalid parameter"
run endpoints "prom+http://$prom?every=1s" --for 3s --format json
ok "watched for a while" is /cart method GET
want=$(ask 'sum(rate(http_request_duration_seconds_count{route="/cart"}[5s]))')
# One or two of its three steps may begin or end outside of the time that is watched.
ok "at the rate it has, though the engine is seconds old" near /cart rate_per_s "$want" 0.7
finish
