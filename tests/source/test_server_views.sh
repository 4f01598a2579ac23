#!/bin/bash
# The views server, replication, progress and parameters beside psql, on a real server with a real standby:
# every figure is equal (server_views.py), and a recording shows the same.
. "$(dirname "$0")/../cli/tap.bash"
chmod 755 "$dir"
command -v python3 >/dev/null && command -v psql >/dev/null || { echo "1..0 # SKIP no python3 or no psql"; exit 0; }
environment=$("$root/contrib/private-postgres" start "$dir/pg" --with $$ 2>why) || { echo "1..0 # SKIP $(cat why)"; exit 0; }
eval "$environment"
unset PGHOST PGUSER
: >out 2>err
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$@"; }
data=$(sql "$PGURL" -c 'show data_directory')
bin=${PRIVATE_POSTGRES_BIN:-$(for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -t/ -k5,5nr); do [ -x "$folder/pg_ctl" ] && echo "$folder" && break; done)}
owner=$(stat -c %U "$data")
as_server() {
    if [ "$(id -un)" = "$owner" ]; then "$@"; else setpriv --reuid="$owner" --regid="$(id -g "$owner")" --clear-groups -- "$@"; fi
}
standby=${data%/data}/standby
helpers=()
cleanup() {
    local pid
    exec 8>&-
    for pid in "${helpers[@]}"; do kill "$pid" 2>/dev/null; done
    as_server "$bin/pg_ctl" -D "$standby" -m immediate stop >/dev/null 2>&1
    as_server rm -rf "$standby"
    "$root/contrib/private-postgres" stop "$dir/pg"
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
tick() { read -rt 0.2 <> <(:); }
# within TENTHS CONDITION...
within() {
    local n=$1
    shift
    for ((; n > 0; n--)); do
        "$@" && return
        tick
    done
    return 1
}
# equal VIEW URL: prints how many figures were equal
equal() {
    timeout 60 python3 "$root/tests/source/server_views.py" "$1" "$program" "$2" >out 2>err
    status=$?
    sed 's/^/# /' out | tail -1
    [ "$status" = 0 ]
}
asks() { [ "$(sql "$PGURL" -c "$1")" = "$2" ]; }

sql "$PGURL" -c "alter system set wal_level = replica" -c "alter system set max_wal_senders = 4" \
    -c "alter system set max_replication_slots = 4" -c "alter system set autovacuum = off" \
    -c "alter system set archive_mode = on" -c "alter system set archive_command = 'false'" -c "alter system set work_mem = '5MB'"
# again COMMAND...: while the server is down
again() {
    "$root/contrib/private-postgres" halt "$dir/pg"
    "$@"
    eval "$("$root/contrib/private-postgres" start "$dir/pg" --with $$)"
    unset PGHOST PGUSER
}
again :
sql "$PGURL" -c "create table swept as select g, repeat('x', 300) from generate_series(1, 20000) g" \
    -c "create table t as select g, md5(g::text) from generate_series(1, 20000) g" \
    -c "alter system set max_connections = 60" -c "alter system set archive_command = 'true'" -c "select pg_reload_conf()" >/dev/null
ok "server: every figure is what psql says" equal server "$PGURL"
ok "parameters: every figure is what psql says" equal parameters "$PGURL"
waits_for_restart() { run parameters "$PGURL" --for 2s --format json && grep -A40 '"max_connections"' out | grep -m1 pending_restart | grep -q true; }
ok "a parameter that waits for a restart" within 20 waits_for_restart
hidden() { run parameters "$PGURL" --for 2s --format json && grep -A9 '"archive_command"' out | grep -q '"value":[[:space:]]*null'; }
ok "what may hold a secret is not shown" within 10 hidden

port=$((PGPORT > 40000 ? PGPORT - 7 : PGPORT + 7))
second=${PGURL/:$PGPORT/:$port}
# The copy of a stopped server: Debian's pg_basebackup refuses newer versions.
copy() { as_server cp -a "$data" "$standby" && as_server find "$standby/pg_replslot" -mindepth 1 -delete; }
follows() {
    as_server touch "$standby/standby.signal" &&
        printf "primary_conninfo = '%s'\nprimary_slot_name = follower\n" "$PGURL" |
        as_server tee -a "$standby/postgresql.auto.conf" >out &&
        as_server "$bin/pg_ctl" -D "$standby" -w -l "$standby/log" -o "-p $port -c unix_socket_directories=''" start >>out 2>&1
}
sql "$PGURL" -c "select pg_create_physical_replication_slot('follower', true)" >/dev/null
again copy
ok "a standby follows" follows
sql "$PGURL" -c "select pg_create_physical_replication_slot('forgotten', true)" >/dev/null
caught_up="select count(*) from pg_stat_replication where state = 'streaming' and replay_lsn = pg_current_wal_lsn()"
ok "it catches up" within 150 asks "$caught_up" 1
ok "replication: every figure of the primary is what psql says" equal replication "$PGURL"
ok "replication: every figure of the standby, too" equal receiver "$second"
ok "server: every figure of the standby" equal server "$second"
sql "$second" -c "select pg_wal_replay_pause()" >/dev/null
sql "$PGURL" -c "insert into t select g, repeat('x', 400) from generate_series(1, 10000) g"
ok "all is received" within 150 asks "select count(*) from pg_stat_replication where flush_lsn = pg_current_wal_lsn() and replay_lsn < flush_lsn" 1
ok "replication: the lag of a standby that is paused" equal replication "$PGURL"
behind() { run replication "$PGURL" --for 2s --format json && grep -Eq '"replay_lag_bytes":[[:space:]]*[0-9]{6,}' out; }
ok "and it is megabytes" within 10 behind
paused() { run overview "$second" --for 3s --format json && grep -q 'replay is paused' out; }
ok "the overview of the standby says that it is paused" within 10 paused
kept() { run replication "$PGURL" --for 2s --format json && grep -A8 '"forgotten"' out | grep -Eq '"kept_bytes":[[:space:]]*[0-9]{6,}'; }
ok "a slot that is not in use keeps WAL" within 10 kept

# Commands that cannot go on: an index that waits for a writer, a COPY that gets no more rows.
mkfifo rows hold
psql -Xq "$PGURL" -c "create table copied (line text)" -c "begin" -c "insert into t values (0, '')" >/dev/null
psql -Xq "$PGURL" <hold >/dev/null 2>&1 &
helpers+=($!)
exec 7>hold
echo "begin; insert into t values (0, '');" >&7
holds="select count(*) from pg_stat_activity where state = 'idle in transaction'"
ok "a session writes and stays" within 150 asks "$holds" 1
psql -Xq "$PGURL" -c "create index concurrently t_g on t (g)" >/dev/null 2>&1 &
helpers+=($!)
psql -Xq "$PGURL" -c "\\copy copied from 'rows'" >/dev/null 2>&1 &
helpers+=($!)
exec 8>rows
for ((i = 0; i < 3000; i++)); do echo "line $i of many, so that they are sent"; done >&8
PGOPTIONS="-c vacuum_cost_delay=100 -c vacuum_cost_limit=1" psql -Xq "$PGURL" -c "vacuum swept" >/dev/null 2>&1 &
helpers+=($!)
# 13 does not tell how far a COPY is.
copies=" union all select pid from pg_stat_progress_copy"
[ "$(sql "$PGURL" -c "select to_regclass('pg_stat_progress_copy') is null")" = f ] || copies=
under_way() { asks "select count(*) from (select pid from pg_stat_progress_create_index$copies union all select pid from pg_stat_progress_vacuum where heap_blks_scanned > 0) x" $((2${copies:++ 1})); }
ok "an index is built, rows are copied, a table is swept" within 150 under_way
ok "progress: every figure is what psql says" equal progress "$PGURL"
shown() { run progress "$PGURL" --for 2s && grep -q 'create index' out && { [ -z "$copies" ] || grep -q copy out; } && grep -q 'vacuum.*public.swept' out; }
ok "progress: all are listed" within 10 shown
recorded() {
    run record -o all.slowdive "$PGURL" --for 4s
    run replay all.slowdive --script steps --size 120x40 && grep -q 'create index' out
}
printf ': progress\nprint\n' >steps
ok "a recording has it" recorded
printed() {
    local view
    for view in server replication progress parameters; do
        for format in text json md csv; do run "$view" all.slowdive --format "$format" && [ -s out ] || return 1; done
    done
}
ok "and prints every view in every format" printed
sql "$PGURL" -c "select pg_cancel_backend(pid) from pg_stat_progress_create_index" \
    -c "select pg_cancel_backend(pid) from pg_stat_progress_vacuum" >/dev/null
exec 7>&- 8>&-
invalid() { run overview "$PGURL" --for 3s --format json && grep -q 't_g' out; }
ok "the index that was left is invalid: the overview says so" within 10 invalid
sql "$PGURL" -c "select pg_drop_replication_slot('forgotten')" >/dev/null
finish
