#!/bin/bash
# `capacity queue | usl | plan | hops`: documents with known answers, exit statuses, refusals; and the files as panes.
. "$(dirname "$0")/tap.bash"

# is EXPRESSION TEXT: of the JSON in out, d.
is() { [ "$(python3 -c 'import json; d = json.load(open("out")); print(('"$1"'))')" = "$2" ]; }

# ---- queue ----
run capacity queue --rate 64 --service 100ms --servers 8 --format json
ok "a queue" exited 0
ok "Erlang C" is 'round(d["p_wait"], 6)' 0.457645
ok "percentiles of responses" is 'd["response_p50_ns"] // 1000, d["response_p95_ns"] // 1000, d["response_p99_ns"] // 1000' '(98633, 350844, 515218)'
ok "its keys in order" is '" ".join(d)' 'view model rate_per_s service_ns servers utilisation stable p_wait queue_mean in_system_mean wait_mean_ns response_mean_ns wait_p95_ns response_p50_ns response_p95_ns response_p99_ns approximate'
run capacity queue --rate 600/m --service 100ms --servers 1 --format json
ok "as much as can be served is too much" exited 1
ok "and nothing is known of it" is 'd["stable"], d["utilisation"], d["p_wait"], d["response_p99_ns"]' '(False, 1, None, None)'
run capacity queue --rate 1200 --service 40ms --target p99=200ms --format json
ok "the fewest servers for a percentile" is 'd["servers"]' 51
run capacity queue --rate 1200 --service 40ms --target p99=184ms --format json
ok "none are enough when the service alone is slower" exited 1
ok "which is null" is 'd["servers"], d["utilisation"], d["stable"]' '(None, None, None)'
run capacity queue --rate 64 --service 100ms --servers 8 --cv-service 2 --format json
ok "Allen-Cunneen" is 'd["model"], d["approximate"], round(d["wait_mean_ns"] / 28602807.84, 6), d["response_p99_ns"]' "('G/G/c', True, 2.5, None)"
run capacity queue --rate 64 --service 100ms --servers 8 --format csv
ok "its figures as CSV, one on a line" says out 'servers,8'
run capacity queue --rate 64 --service 100ms --servers 8
ok "for people" says out '8 servers at 64/s: 80 % busy, 99 % of responses within 515 ms'
refused "no servers" 'expected a whole number from 1' capacity queue --rate 1 --service 1s --servers 0
refused "neither" 'either --servers or --target' capacity queue --rate 1 --service 1s
refused "both" 'either --servers or --target' capacity queue --rate 1 --service 1s --servers 1 --target p99=1s
refused "a negative rate" '-1' capacity queue --rate=-1 --service 1s --servers 1
refused "no number" 'nan' capacity queue --rate nan --service 1s --servers 1
refused "a huge rate" 'at most 1e12' capacity queue --rate 1e308 --service 1s --servers 1
refused "no service time" 'takes no time' capacity queue --rate 1 --service 0 --servers 1
refused "no percentile" 'as p99=200ms' capacity queue --rate 1 --service 1s --target p42=1s
refused "more servers than are counted" 'more than 1000000 servers' capacity queue --rate 1e9 --service 1s --target p99=5s

# ---- usl ----
printf '1,64.9\n18,995.9\n36,1652.4\n72,1853.2\n108,1828.9\n144,1775.0\n216,1702.2\n' >points.csv
run capacity usl points.csv --format json
ok "the law of R's package" is '[float("%.4g" % d[k]) for k in ("gamma", "alpha", "beta", "residual_se", "peak_load", "peak_throughput")], d["warnings"]' '([90.0, 0.02773, 0.0001044, 82.85, 96.52, 1884.0], [])'
ok "its keys in order" is '" ".join(d)' 'view points gamma alpha beta residual_se r_squared peak_load peak_throughput limit_throughput optimal_load warnings rows'
run capacity usl - <points.csv
ok "of standard input, for people" says out 'peaks at 1884 with a load of 96.52'
printf '\xef\xbb\xbf"users";"per second"\r\n1;10\r\n2;20\r\n3;30\r\n4;40\r\n' >few.csv
run capacity usl few.csv --format json
ok "semicolons, quotes, a mark in front, CRLF" exited 0
ok "four points are few" is 'd["points"], d["beta"], d["peak_load"], d["limit_throughput"], [w.split(":")[0] for w in d["warnings"]]' "(4, 0, None, None, ['few_points'])"
head -3 points.csv >three.csv
refused "three are none" 'three.csv: the model needs at least 4 points' capacity usl three.csv
printf 'load,x\n1,2\nbroken,3\n' >bad.csv
refused "a line that is none" 'bad.csv, line 3' capacity usl bad.csv
refused "no file" 'nowhere.csv' capacity usl nowhere.csv

# ---- plan ----
cat >plan.yaml <<'END'
demand: {peak: 1200, growth: 1.8, event: 1.5}
instance: {workers: 8, service: 40ms}
slo: {p99: 200ms}
headroom: 30%
survive: {zones: 3, lost: 1}
price: {per_hour: 0.192, currency: EUR}
limits: [{name: database writes, per_request: 0.4, ceiling: 900}]
END
run capacity plan plan.yaml --format json
ok "a limit that breaks is exit 1" exited 1
ok "the plan" is 'd["peak_per_s"], d["instances_slo"], d["instances_headroom"], d["instances"], d["instances_total"], d["cost_per_month"], d["binding"], d["verdict"]' "(3240, 21, 24, 24, 36, 5045.76, 'database writes', 'fail')"
ok "its limits" is 'd["limits"]' "[{'name': 'database writes', 'demand_per_s': 1296, 'ceiling_per_s': 900, 'share': 1.44, 'ok': False, 'max_rate_per_s': 2250}]"
mkdir sub
echo '{"view":"load","search":{"held_per_s":150}}' >sub/found.json
printf 'demand: {peak: 3240}\ninstance: {search: found.json}\nheadroom: 30%%\n' >sub/plan.yaml
run capacity plan sub/plan.yaml --format json
ok "an instance out of a search, beside the plan" is 'd["instances"], d["instances_slo"], d["p99_ns"], d["cost_per_month"], d["binding"], d["verdict"]' "(31, None, None, None, 'headroom', 'pass')"
ok "which holds" exited 0
echo '{"view":"load","search":{"held_per_s":null}}' >sub/found.json
refused "a search that held nothing" 'says no rate that held' capacity plan sub/plan.yaml
sed 's/30%/100%/' plan.yaml >full.yaml
refused "a headroom of all" 'full.yaml:4:11: headroom has to be below 100%' capacity plan full.yaml
sed 's/headroom/headrom/' plan.yaml >typo.yaml
refused "an unknown key" 'typo.yaml:4:1: unknown key "headrom" in a plan; did you mean "headroom"?' capacity plan typo.yaml
: >empty.yaml
refused "an empty file" 'empty.yaml is empty' capacity plan empty.yaml

# ---- hops ----
cat >hops.yaml <<'END'
hops:
  - {name: edge, p50: 5ms, p99: 20ms}
  - {name: cache, p50: 8ms, p99: 60ms}
  - {name: db, p50: 30ms, p99: 200ms, calls: 3, parallel: 1}
  - {name: shards, p50: 12ms, p99: 90ms, parallel: 4}
budget: {p99: 300ms}
END
run capacity hops hops.yaml --format json
ok "over budget is exit 1" exited 1
ok "percentiles do not add" is 'd["sum_of_p99_ns"], [round(d["total"][k] / 1e6) for k in ("mean_ns", "p95_ns", "p99_ns")]' '(770000000, [179, 320, 438])'
ok "shares are all" is 'round(sum(r["share"] for r in d["rows"]), 9)' 1.0
sed -i 's/300ms/500ms/' hops.yaml
run capacity hops hops.yaml --format csv -o report
ok "within budget is exit 0, and -o writes it" exited 0
ok "as CSV" says report 'db,'

# ---- as panes ----
run capacity plan.yaml points.csv --format json
ok "a plan is known by its content" says out capacity_plan
run capacity estimate:points.csv estimate:hops.yaml --format text
ok "curves and hops when asked for" says out 'peaks at 1884'
finish
