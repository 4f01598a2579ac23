#!/bin/bash
# What a verb reads: logs of every shape, and what it says of what it cannot read.
. "$(dirname "$0")/tap.bash"

for i in $(seq 0 39); do line "$i" GET "/orders/$i" 200 0.010; done >good.log
head -20 good.log | gzip >two.gz
tail -20 good.log | gzip >>two.gz
rows() { grep -c '"route"' out; }
lines() { sed -n 's/.*"lines_total":[^0-9]*\([0-9]*\).*/\1/p' out; }

run endpoints --format json two.gz
ok "a .gz of two members is read whole" [ "$(lines)" = 40 ]
run endpoints --format json - <two.gz
ok "a packed log is read from standard input" [ "$(lines)" = 40 ]
cp two.gz good.log.2
run endpoints --format json good.log.2
ok "a packed log needs no .gz in its name" [ "$(lines)" = 40 ]
gzip -c good.log | head -c 200 >cut.gz
run endpoints cut.gz
ok "a cut .gz shows what is there" exited 0
ok "and says that it is cut" says err "cut.gz is truncated"
run status cut.gz
ok "status says so too" says out "cut.gz is truncated"

: >shop.log
run endpoints shop.log
ok "an empty log is an empty log" exited 0
ok "without a complaint" silent err
: >nothing
refused "an empty file of no kind" "nothing is in nothing" endpoints nothing
head -c 5000 /dev/urandom >noise
refused "noise" "no source recognises noise" endpoints noise
refused "noise that is said to be a log" "noise is not an access log" endpoints log:noise
refused "a file that is not there" "cannot open missing: No such file" endpoints missing
refused "nor there" "cannot open missing: No such file" endpoints log:missing --format json
refused "a folder" "is a folder; name a file in it" endpoints "$dir"
run endpoints --format json - <noise
ok "noise on standard input" is_refusal "it holds binary data"

sed 's/$/\r/' good.log >crlf.log
run endpoints --format json crlf.log
ok "CRLF is a line end" says out '"lines_unparsed":	0'
{ cat good.log; head -c 1048576 /dev/zero | tr '\0' x; echo; head -c 900 /dev/zero; echo; cat good.log; } >junk.log
run endpoints --format json junk.log
ok "junk between lines is counted" says out '"lines_unparsed":	2'
ok "and the lines after it are read" [ "$(lines)" = 82 ]
{ cat good.log; echo 'what is this'; line 0 GET /a 999999 0.010; } >two.log
run endpoints --format json two.log
ok "a sample is kept for each reason" says out 'what is this'
ok "and none hides another" says out '999999'
rm two.log

cat >lines.json <<'END'
{"kind":"metric","at":"2026-11-20T10:00:00Z","name":"queue.length","value":12}
{"kind":"event","at":"2026-11-20T10:00:01Z","severity":"warn","title":"deploy","text":"Version 7 goes out."}
END
run overview 'exec:cat lines.json'
ok "metrics alone are data" says out "too early to say"
ok "so it is not said that there is none" [ "$(grep -c 'No data' out)" = 0 ]
run status 'exec:cat lines.json'
ok "what happened is shown with the sources" says out "Version 7 goes out."
run status --format json 'exec:cat lines.json'
ok "and is in their JSON" says out '"title":	"deploy"'

echo 'SELECT * FROM orders WHERE id = 7;' >query.sql
refused "SQL is no plan" "explain --db postgres://... query.sql" explain query.sql

cat >bad.yaml <<'END'
refresh: never
routes:
  - orders
  - /orders/:number
END
run endpoints --config bad.yaml good.log
ok "a configuration that is wrong in places is used where it is right" says out "/orders/:number"
ok "and each place is told" says err "bad.yaml:3:5: the route \"orders\" does not begin with a slash"
ok "with what was expected" says err 'bad.yaml:1:10: refresh: "never" is not a duration such as 250ms'

# One source that fails does not keep another's view from printing.
run endpoints good.log postgres://nobody@127.0.0.1:1/shop
ok "what can be read is printed" says out "/orders/:id"
ok "with the reason for what is missing" says out "shop: connection refused (server at"
ok "on standard error as well" says err "shop: connection refused (server at"
ok "and it is not a success" exited 1
run endpoints --format json good.log no-such.log
ok "the reason is in the JSON" says out no-such.log
ok "with the figures" [ "$(rows)" = 1 ]
ok "and status 1" exited 1
run endpoints --format json good.log
ok "without one there is no such key" eval '! grep -q unread out'
refused "when nothing can be read nothing is printed" "refused" queries postgres://nobody@127.0.0.1:1/shop

finish
