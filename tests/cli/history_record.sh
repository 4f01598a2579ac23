#!/bin/bash
# Recorders of a history: what they have read is in it once, whatever ends them, and the next one goes on there.
# shellcheck source=tests/cli/tap.bash
. "${0%/*}/tap.bash"

append() { # COUNT: lines of now
    local now
    now=$(date -u +%d/%b/%Y:%H:%M:%S)
    for _ in $(seq "$1"); do
        printf '203.0.113.9 - - [%s +0000] "GET /x HTTP/1.1" 200 1 "-" "ua" rt=0.005\n' "$now"
    done >>live.log
}
count() { # HISTORY [HOST]: requests in it
    "$program" endpoints "history:$1" ${2:+--host "$2"} --format json 2>/dev/null |
        python3 -c 'import json, sys; print(sum(r["count"] for r in json.load(sys.stdin)["rows"]))' 2>/dev/null || echo 0
}
has() { [ "$(count "$2" ${3:+"$3"})" = "$1" ]; } # COUNT HISTORY [HOST]
state() { # EXPRESSION...: all are true of the document
    python3 - "$@" <<'END'
import json, sys
d = json.load(open("out"))
for e in sys.argv[1:]:
    assert eval(e), (e, d)
END
}
record() {
    "$program" record -o history:live.db "$@" live.log 2>err &
    recorder=$!
}

: >live.log
append 10
record --host web1
ok "a recorder reads the log" await has 10 live.db
stop TERM $recorder
ok "SIGTERM ends it as it ends a recording" exited 143
run history history:live.db --format json
ok "and puts what was taken" state 'd["endpoints"] == 1' 'd["tiers"][0]["rows"] > 0' 'd["lost"] == 0' 'd["gaps"] == []'
append 5
record --host web1
ok "the next one goes on in the log" await has 15 live.db
stop INT $recorder
ok "Ctrl-C is how it ends" exited 0
run history history:live.db --format json
ok "two runs of one host" state 'd["by_host"][0]["runs"] == 2' 'd["hosts"] == 1'

record --host web1
first=$recorder
record --host web2
await catches INT $first
await catches INT $recorder
append 20
ok "two recorders at once on one file" await has 35 live.db web1
await eval '[ "$(count live.db web2)" -ge 20 ]'
stop INT $first
stop INT $recorder
run history history:live.db --verify --format json
ok "which stays sound" state 'd["hosts"] == 2' 'd["sound"]' 'd["lost"] == 0'

# While lines are written all the time, recorders follow each other: what one has read it has put.
: >busy.log
cat >busy.py <<'END'
import os, time
n = 0
with open("busy.log", "a") as f:
    while not os.path.exists("enough"):
        at = time.strftime("%d/%b/%Y:%H:%M:%S", time.gmtime())
        f.write('203.0.113.9 - - [%s +0000] "GET /busy HTTP/1.1" 200 1 "-" "ua" rt=0.005\n' % at)
        f.flush()
        n += 1
        time.sleep(0.001)
print(n)
END
python3 busy.py >written &
writer=$!
more_than() { [ "$(count busy.db)" -gt "$1" ]; }
for signal in TERM INT KILL; do
    before=$(count busy.db)
    "$program" record -o history:busy.db busy.log 2>err &
    await more_than "$before"
    stop $signal $!
done
touch enough
wait $writer
"$program" record -o history:busy.db busy.log 2>err &
recorder=$!
ok "recorders that follow each other lose no line" await has "$(cat written)" busy.db
stop INT $recorder
ok "and none is there twice" has "$(cat written)" busy.db

# Killed after its first put, which comes soon: what was in the log before is there, once.
rm -f live.db*
: >live.log
append 25
record --host web1
ok "what a log had before is put soon" await has 25 live.db
stop KILL $recorder
append 1
record --host web1
ok "after kill -9 it goes on where the history ends" await has 26 live.db
stop INT $recorder
ok "and nothing is there twice" has 26 live.db

# A recording.
run record -o r.slowdive --for 2s live.log
run record -o history:whole.db r.slowdive
run history history:whole.db --format json
ok "a recording is recorded with its own times" state 'd["endpoints"] == 1' 'd["lost"] == 0'
echo "no database" >text
chmod 600 text
refused "a host is of a history" "--host" record -o plain.slowdive --host web1 live.log
refused "a folder that cannot be" "text" record -o history:text/h.db live.log
refused "a history that cannot be one" "text" record -o history:text live.log

# A backlog with hundreds of routes in every step fills more puts than may wait at once.
python3 - >dense.log <<'END'
import time
now = int(time.time()) - 7200
for i in range(150000):
    at = time.strftime("%d/%b/%Y:%H:%M:%S", time.gmtime(now + i // 60))
    print('203.0.113.9 - - [%s +0000] "GET /r%d/x HTTP/1.1" 200 1 "-" "ua" rt=0.%03d' % (at, i * 7919 % 676, i % 997 + 1))
END
"$program" record -o history:dense.db dense.log 2>err &
recorder=$!
ok "a dense backlog is recorded" await has 150000 dense.db
stop INT $recorder
run history history:dense.db --format json
ok "and nothing of it is lost" state 'd["lost"] == 0'

finish
