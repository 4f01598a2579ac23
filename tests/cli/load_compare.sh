#!/bin/bash
# Load tests beside each other: `slowdive load compare`.
. "$(dirname "$0")/tap.bash"

# samples FILE SEED FACTOR REQUESTS: 100 a second, neighbours alike (0.8), two requests in turn.
samples() {
    python3 - "$@" <<'P'
import math, random, sys
r, factor, n = random.Random(int(sys.argv[2])), float(sys.argv[3]), int(sys.argv[4])
z = r.gauss(0, 1)
with open(sys.argv[1], "w") as f:
    f.write("seq,name,user,intended_ns,sent_ns,done_ns,status,error,bytes\n")
    for i in range(n):
        z = 0.8 * z + 0.6 * r.gauss(0, 1)
        at, took = i * 10_000_000, int(2e7 * math.exp(0.5 * z) * factor)
        f.write("%d,%s,,%d,%d,%d,200,,100\n" % (i, ("list", "order")[i % 2], at, at + 1000, at + took))
P
}
samples base.csv 1 1 3000
samples same.csv 2 1 3000
samples slow.csv 3 1.4 3000
samples short.csv 4 9 900

# rows: what the document in `out` says of each.
rows() {
    python3 - <<'P'
import json
try:
    d = json.load(open("out"))
    print(d["view"], d["verdict"], d["runs_base"], d["runs_new"], ["%s %s %s" % (r["name"], r["metric"], r["verdict"]) for r in d["rows"]])
except Exception as e:
    print("no document:", e, open("err").read().strip())
P
}
run load compare base.csv same.csv --format json
ok "two runs of the same" [ "$(rows)" = "load_compare same 1 1 ['None p50 same', 'None p95 same', 'None p99 same', \
'list p50 same', 'list p95 same', 'list p99 same', 'order p50 same', 'order p95 same', 'order p99 same']" ]
ok "it is fine" exited 0
ok "what one run a side cannot tell is said" says out "only the variation within the run is known"
run load compare base.csv slow.csv
ok "a slower one" says out "The new side is slower"
ok "it is not" exited 1
run load compare slow.csv base.csv --format json
ok "a faster one" says out '"faster"'
ok "that is fine" exited 0
run load compare base.csv slow.csv --tolerance 80%
ok "slower than nobody minds" exited 0
ok "which is not called no difference" says out 'No difference above the tolerance'
run load compare base.csv short.csv --format json
ok "9 s are too short" [ "$(rows | cut -d' ' -f2)" = unsure ]
ok "that is no failure" exited 0
run load compare base.csv slow.csv --base same.csv --new slow.csv --new slow.csv --format json
ok "several runs" [ "$(rows | cut -d' ' -f1,3,4)" = "load_compare 2 3" ]
ok "they are the units" says out "Each run is one value"

cat >hey.txt <<'E'

Summary:
  Total:	2.0 secs
  Slowest:	0.0500 secs
  Fastest:	0.0010 secs
  Average:	0.0100 secs
  Requests/sec:	100.0

Response time histogram:
  0.001 [1]	|

Latency distribution:
  50% in 0.0100 secs
  99% in 0.0500 secs

Status code distribution:
  [200]	200 responses
E
refused "percentiles alone" "has only the percentiles of hey" load compare base.csv hey.txt
refused "one file" "needs BASE NEW" load compare base.csv
refused "three files" "is one too many" load compare base.csv same.csv slow.csv
refused "no file" "nowhere.csv cannot be opened" load compare base.csv nowhere.csv
refused "a confidence that is none" "--confidence" load compare base.csv same.csv --confidence 3%
refused "a tolerance that is none" "much" load compare base.csv same.csv --tolerance much
head -1 base.csv >empty.csv
refused "no request" "" load compare base.csv empty.csv
finish
