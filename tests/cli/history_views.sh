#!/bin/bash
# Views of a history: over spans, machines and steps what the raw requests say.
. "$(dirname "$0")/tap.bash"
made="python3 $root/tests/cli/history_made.py"
all=history:$dir/all.db
start=1795190400

$made make
for n in 1 2 3 4 5 6; do
    run history "$all" --import "web$n.log" --host "web$n" --at 2026-11-20T18:00:00Z
    ok "web$n is in it" exited 0
done

# spans AT WINDOW_S [HOST]: the view `endpoints` over that span.
spans() {
    local at=$1 window=$2
    shift 2
    run endpoints "$all" --format json --at "@$at" --window "${window}s" ${1:+--host "$1"}
    mv out view.json && $made rows view.json $((at - window)) "$at" "$@" >out 2>err
}
checked() { # in steps of $1 s
    local at=$((start + 3600))
    ok "an hour in steps of $1 s" spans $at 3600
    ok "an hour of one machine" spans $at 3600 web3
    ok "one step" spans $at "$1"
    ok "later" spans $((start + 7200)) 3600
    run endpoints "$all" --format json
    mv out view.json
    ok "all of it" $made rows view.json $start $((start + 7200))
    run hosts "$all" --format json --at "@$at" --window 3600s
    mv out view.json
    ok "machines" $made hosts view.json $start $at
}
checked 10
run hosts "$all" --format json --select 'GET /checkout'
mv out view.json
ok "machines, one endpoint" $made hosts view.json $start $((start + 7200)) /checkout
ok "five minutes at no full minute" spans $((start + 3670)) 300
run endpoints "$all" --format json --at "@$((start + 3676))" --window 306s
mv out view.json
ok "an end within a step ends before it" $made rows view.json $((start + 3370)) $((start + 3670))

cat >policy.yaml <<'END'
slos:
  - {name: available, objective: 0.995, window: 30d, signal: http.errors, min_events: 0}
  - {name: month, objective: 0.995, window: 28d, signal: http.errors, min_events: 0}
END
run slo "$all" --policy policy.yaml --format json --at "@$((start + 7190))"
mv out view.json
ok "objectives over exact windows" $made slo view.json $((start + 7190)) 0.995

field() { python3 -c 'import json, sys; print(json.load(open("out"))[sys.argv[1]])' "$1"; }
is() { [ "$(field "$1")" = "$2" ]; }

run endpoints "$all" --format json --host nobody
ok "of no machine there is nothing" is rows '[]'
run changes "$all" --window 30m
ok "the window before is there, too" says out '17:00:00-17:30:00'
run report baseline "$all"
ok "a report is written" says out '/checkout'
run endpoints "$all" --baseline "$all?to=2026-11-20T17:00:00Z" --format json
ok "a history is compared with a part of itself" exited 0
cat >checks.yaml <<'END'
kpis: []
budgets: [{name: no regression, signal: http.latency, quantile: 0.5, regress: 0.10}]
END
run check --policy checks.yaml "$all" --baseline "$all?to=2026-11-20T17:00:00Z" --at 2026-11-20T18:00:00Z --window 1h
ok "a check against a history" says out '1 passed'
run sources "$all"
ok "the state of the source is of now" says out 'ended'
run kpis "$all" --host web3 --format json
ok "figures of goals of one machine" exited 0
run alerts "$all" --at 2026-11-20T17:30:00Z --state state
ok "alerts at a moment of the past" says out 'api'
refused "a time that is none" 'from of a history' endpoints "$all?from=never"
refused "steps that are none" 'steps of a history' endpoints "$all?steps=odd"
refused "a history that is not there" 'No such file' endpoints "history:$dir/none.db"
refused "a database of ClickHouse that cannot be reached" '127.0.0.1' endpoints clickhouse://u@127.0.0.1:1/x

# The console on it, without a terminal: the clock is its end, and each screen waits for its figures.
cat >steps <<'END'
: hosts
wait text web6
: at 2026-11-20 16:30
key 2
wait rows>0
: set window=1h
print
END
run --script steps --size 120x40 "$all"
cp out screen
ok "a script runs on a history" says out 'PAUSED 16:30:00, 1 h'
ok "with the figures of what it looks at" says out '/checkout'
run replay all.db --script steps --size 120x40
ok "a history is recognised by its content, and its screens are the same" cmp -s out screen
run endpoints all.db --format json
mv out view.json
ok "views take its path as well" $made rows view.json $start $((start + 7200))
run history all.db --format json
ok "and what it has is told of its path" is url "history:all.db"
printf ': at 16:30\nwait text nowhere\n' >steps
refused "a condition that does not hold" 'script line 2: ' --script steps --size 120x40 "$all"
refused "a script has one history" '--script needs one recording or history' --script steps
refused "that is there" 'No such file' --script steps history:none.db
: >empty.log
run history history:empty.db --import empty.log
refused "and has something in it" 'is empty' --script steps empty.db
python3 -c 'import sqlite3; c = sqlite3.connect("other.db"); c.execute("create table t(a)"); c.commit()'
refused "another file of SQLite is none" 'no source recognises other.db' --script steps other.db

# The same figures out of longer steps.
run history "$all" --compact --at 2026-11-24T00:00:00Z
checked 60
run history "$all" --compact --at 2026-12-20T00:00:00Z
checked 600
run endpoints "$all" --format json --at "@$((start + 3780))" --window 300s
ok "a step that is cut counts as a whole" is from 2026-11-20T16:50:00.000Z
ok "up to its end" is to 2026-11-20T17:00:00.000Z
run endpoints "$all" --format json --at "@$((start + 7000))" --window 3400s
mv out view.json
ok "an end within a long step ends before it" $made rows view.json $((start + 3600)) $((start + 6600))
run endpoints "$all" --format json --at "@$((start + 4080))" --window 300s
ok "a window within a step is that step" is from 2026-11-20T17:00:00.000Z
ok "and its end" is to 2026-11-20T17:10:00.000Z
mv out view.json
ok "with its figures" $made rows view.json $((start + 3600)) $((start + 4200))
run endpoints "$all" --format json --at "@$((start + 4080))" --window 300s --host web3
mv out view.json
ok "and of one machine" $made rows view.json $((start + 3600)) $((start + 4200)) web3
run history history:shop.db --import "$root/tests/data/shop.slowdive" --host shop1
run queries history:shop.db --host shop1 --format json
ok "statements of one machine" says out '"calls"'
run queries history:shop.db --host shop2 --format json
ok "of another one there are none" is rows '[]'
run history "$all" --compact --at 2027-03-20T00:00:00Z
checked 3600
finish
