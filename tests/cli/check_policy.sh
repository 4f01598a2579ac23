#!/bin/bash
# slowdive check with a policy: KPIs, budgets, hops and regressions in one list, how it ends, and what the programs
# that run builds get.
. "$(dirname "$0")/tap.bash"
# value EXPRESSION: of the JSON in out; c[NAME] is the last check of that name.
value() { python3 -c 'import json; d = json.load(open("out")); c = {x["name"]: x for x in d["checks"]}; print(('"$1"'))'; }
is() { [ "$(value "$1")" = "$2" ]; }

python3 - <<'PYTHON'
import math, random
def log(name, seed, times, minutes=5):
    r = random.Random(seed)
    with open(name, "w") as f:
        for i in range(600 * minutes):
            s = i // 10
            f.write('203.0.113.9 - - [20/Nov/2026:15:%02d:%02d +0000] "GET %s HTTP/1.1" %d %d "-" "ua" rt=%.6f\n' % (
                s // 60, s % 60, ("/search?q=1", "/checkout", "/orders/%d" % i)[i % 3], 500 if i % 500 == 7 else 200, 1000,
                0.08 * times * math.exp(0.4 * r.gauss(0, 1))))
log("before.log", 1, 1)
log("same.log", 2, 1)
log("slower.log", 3, 1.5)
# ten minutes: slow ones in the first half only
with open("halves.log", "w") as f:
    for s in range(600):
        f.write('203.0.113.9 - - [20/Nov/2026:16:%02d:%02d +0000] "GET / HTTP/1.1" 200 10 "-" "ua" rt=%s\n' % (s // 60, s % 60, "0.900" if s < 300 else "0.010"))
PYTHON
mkdir empty

cat >policy.yaml <<'YAML'
kpis:
  - {name: api, signal: http.latency, quantile: 0.95, target: 100ms}
  - {name: errors, signal: http.errors, target: 0.01}
  - {name: rate, signal: http.rate, target: 20}
  - {name: cpu, signal: 'metric:host.cpu', target: 0.7}
  - {name: disk, signal: 'metric:host.disk', target: 0.7, missing: skip}
  - {name: no target, signal: http.latency}
budgets:
  - {name: search, signal: http.latency, quantile: 0.95, match: {route: /search}, max: 1s, feature: find}
  - {name: weight, signal: http.bytes, max: 1050}
  - {name: exactly, signal: http.bytes, max: 1000, warn: 1}
  - {name: each, signal: http.latency, per: endpoint, quantile: 0.5, max: 1s}
  - {name: growth, signal: http.latency, quantile: 0.95, regress: 0.10}
hops: [{name: checkout, match: {route: /checkout}, max: 50ms, hops: [{name: gateway, max: 5ms}]}]
YAML

# ---- one list ----
run check --policy policy.yaml same.log --format json
ok "a policy of which something fails" exited 1
ok "a KPI by its target" is '[c["api"][k] for k in ("kind", "signal", "status", "limit", "value_unit", "subject")]' "['kpi', 'http.latency', 'fail', 100000000, 'ns', None]"
ok "of which more is better" is '[c["rate"]["status"], c["rate"]["value"] < 20]' "['fail', True]"
ok "one that is met" is '[c["errors"]["status"], round(c["errors"]["value"], 6)]' "['pass', 0.002]"
ok "a KPI without a target is no check" is '"no target" in c' False
ok "nothing tells a value: missing" is '[c["cpu"]["status"], c["cpu"]["value"]]' "['missing', None]"
ok "which may be" is 'c["disk"]["status"]' skip
ok "a budget of a route" is '[c["search"][k] for k in ("kind", "status", "subject", "feature")]' "['budget', 'pass', '/search', 'find']"
ok "close to its max" is '[c["weight"]["status"], c["exactly"]["status"]]' "['warn', 'pass']"
ok "per endpoint a check each" is 'sorted(x["subject"] for x in d["checks"] if x["name"] == "each")' "['GET /checkout', 'GET /orders/:id', 'GET /search']"
ok "a hop, and what has no evidence" is '[c["checkout"]["kind"], c["checkout"]["status"], c["checkout/gateway"]["status"], c["checkout/gateway"]["feature"]]' "['hop', 'fail', 'missing', 'checkout']"
ok "a regression without a baseline is missing" is '[c["growth"]["kind"], c["growth"]["status"]]' "['regress', 'missing']"
ok "totals" is '[d[k] for k in ("passed", "warned", "failed", "missing", "skipped")]' "[6, 1, 3, 3, 1]"
ok "that add up" is 'sum(d[k] for k in ("passed", "warned", "failed", "missing", "skipped")) == len(d["checks"])' True
ok "the worst first" is '[k for i, k in enumerate(x["status"] for x in d["checks"]) if i == 0 or d["checks"][i - 1]["status"] != k]' "['fail', 'missing', 'warn', 'skip', 'pass']"
ok "every check has the keys of all kinds" is 'all(set(("name source metric limit_bytes actual_bytes over_bytes status files message audit assertion expected actual url level kind signal subject feature value value_unit limit baseline change_share p_value text").split()) == set(x) for x in d["checks"])' True
ok "those of others are null" is '[c["api"][k] for k in ("metric", "limit_bytes", "message", "audit", "expected")]' '[None, None, None, None, None]'

echo 'budgets: [{name: all, signal: http.latency, max: 2s}]' >fine.yaml
run check --policy fine.yaml same.log
ok "all is well" exited 0
ok "the compiled-in KPIs are not checked" eval '! grep -q api out'

# ---- regressions ----
echo 'budgets: [{name: growth, signal: http.latency, quantile: 0.95, regress: 0.10}]' >growth.yaml
run check --policy growth.yaml --baseline before.log same.log --format json
ok "the same traffic passes" exited 0
ok "with its figures" is '[c["growth"]["baseline"] > 1e8, abs(c["growth"]["change_share"]) < 0.1, c["growth"]["p_value"] > 0.001]' '[True, True, True]'
run check --policy growth.yaml --baseline before.log slower.log --format json
ok "a slower one fails" exited 1
ok "surely" is '[round(c["growth"]["change_share"], 1), c["growth"]["p_value"] < 0.001, c["growth"]["value"] > c["growth"]["limit"] > c["growth"]["baseline"]]' '[0.5, True, True]'
run check --policy growth.yaml --baseline slower.log before.log
ok "a faster one does not" exited 0
sed 's/0.10/80%/' growth.yaml >lenient.yaml
run check --policy lenient.yaml --baseline before.log slower.log
ok "nor one that grew by less than it may" exited 0

# ---- the moment, the window ----
echo 'kpis: [{name: api, signal: http.latency, quantile: 0.95, target: 100ms}]' >api.yaml
run check --policy api.yaml halves.log
ok "the last five minutes count" exited 0
run check --policy api.yaml --at 2026-11-20T16:04:00Z halves.log
ok "at a moment, those before it" exited 1
run check --policy api.yaml --window 10m halves.log
ok "with a window all of it" exited 1
refused "a window that is none" "window" check --policy api.yaml --window much halves.log
refused "a moment that is none" "--at" check --policy api.yaml --at soon halves.log

# ---- where it lies ----
cp api.yaml slowdive-policy.yaml
run check slower.log
ok "a policy in the folder is checked" exited 1
run check slower.log -o result.json --format json
ok "into a file" eval '[ ! -s out ] && grep -q "\"api\"" result.json'
rm slowdive-policy.yaml
echo 'kpis: []' >none.yaml
refused "nothing to check" "neither a build nor a report" check --policy none.yaml same.log
printf 'hops:\n- {name: a, max: 10ms, hops: [{name: x, max: 7ms}, {name: y, max: 8ms}]}\n' >sums.yaml
refused "hops that take more than the whole" "may take 15.0 ms together, more than its max of 10.0 ms" check --policy sums.yaml same.log

# ---- hops that are measured: 40 ms a request, 30 of them behind the gateway ----
echo '{"kind":"http","at":1795189898000000000,"method":"GET","route":"/checkout","interval_ns":10000000000,"count":100,"timed":100,"total_ns":4000000000,"upstream_ns":3000000000,"status_2xx":100}' >told.ndjson
echo 'hops: [{name: checkout, match: {route: /checkout}, max: 41ms, hops: [{name: gateway, max: 5ms}]}]' >hops.yaml
run check --policy hops.yaml 'exec:cat told.ndjson' --format json
ok "a hop that takes too long" is '[c["checkout/gateway"][k] for k in ("status", "value", "limit", "subject")] + [c["checkout"]["status"]]' "['fail', 10000000, 5000000, 'GET /checkout', 'warn']"

# ---- by a trace: 60 ms at the gateway, of which 52 ms in the service behind it, with the same route ----
python3 - <<'PYTHON'
import json
def span(own, parent, kind, begin, end, **more):
    a = [{"key": k.replace("_", "."), "value": {"stringValue": v}} for k, v in more.items()]
    return {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "%016x" % own, "parentSpanId": "%016x" % parent if parent else "",
            "name": "x", "kind": kind, "startTimeUnixNano": str(10**6 * (1795189898000 + begin)),
            "endTimeUnixNano": str(10**6 * (1795189898000 + end)), "attributes": a}
def service(name, *spans):
    return {"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": name}}]}, "scopeSpans": [{"spans": spans}]}
route = {"http_request_method": "GET", "http_route": "/checkout"}
json.dump({"resourceSpans": [service("gateway", span(1, 0, 2, 0, 60, **route), span(2, 1, 3, 4, 58)),
                             service("shop", span(3, 2, 2, 5, 57, **route), span(4, 3, 3, 10, 40, db_system="postgresql", db_statement="SELECT 1"))]},
          open("trace.json", "w"))
PYTHON
echo 'hops: [{name: checkout, match: {route: /checkout}, max: 59ms, hops: [{name: gateway, max: 7ms}, {name: database, signal: db.latency, max: 40ms}]}]' >traced.yaml
run check --policy traced.yaml trace.json --format json
ok "a request through two services is one" is '[(c[n]["value"], c[n]["status"]) for n in ("checkout", "checkout/gateway", "checkout/database")]' "[(60000000, 'fail'), (6000000, 'pass'), (30000000, 'pass')]"

# ---- beside builds ----
mkdir dist
head -c 5000 /dev/urandom | base64 >dist/main.js
cat >both.yaml <<'YAML'
tolerance: 0
budgets:
  - {name: scripts, type: js, compression: none, limit: 1 kB}
  - {name: gz, signal: bundle.js, max: 1MB}
  - {name: latency, signal: http.latency, max: 2s}
YAML
run check --policy both.yaml dist same.log --format json
ok "budgets of sizes and signals in one list" is '[(x["name"], x["status"], x["kind"]) for x in d["checks"]]' "[('scripts', 'fail', None), ('gz', 'pass', 'budget'), ('latency', 'pass', 'budget')]"
run check --budget both.yaml dist same.log --format json
ok "the same in a file of --budget" is '[(x["name"], x["status"], x["kind"]) for x in d["checks"]]' "[('scripts', 'fail', None), ('gz', 'pass', 'budget'), ('latency', 'pass', 'budget')]"

run check --policy both.yaml dist same.log --format gitlab
ok "each on its line" python3 -c '
import json
assert [(x["check_name"], x["location"]) for x in json.load(open("out"))] == [("scripts", {"path": "both.yaml", "lines": {"begin": 3}})]'
run check --budget both.yaml dist same.log --format gitlab
ok "of a file of --budget, too" python3 -c '
import json
assert [x["location"]["lines"]["begin"] for x in json.load(open("out"))] == [3]'

# ---- for machines ----
python3 - <<'PYTHON'
import json
names = ["a<b> & \"c\"\n::error::no\x07 | `x` [y]", "50%: b, c", "<!channel> ]]>"] + ["n%d" % i for i in range(11)]
# JSON is YAML, and every name stands on a line of its own
open("many.yaml", "w").write('{"budgets": [\n' + ",\n".join(json.dumps({"name": n, "signal": "http.latency", "max": "%dms" % (i + 1)})
    for i, n in enumerate(names)) + ',\n{"name": "gone", "signal": "metric:gone", "max": 1},\n{"name": "may", "signal": "metric:gone", "max": 1, "missing": "skip"},'
    '\n{"name": "close", "signal": "http.bytes", "max": 1050}]}\n')
PYTHON
run check --policy many.yaml same.log --format junit
ok "JUnit fails, too" exited 1
ok "as XML with right counts" python3 -c '
import xml.etree.ElementTree as E
s = E.parse("out").getroot().find("testsuite")
c = s.findall("testcase")
assert [s.get(k) for k in ("name", "tests", "failures", "errors", "skipped")] == ["slowdive", "17", "14", "1", "1"]
assert [len(s.findall("testcase/" + k)) for k in ("failure", "error", "skipped")] == [14, 1, 1]
assert c[0].get("name").startswith("a<b> & \"c\"\n::error::no") and c[0].find("failure").get("message")'
run check --policy many.yaml same.log --format github
ok "GitHub: ten errors, a warning, a last notice" eval '[ "$(grep -c "^::error title=" out)" = 10 ] && [ "$(grep -c "^::warning title=close::" out)" = 1 ] && [ "$(tail -1 out)" = "::notice::5 more that failed or warned are not shown here" ] && [ "$(grep -c "^::" out)" = 12 ]'
ok "a name begins no command and ends no property" eval 'grep -q "^::error title=a<b> & \"c\"%0A%3A%3Aerror%3A%3Ano" out && grep -q "^::error title=50%25%3A b%2C c::" out'
run check --policy many.yaml same.log --format gitlab
cp out first.json
ok "GitLab: an entry for each, on its line" python3 -c '
import json
d = json.load(open("out"))
assert len(d) == 16 and len({x["fingerprint"] for x in d}) == 16
assert all(set(x) == {"description", "check_name", "fingerprint", "severity", "location"} for x in d)
assert {x["check_name"]: x["location"] for x in d}["50%: b, c"] == {"path": "many.yaml", "lines": {"begin": 3}}
assert [x["severity"] for x in d] == ["major"] * 15 + ["minor"]'
run check --policy "$PWD/many.yaml" slower.log --format gitlab
ok "with fingerprints and paths that stay" python3 -c '
import json
a, b = ({x["check_name"]: (x["fingerprint"], x["location"]) for x in json.load(open(f))} for f in ("first.json", "out"))
assert a == b'
run check --policy many.yaml same.log --format sarif
ok "SARIF 2.1.0" python3 -c '
import json
d = json.load(open("out"))
r = d["runs"][0]
assert d["version"] == "2.1.0" and r["tool"]["driver"]["name"] == "slowdive"
ids = [x["id"] for x in r["tool"]["driver"]["rules"]]
assert len(ids) == len(set(ids)) == 16 and all(x["ruleId"] in ids and x["message"]["text"] for x in r["results"])
assert [x["level"] for x in r["results"]] == ["error"] * 15 + ["warning"]
assert [x["locations"][0]["physicalLocation"] for x in r["results"] if x["ruleId"] == "n0"] == [{"artifactLocation": {"uri": "many.yaml"}, "region": {"startLine": 5}}]'
run check --policy many.yaml same.log --format md
ok "Markdown: a marker, then a table" eval '[ "$(head -1 out)" = "<!-- slowdive check -->" ] && [ "$(grep -c "^| " out)" = 18 ]'
ok "no name ends a cell" python3 -c '
import re
rows = [x for x in open("out").read().splitlines() if x.startswith("|")]
assert {len(re.findall(r"(?<!\\)\|", x)) for x in rows} == {7}'
python3 - <<'PYTHON'
import json
json.dump({"budgets": [{"name": "%04d %s" % (i, "|" * 150), "signal": "http.latency", "max": "1ms"} for i in range(2000)]}, open("lots.yaml", "w"))
PYTHON
run check --policy lots.yaml same.log --format md
ok "below 65,000 characters, with what is left out" eval '[ "$(wc -c <out)" -lt 65000 ] && grep -q "more are not shown here" out'
finish
