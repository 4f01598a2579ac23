#!/bin/bash
# Wrong usage: exit 2 and one clear sentence. Output that cannot be written.
. "$(dirname "$0")/tap.bash"

for i in $(seq 0 9); do line "$i" GET "/orders/$i" 200 0.010; done >good.log

refused "a misspelt view" "there is no view, verb or file endpionts" endpionts good.log
refused "an option there is not" "there is no option --frobnicate" --frobnicate
refused "a format there is not" "expected text, json, md or csv" endpoints --format xml good.log
refused "a column there is not" "there is no column nope" endpoints --sort nope good.log
{ cat good.log; line 0 POST /checkout 200 0.010; } >two.log
run endpoints --limit 0 --format csv two.log
ok "--limit 0 is all rows" [ "$(wc -l <out)" = 3 ]
run endpoints --limit 1 --format csv two.log
ok "--limit 1 is one row" [ "$(wc -l <out)" = 2 ]
refused "a limit that is no number" "--limit -1 is not a number" endpoints --limit -1 good.log
refused "a duration that is none" '--for: "soon" is not a duration' endpoints --for soon good.log
refused "no duration at all" "--for: must be more than 0" endpoints --for 0 good.log
refused "a time that is none" '--at: "25:99" is not a time' endpoints --at 25:99 good.log
refused "an endpoint there is not" 'No endpoint called "nope" has been seen' endpoint --select nope good.log
refused "a query there is not" 'No query called "nope" has been seen' query --select nope good.log
refused "a plan of no query" 'No query called "nope" has been seen' plan --select nope --format json good.log
refused "execution without a server" "--analyze needs a server" explain --analyze good.log
refused "a confirmation of nothing" "--yes confirms --analyze, which is missing" explain --db x --yes good.log
refused "a time limit of nothing" "--timeout limits --analyze, which is missing" explain --timeout 5s good.log
refused "a time limit that is none" '--timeout: "soon" is not a duration' \
    explain --db postgres://127.0.0.1:1/x --analyze --timeout soon good.log
refused "record without a file" "record needs a file to write" record good.log
refused "a log where a recording is wanted" "good.log is neither a recording nor a history" replay good.log --script -
refused "the console without a terminal" "the console needs a terminal" good.log

# An option is of the verbs its row names: elsewhere it is refused, not ignored.
refused "an option of other verbs" "record has no option --limit; slowdive --help record lists the options" \
    record --limit 3 -o x good.log
refused "an option of views, for advise" "advise has no option --for" advise --for 2s postgres://127.0.0.1:1/x
refused "an option of views, for the console" "the console has no option --format" good.log --format json
refused "an option of explain, for a view" "endpoints has no option --analyze" endpoints --analyze good.log
run --help record
ok "help of a verb is about it" says out "slowdive record -o FILE"
ok "and lists its options" says out "--output FILE"
ok "and no others" eval '! grep -q -- "--limit\|slowdive explain" out'
run views
ok "views are listed by place" grep -qx "3 DB: what the database does; needs a PostgreSQL server" out
ok "each below its place" test "$(sed -n '/^2 Web/,/^3 DB/p' out | grep -c '^  endpoint')" = 2
run --help
ok "--help lists them by place, too" grep -qx "2 Web: which requests are slow, and why; needs an access log" out
run map good.log --format csv
ok "the map prints as any view" grep -q '^"\{0,1\}2 Web"\{0,1\},endpoints,yes' out
run routes --help
ok "help of a view, by its alias" says out "--limit N"

# ---- what is piped in is read, without a word for it ----
"$program" endpoints --format csv <good.log >out 2>err
ok "standard input is a file" says out "/orders/:id,10,"
cat good.log | "$program" endpoints --format csv >out 2>err
ok "standard input is a pipe" says out "/orders/:id,10,"
ok "and that needs no word" silent err
true | "$program" endpoints >out 2>err
ok "an empty pipe is no source" eval '! says out orders'

# ---- the state of a source ----
run sources good.log
ok "sources SOURCE prints the state of the source" says out good.log
cp out first
run status good.log
ok "status is another name of it" eval "says first 'good.log  log' && says out 'good.log  log'"
run sources --format json good.log
ok "in every format" says out '"sources"'
run sources log
ok "the name of a kind alone is the kind" says out "Written as:"
refused "which has no state" "--format is for the state of a source: slowdive sources SOURCE" sources log --format json

# ---- a configuration that was named and is not there ----
refused "of a view" "no/such.yaml: No such file" endpoints --config no/such.yaml good.log
refused "of a list" "no/such.yaml: No such file" keys --config no/such.yaml

for verb in endpoints kpis "report baseline"; do
    # shellcheck disable=SC2086
    run $verb good.log --format json
    cp out shown.json
    # shellcheck disable=SC2086
    run $verb good.log --format json -o kept.json
    ok "what is printed goes into a file: $verb" eval '[ ! -s out ] && [ -s kept.json ] && [ "$(wc -l <kept.json)" = "$(wc -l <shown.json)" ]'
done
refused "a file that cannot be written" "cannot write /no/such/file" kpis good.log -o /no/such/file

"$program" endpoints good.log 2>err | true
ok "a reader that leaves early is no failure" [ "${PIPESTATUS[0]}" = 0 ]
ok "and needs no word" silent err
if [ -w /dev/full ]; then
    for verb in "endpoints good.log" sources --help --version keys; do
        # shellcheck disable=SC2086
        "$program" $verb >/dev/full 2>err
        status=$? && : >out
        ok "a full disk is told: $verb" is_refusal "cannot write the output: No space left"
    done
fi
finish
