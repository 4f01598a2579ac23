#!/bin/bash
# slowdive explain --db URL --analyze, with and without --yes, on a server of its own.
. "$(dirname "$0")/../cli/tap.bash"
chmod 755 "$dir"
if ! environment=$("$root/contrib/private-postgres" start "$dir/pg" --with $$ 2>why); then
    echo "1..0 # SKIP $(cat why)"
    exit 0
fi
eval "$environment"
trap '"$root/contrib/private-postgres" stop "$dir/pg"; rm -rf "$dir"' EXIT
psql -Xq "$PGURL" -c 'create table t as select i, i % 7 as k from generate_series(1, 3000) i' -c 'analyze t' \
    -c "create function f() returns int language sql as 'select 1'"

echo 'select k, count(*) from t group by k' >fine.sql
echo 'select f()' >acts.sql
echo 'select count(*) from t a, t b, t c where a.i + b.i + c.i < 0' >long.sql
running() { psql -XqAt "$PGURL" -c "select count(*) from pg_stat_activity where application_name = 'slowdive'
    and state = 'active' and query ilike 'explain %(analyze%'"; }
# becomes COUNT: waits until so many run
becomes() {
    local end=$((SECONDS + 20))
    until [ "$(running)" = "$1" ]; do [ $SECONDS -lt $end ] || return 1; done
}

run explain --db "$PGURL" --analyze fine.sql
ok "asked only, it says that it would be executed" exited 0
ok "and what it is about" grep -q 'Database *postgres' out
ok "and the time limit" grep -q 'Time limit *30.0 s' out
ok "and the query" says out 'select k, count(*)'
ok "and that nothing was done" says out 'nothing was executed'
run explain --db "$PGURL" --analyze --timeout 2s --format json acts.sql
ok "asked only, it says why not" exited 1
ok "in words" says out 'public.f'
ok "as JSON" grep -Eq '"would_execute":[[:space:]]*false' out
ok "with the limit" grep -Eq '"limit_ns":[[:space:]]*2000000000' out
run explain --db "$PGURL" --analyze --yes fine.sql
ok "with --yes the executed plan is printed" exited 0
ok "with its times" grep -q 'Execution' out
run explain --db "$PGURL" --analyze --yes acts.sql
ok "what is refused is not executed" exited 1
ok "and says why" says err 'public.f'
run explain --db "$PGURL" --analyze --yes --timeout 300ms long.sql
ok "the time limit ends it" exited 1
ok "and says so" says err 'time limit of 300 ms'

"$program" explain --db "$PGURL" --analyze --yes long.sql >out 2>err &
pid=$!
ok "a long one runs" becomes 1
kill -TERM $pid # a background job of a shell has no Ctrl-C
wait $pid
status=$?
ok "a signal withdraws it" exited 143
ok "and says so" says err 'the server has stopped it'
ok "the server has stopped" becomes 0
# From 14 on the server looks whether its client is still there.
if [ "$(psql -XqAt "$PGURL" -c 'show server_version_num')" -ge 140000 ]; then
    "$program" explain --db "$PGURL" --analyze --yes long.sql >out 2>err &
    pid=$!
    ok "another one runs" becomes 1
    kill -KILL $pid
    wait $pid 2>/dev/null
    ok "killed, it leaves nothing running either" becomes 0
fi
finish
