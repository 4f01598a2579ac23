#!/bin/bash
# slowdive check: budgets of a build, assertions about reports of Lighthouse, runs before and after; how it ends,
# and what the programs that run builds get.
. "$(dirname "$0")/tap.bash"
# value EXPRESSION: of the JSON in out; c[NAME] is the last check of that name.
value() { python3 -c 'import json; d = json.load(open("out")); c = {x["name"]: x for x in d["checks"]}; print(('"$1"'))'; }
is() { [ "$(value "$1")" = "$2" ]; }

mkdir -p web/dist/css
python3 - <<'PYTHON'
import random
r = random.Random(7)
words = "".join("f%x();\n" % r.getrandbits(48) for _ in range(3000))
open("web/dist/main.0f4a1b2c.js", "w").write(words)
open("web/dist/vendor.js", "w").write(words[:15000])
open("web/dist/css/main.css", "w").write("a{color:red}" * 100)
PYTHON

# ---- budgets ----
run check web/dist --format json
ok "without a file: the usual limits" exited 0
ok "for scripts, styles and each script" is '[d["passed"], d["failed"], c["scripts"]["limit_bytes"], c["styles"]["limit_bytes"], c["each script"]["limit_bytes"]]' '[4, 0, 200000, 50000, 100000]'
ok "with the files that were counted" is 'sorted(c["scripts"]["files"])' "['main.0f4a1b2c.js', 'vendor.js']"
ok "and no key of an assertion that is not null" is '[c["styles"][k] for k in ("audit", "assertion", "expected", "actual", "url", "level")]' '[None, None, None, None, None, None]'

cat >web/budgets.yaml <<'YAML'
# as of spring
tolerance: 0
budgets:
  - name: vendor
    path: "./dist/ven*.js"
    compression: none
    limit: 15 kB
  - {name: all, type: any, compression: none, limit: 10 KiB}
  - {name: gone, path: 'dist/{gone,lost}.js', limit: 1 MB}
  - {name: first load, scope: route, limit: 1 MB}
  - {name: a signal, signal: http.latency, max: 1s, missing: skip}
YAML
run check --budget web/budgets.yaml web/dist --format json
ok "a budget that is exceeded" exited 1
ok "YAML, with paths below the budget file's folder" is '[c[n]["status"] for n in ("vendor", "all", "gone", "first load")]' "['pass', 'fail', 'fail', 'skip']"
ok "the worst first" is '[x["status"] for x in d["checks"]]' "['fail', 'fail', 'skip', 'skip', 'pass']"
ok "by how much" is 'c["all"]["actual_bytes"] - c["all"]["limit_bytes"] == c["all"]["over_bytes"] > 0' True
ok "a budget of a signal beside" is '[c["a signal"][k] for k in ("kind", "status", "limit", "metric")]' "['budget', 'skip', 1000000000, None]"
run check --budget web/budgets.yaml web/dist
ok "for people: what was found" says out 'above the limit of 10.2 kB'

echo '{"name": "shop", "size-limit": [{"path": "dist/vendor.js", "brotli": false, "limit": "15 KB"}], "bundlesize": [{"path": "dist/*.css", "maxSize": "1 kB", "compression": "none"}]}' >web/package.json
run check --budget web/package.json web/dist --format json
ok "package.json: each tool's own kB" is '[(x["name"], x["status"], x["limit_bytes"]) for x in d["checks"]]' "[('dist/*.css', 'fail', 1024), ('dist/vendor.js', 'pass', 15000)]"

size=$(run check web/dist --format json; value 'c["each script"]["actual_bytes"]')
echo "budgets: [{name: v, path: vendor.js, limit: $((size * 100 / 102))}]" >tight.yaml
run check --budget tight.yaml web/dist --format json
ok "gzip within 3 % is a warning" is '[d["warned"], d["failed"]]' '[1, 0]'
ok "and no failure" exited 0
run check --budget tight.yaml web/dist --tolerance 0
ok "unless that is turned off" exited 1

# ---- mistakes ----
cat >bad.yaml <<'YAML'
budgets:
  - {name: a, limit: -5 kB}
YAML
refused "a negative limit" "bad.yaml: the limit \"-5 kB\" is negative" check --budget bad.yaml web/dist
echo '{"files": [{"path": "a", "maxSize": "much"}]}' >bad.json
refused "a limit nobody can read" 'the limit "much" is no size' check --budget bad.json web/dist
echo '{"files": [{"path": "a", "compression": "zip"}]}' >bad.json
refused "an unknown compression" "the compression zip is not known" check --budget bad.json web/dist
echo '{"a": 1}' >bad.json
refused "a file of something else" "no file of budgets that is known" check --budget bad.json web/dist
printf 'budgets:\n  - name: a\n   limit: 5\n' >bad.yaml
refused "YAML that is none, with its place" "bad.yaml:3:" check --budget bad.yaml web/dist
refused "a file that is not there" "missing.json" check --budget missing.json web/dist
refused "a build that is not there" "missing" check missing
refused "no source" "check needs a build" check
refused "a format there is none of" "there is no format xml" check --format xml web/dist
refused "a tolerance that is none" "--tolerance lots is no share" check --tolerance lots web/dist

# ---- for machines ----
python3 - <<'PYTHON'
import json
names = ["a<b> & \"c\"\n::error::no\x07", "50%: b, c"] + ["n%d" % i for i in range(11)]
json.dump({"budgets": [{"name": n, "path": "vendor.js", "compression": "none", "limit": 1 + i} for i, n in enumerate(names)]
           + [{"name": "routes", "scope": "route", "limit": 5}]}, open("many.json", "w"))
PYTHON
run check --budget many.json web/dist --format junit
ok "JUnit: fails, too" exited 1
ok "as XML with right counts" python3 -c '
import xml.etree.ElementTree as E
s = E.parse("out").getroot().find("testsuite")
c = s.findall("testcase")
f = [x for x in c if x.find("failure") is not None]
assert [s.get(k) for k in ("name", "tests", "failures", "skipped", "errors")] == ["slowdive", "14", "13", "1", "0"]
assert (len(c), len(f), len(s.findall("testcase/skipped"))) == (14, 13, 1)
assert f[0].get("name").startswith("a<b> & \"c\"\n::error::no") and f[0].find("failure").get("message")'
run check --budget many.json web/dist --format github
ok "GitHub: ten errors, the worst first" eval '[ "$(grep -c "^::error title=" out)" = 10 ]'
ok "a name cannot begin a command" says out '::error title=a<b> & "c"%0A%3A%3Aerror%3A%3Ano'
ok "nor end its property" says out '::error title=50%25%3A b%2C c::'
ok "and a last notice tells of the rest" eval 'tail -1 out | grep -qx "::notice::3 more that failed or warned are not shown here"'
ok "nothing else is a command" eval '[ "$(grep -c "^::" out)" = 11 ]'

# ---- reports of Lighthouse ----
python3 - <<'PYTHON'
import json, os, random
r = random.Random(11)
IDS = {"first-contentful-paint": 1800, "largest-contentful-paint": 2500, "total-blocking-time": 200,
       "cumulative-layout-shift": 0.01, "speed-index": 3000}
def report(lcp, seo=0.9):
    audits = {k: {"id": k, "score": 0.5, "scoreDisplayMode": "numeric",
                  "numericValue": v * r.uniform(0.9, 1.1) + (lcp if k.startswith("largest") else 0)} for k, v in IDS.items()}
    return {"lighthouseVersion": "12.0.0", "finalUrl": "https://shop.example/", "finalDisplayedUrl": "https://shop.example/",
            "requestedUrl": "https://shop.example/", "configSettings": {"formFactor": "mobile"}, "fetchTime": "2026-11-20T15:00:00.000Z",
            "audits": audits, "categories": {"performance": {"score": 0.8, "auditRefs": [{"id": k, "weight": 1, "group": "metrics"} for k in IDS]},
                                             "seo": {"score": seo, "auditRefs": []}}}
for folder, n, lcp, seo in (("before", 20, 0, 0.9), ("same", 20, 0, 0.9), ("slower", 20, 800, 0.9), ("few", 3, 800, 0.9), ("worse", 3, 0, 0.8)):
    os.mkdir(folder)
    for i in range(n):
        json.dump(report(lcp, seo), open("%s/%02d.json" % (folder, i), "w"))
json.dump({"ci": {"assert": {"assertions": {"largest-contentful-paint": ["error", {"maxNumericValue": 2000}],
                                            "categories:seo": ["warn", {"minScore": 0.95}], "never": "error"}}}}, open("lighthouserc.json", "w"))
json.dump([{"path": "/", "timings": [{"metric": "largest-contentful-paint", "budget": 9000}]}], open("budgets.json", "w"))
PYTHON
printf 'ci:\n  assert:\n    budgetsFile: ./budgets.json\n' >lighthouserc.yml
run check --budget lighthouserc.json before --format json
ok "assertions of LHCI" exited 1
ok "each with its level" is '[(x["audit"], x["assertion"], x["status"]) for x in d["checks"]]' "[('never', 'auditRan', 'fail'), ('largest-contentful-paint', 'maxNumericValue', 'fail'), ('categories.seo', 'minScore', 'warn')]"
run check --budget lighthouserc.yml before
ok "a budgets.json that the configuration names" exited 0
refused "assertions without a report" "asserts reports of Lighthouse" check --budget lighthouserc.json web/dist
refused "budgets of sizes without a build" "limits the sizes of builds" check --budget tight.yaml before
refused "reports and nothing to check" "what to check" check before

# ---- before and after ----
run check --baseline before same --format json
ok "the same build passes" exited 0
ok "and every metric is decided" is '[d["gate"]["status"], [m["status"] for m in d["gate"]["metrics"]]]' "['pass', ['pass', 'pass', 'pass', 'pass', 'pass']]"
run check --baseline before slower --format json
ok "a slower one fails" exited 1
ok "for LCP alone" is '[m["metric"] for m in d["gate"]["metrics"] if m["status"] == "regression"]' "['lcp']"
ok "with an interval" is 'all(m["low_ns"] <= m["difference_ns"] <= m["high_ns"] for m in d["gate"]["metrics"] if m["metric"] != "cls")' True
run check --baseline before slower
ok "for people, too" says out 'regression  lcp'
run check --baseline before slower --format github
ok "and as an annotation" says out '::error title=gate lcp::lcp went from'
run check --baseline before few --format json
ok "three runs decide nothing" exited 0
ok "which is said" is '[d["gate"][k] for k in ("status", "runs_base", "runs_new")] + [d["gate"]["runs_needed"] > 3]' "['undecided', 20, 3, True]"
run check --baseline before worse
ok "a category that falls by 10 points fails" exited 1
run check --baseline before worse --max-drop 10
ok "unless it may" exited 0
refused "a baseline without reports" "--baseline" check --baseline web/dist before
finish
