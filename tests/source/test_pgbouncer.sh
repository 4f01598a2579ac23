#!/bin/bash
# Through a real pgbouncer in each of its modes: what the application left in the server
# sessions is there after every verb has run, and nothing else; its names and writes work.
#
#   RUNS=100 tests/source/test_pgbouncer.sh    so often each verb (2)
. "$(dirname "$0")/../cli/tap.bash"
. "$root/tests/lib/pgbouncer.bash"
chmod 755 "$dir"
[ -n "$(pooler_program)" ] || { echo "1..0 # SKIP pgbouncer is not installed"; exit 0; }
environment=$("$root/contrib/private-postgres" start "$dir/pg" --with $$ 2>why) || { echo "1..0 # SKIP $(cat why)"; exit 0; }
eval "$environment"
trap 'pooler_stop; "$root/contrib/private-postgres" stop "$dir/pg"; rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
unset PGHOST PGUSER
export PGAPPNAME=application
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
shop=${PGURL%/postgres}/shop
sql "$PGURL" -c 'create role app login' -c 'create role monitor login in role pg_monitor' -c 'create database shop owner app'
sql "$shop" -c 'create extension pg_stat_statements'
hypopg=
sql "$shop" -c 'create extension hypopg' 2>/dev/null && hypopg=yes
unproven='a connection pooler stands between'
[ -n "$hypopg" ] || unproven='HypoPG is not installed' # the nearer reason
[ -z "$hypopg" ] || sql "$shop" -c 'grant select on hypopg_list_indexes to app'
sql "${shop/postgres@/app@}" -c 'create schema store' \
    -c "create table store.orders as select i as id, i % 100 as customer, 'x' || i as note from generate_series(1, 20000) i" \
    -c 'create table store.written (id int)'
sql "$shop" -c 'analyze store.orders'
echo 'select * from store.orders where customer = 5' >plain.sql
echo 'select * from store.orders where customer = $1 and ($2 is null or note = $2)' >generic.sql

# What a client meets in a server session: one row, also where transactions are refused.
state_sql="select pg_backend_pid() as pid, current_user, session_user,
    (select string_agg(name || '=' || coalesce(setting, ''), ' ' order by name) from pg_settings),
    (select string_agg(name || ': ' || statement, ' ' order by name) from pg_prepared_statements),
    (select string_agg(relname, ' ' order by relname) from pg_class where relpersistence = 't' and pg_table_is_visible(oid)),
    ${hypopg:+(select count(*) from hypopg_list_indexes),}
    (select string_agg(objid::text, ' ' order by objid) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()),
    (select string_agg(c, ' ' order by c) from pg_listening_channels() c),
    current_setting('slowdive.plan', true)"
# states FILE: of all sessions of the pool, in the order of their processes
states() { for _ in $(seq $((2 * size))); do sql "$app" -c "$state_sql"; done | sort -u >"$1"; }
alike() { states after; [ -s before ] && diff <(tr ' |' '\n\n' <before) <(tr ' |' '\n\n' <after) >out; }
pids() { [ "$(cut -d'|' -f1 "$1" | sort -u | wc -l)" = "$size" ]; } # every session is there, once each

# An application that keeps much in its sessions.
dress() {
    local i
    if [ "$size" = 2 ]; then # the second session is made while the first is held
        coproc holder { psql -XqAt "$app"; }
        echo "select 'held';" >&"${holder[1]}"
        read -r _ <&"${holder[0]}"
        i=$holder_PID
        sql "$app" -c 'select 1' >/dev/null
        echo '\q' >&"${holder[1]}"
        wait "$i"
    fi
    for i in $(seq "$size"); do
        sql "$app" -c "select set_config('search_path', 'store, public', false), set_config('work_mem', '7MB', false),
            set_config('statement_timeout', '77s', false), pg_advisory_lock(pg_backend_pid())" >/dev/null
    done
    for i in $(seq "$size"); do sql "$app" -c 'prepare mine as select count(*) from orders'; done
    for i in $(seq "$size"); do sql "$app" -c 'listen news'; done
    for i in $(seq "$size"); do sql "$app" -c 'create temp table scratch (id int)'; done
    [ -z "$hypopg" ] || for i in $(seq "$size"); do
        sql "$app" -c "select hypopg_create_index('create index on store.orders (note)')" >/dev/null
    done
}
writes() { sql "$app" -c "insert into written values (1) returning id" >out 2>err && sql "$app" -c 'execute mine' >>out 2>&1 && [ "$(tail -n 1 out)" = 20000 ]; }

verbs() {
    local v i
    for i in $(seq "${RUNS:-2}"); do
        for v in queries activity tables indexes overview status pools; do
            run $v "$app"
            [ $status = 0 ] && [ ! -s err ] || { echo "$v: $status $(cat err)" >out; return 1; }
        done
        for v in "explain --db $app plain.sql" "explain --db $app generic.sql" "advise $app --workload plain.sql" "advise $app --workload generic.sql"; do
            run $v
            [ $status = 0 ] || { echo "$v: $status $(cat err)" >out; return 1; }
        done
        run explain --db "$app" --analyze --yes plain.sql
        [ $status = 0 ] || { echo "analyze: $status $(cat err)" >out; return 1; }
        rm -f incident.slowdive
        run record -o incident.slowdive "$app" --for 1s
        [ $status = 0 ] || { echo "record: $status" >out; return 1; }
    done
}

through() { # MODE SIZE
    local mode=$1
    size=$2
    ok "$mode: pgbouncer starts" pooler_start "$mode" "$size"
    app=postgresql://app@127.0.0.1:$pooler/shop
    dress
    states before
    ok "$mode: the application's sessions are all looked at" pids before
    ok "$mode: every verb runs, again and again" verbs
    ok "$mode: the application's sessions are as before" alike
    ok "$mode: its unqualified names, prepared statements and writes work" writes
    run status "$app"
    ok "$mode: the pooler is named" grep -q "PostgreSQL .*, through pgbouncer" out
    run status "postgresql://monitor@127.0.0.1:$pooler/shop" --for 1s
    ok "$mode: and its mode, where its console may be read" grep -q "through PgBouncer .* in $mode mode" out
}

through session 2
run explain --db "$app" generic.sql
ok "session: no index is proven there" grep -q "unproven: $unproven" out
pooler_stop

through transaction 1
run explain --db "$app" generic.sql
ok "transaction: an index is named" says out 'CREATE INDEX CONCURRENTLY'
ok "transaction: unproven" grep -q "unproven: $unproven" out
run advise "$app" --workload generic.sql
ok "transaction: advise says so, too" says out "Unproven: $unproven"
run activity "$app"
ok "transaction: a second run works as the first" exited 0

# One client holds the only session, a second one waits for it.
console=postgresql://monitor@127.0.0.1:$pooler/pgbouncer
coproc holder { psql -XqAt "$shop"; }
echo "begin; lock table store.orders; select 'held';" >&"${holder[1]}"
read -r _ <&"${holder[0]}"
sql "$app" -c 'select count(*) from store.orders' >/dev/null 2>&1 &
first=$!
locked() {
    local end=$((SECONDS + 20))
    until [ "$(sql "$shop" -c "select count(*) from pg_stat_activity where wait_event_type = 'Lock'")" = 1 ]; do
        [ $SECONDS -lt $end ] || return 1
    done
}
ok "a client holds the session" locked
sql "$app" -c 'select 1' >/dev/null 2>&1 &
second=$!
waits() {
    local end=$((SECONDS + 20))
    until psql -XqAt "$console" -c 'show pools' | grep -q '^shop|app|1|1|'; do [ $SECONDS -lt $end ] || return 1; done
}
ok "a client waits in the pool" waits
run pools "$console" --format json
ok "the admin console is a source: who waits" grep -Eq '"clients_waiting":[[:space:]]*1' out
ok "in which pool" grep -Eq '"database":[[:space:]]*"shop"' out
ok "and how the pool is shared" grep -Eq '"mode":[[:space:]]*"transaction"' out
run overview "$console"
ok "the overview says that one waits" says out '1 client waits for a server connection'
echo "rollback; \\q" >&"${holder[1]}"
wait $first $second $holder_PID
run activity "$console"
ok "the console has no sessions, and no error" exited 0
refused "it plans nothing" "admin console" explain --db "$console" plain.sql
pooler_stop

through statement 1
run explain --db "$app" generic.sql
ok "statement: a plan is made, too" says out 'CREATE INDEX CONCURRENTLY'
ok "statement: unproven" grep -q "unproven: $unproven" out
echo 'select * from store.orders where nobody = $1' >wrong.sql
refused "statement: a mistake is one sentence" 'column "nobody" does not exist' explain --db "$app" wrong.sql
ok "statement: and leaves nothing" alike
pooler_stop

run pools "${shop/postgres@/monitor@}"
ok "without a pooler the view says what to name" says out '/pgbouncer'
run status "${shop/postgres@/monitor@}"
ok "and no pooler is seen" grep -q 'PostgreSQL .*, database shop *now' out
finish
