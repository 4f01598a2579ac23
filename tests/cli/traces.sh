#!/bin/bash
# Traces: the list, one as a waterfall, what is wrong in each, who calls whom; from records of spans.
. "$(dirname "$0")/tap.bash"

if ! command -v python3 >/dev/null; then
    echo "1..0 # SKIP python3 is missing"
    exit 0
fi
made=$root/tests/cli/traces_made.py
printf '#!/bin/sh\nexec python3 "%s"\n' "$made" >shop
printf '#!/bin/sh\nexec python3 "%s" 3000\n' "$made" >large
chmod +x shop large
json() { python3 -c "import json,sys; d=json.load(open('out')); rows=d.get('rows', []); sys.exit(not ($1))"; }
clean() { ! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]')" out; }
slow=000000000000000000000000000000a1

run traces exec:./shop
ok "traces are listed" exited 0
ok "the slowest is the first" test "$(sed -n 3p out | grep -c 'GET /orders/:id')" = 1
ok "with what is wrong" says out '214 x '
ok "names are neutralised" clean
run traces exec:./shop --format json
ok "a trace in the list" json "rows[0]['trace_id'] == '$slow' and rows[0]['service'] == 'shop-api' and rows[0]['name'] == 'GET /orders/:id' and rows[0]['endpoint'] == 'GET /orders/:id' and rows[0]['duration_ns'] == 2000000000 and rows[0]['spans'] == 219 and rows[0]['errors'] == 0"
ok "calls of databases and stores" json "rows[0]['db_calls'] == 216 and rows[0]['db_ns'] == (214 * 7 + 22) * 1000000"
ok "findings with kind, text, cost and count" json "[(f['kind'], f['count']) for f in rows[0]['findings'] if f['kind'] == 'n_plus_one'] == [('n_plus_one', 214)] and all(set(f) >= {'kind', 'text', 'cost_ns', 'count'} for f in rows[0]['findings'])"
ok "a healthy trace has none" json "all(r['findings'] == [] and r['notes'] == [] for r in rows if r['endpoint'] == 'GET /health')"
ok "what is malformed is a note" json "[len(r['notes']) > 0 for r in rows if r['trace_id'].endswith('d4')] == [True]"
ok "errors are spans that failed" json "[r['errors'] for r in rows if r['endpoint'] == 'POST /checkout'] == [2]"
run traces exec:./shop --format csv
ok "in CSV" says out "$slow"

run traces exec:./shop --only failed --format json
ok "only those that failed" json "[r['endpoint'] for r in rows] == ['POST /checkout']"
run traces exec:./shop --only 500ms,orders --format json
ok "only long ones of an endpoint" json "[r['trace_id'] for r in rows] == ['$slow']"
run traces exec:./shop --only nothing-like-it
ok "when none is, that is said" says out 'No trace here is all of this: nothing-like-it'

run trace exec:./shop --select $slow
ok "a trace is printed" exited 0
ok "what is wrong stands above" says out 'n_plus_one'
ok "with lines of time" says out '━'
run trace exec:./shop --select $slow --ascii
ok "in ASCII, the critical path with a character of its own" says out '='
ok "all of it ASCII" test -z "$(LC_ALL=C tr -d '\n -~' <out)"
run trace exec:./shop --select A1 --format json
ok "an id without its zeros, in any case" json "d['trace_id'] == '$slow'"
ok "the envelope" json "d['duration_ns'] == 2000000000 and d['notes'] == []"
ok "spans in the order of the tree" json "len(rows) == 219 and [r['depth'] for r in rows[:3]] == [0, 1, 1] and rows[-1]['depth'] == 2 and rows[-1]['service'] == 'pricing' and rows[-1]['kind'] == 'server'"
ok "a root has no parent" json "rows[0]['parent_id'] is None and rows[1]['parent_id'] == rows[0]['span_id']"
ok "self time" json "rows[0]['self_ns'] == (2000 - 2 - 20 - 214 * 7 - 60) * 1000000 and rows[-2]['self_ns'] == 10000000"
ok "the critical path is the duration" json "sum(r['critical_self_ns'] for r in rows) == d['duration_ns'] and sum(p['end_ns'] - p['start_ns'] for p in d['critical_path']) == d['duration_ns']"
ok "its pieces touch one another" json "all(a['end_ns'] == b['start_ns'] for a, b in zip(d['critical_path'], d['critical_path'][1:]))"
run trace exec:./shop --select b2 --format json
ok "a failed span" json "[r['error'] for r in rows] == [True, True]"
run trace exec:./shop --select c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c1 --format json
ok "a quick one" json "len(rows) == 2"
run trace exec:./shop --select c3c3
ok "a beginning that several have" says err '3 traces begin with c3c3'
refused "a trace that is not here" 'No trace 1234567890 is here' trace exec:./shop --select 1234567890
run trace exec:./shop --select d4 --format json
ok "a span whose parent is missing" json "rows[0]['parent_id'] == '00000000000000ff' and rows[0]['depth'] == 0 and d['notes']"
run trace exec:./shop --select d4
ok "names in a trace are neutralised" clean
run trace exec:./large --format json
ok "without --select the worst one" json "len(rows) == 3000 and rows[0]['depth'] == 0"

run services exec:./shop --format json
ok "who calls whom" json "{(r['caller'], r['callee'], r['kind'], r['count'], r['errors']) for r in rows} == {(None, 'shop-api', 'service', 5, 1), ('shop-api', 'pricing', 'service', 1, 0), ('shop-api', 'postgresql shop', 'database', 218, 0), ('shop-api', 'redis', 'cache', 1, 0), ('shop-api', 'pay.example.com', 'external', 1, 1)}"
ok "with rates, errors and percentiles" json "all(r['rate_per_s'] > 0 and r['p99_ns'] > 0 for r in rows) and [r['error_share'] for r in rows if r['kind'] == 'external'] == [1]"

run endpoint exec:./shop --select 'GET /orders/:id' --format json
ok "an endpoint knows what its traces show" json "[f['kind'] for f in d.get('trace_findings', []) if f['kind'] == 'n_plus_one'] == ['n_plus_one']"
ok "and its slowest requests" json "d['exemplars'][0]['trace_id'] == '$slow'"
run overview exec:./shop
ok "the overview names the repeated calls" says out '214 x '

run record -o t.slowdive exec:./shop
run traces t.slowdive --format json
ok "a recording has them" json "len(rows) == 6 and rows[0]['trace_id'] == '$slow'"
printf ': trace a1\nkey D\nprint\n' >steps
run replay t.slowdive --script steps --size 80x24
ok "siblings that repeat are one row" says out '214 x '
printf ': trace a1\nkey w\nkey Enter\nprint\n' >steps
run replay t.slowdive --script steps --size 100x30
ok "Enter on a statement opens its query" says out 'FROM items'
ok "of the database" says out 'database shop'
finish
