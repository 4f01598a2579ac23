#!/bin/bash
# A real standby: the lag of its replay on both sides, and its promotion as an event.
. "$(dirname "$0")/../cli/tap.bash"
chmod 755 "$dir"
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
cleanup() {
    kill "$recorder" 2>/dev/null
    as_server "$bin/pg_ctl" -D "$standby" -m immediate stop >/dev/null 2>&1
    as_server rm -rf "$standby"
    "$root/contrib/private-postgres" stop "$dir/pg"
    rm -rf "$dir"
}
recorder=
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
sql "$PGURL" -c "alter system set wal_level = replica" -c "alter system set max_wal_senders = 4"
again() {
    "$root/contrib/private-postgres" halt "$dir/pg"
    "$@"
    eval "$("$root/contrib/private-postgres" start "$dir/pg" --with $$)"
}
# The copy of a stopped server needs no pg_basebackup, which not every version here has. The
# first start writes the new wal_level.
again :
again as_server cp -a "$data" "$standby"
unset PGHOST PGUSER
port=$((PGPORT > 40000 ? PGPORT - 7 : PGPORT + 7))
second=${PGURL/:$PGPORT/:$port}
follows() {
    as_server touch "$standby/standby.signal" &&
        echo "primary_conninfo = '$PGURL'" | as_server tee -a "$standby/postgresql.auto.conf" >out &&
        as_server "$bin/pg_ctl" -D "$standby" -w -l "$standby/log" -o "-p $port" start >>out 2>&1
}
ok "a standby follows" follows
number() { grep -Eq "\"$1\":[[:space:]]*[0-9]" out; }
lag_on() { run overview "$1" --for 5s --format json && number replication_lag_ns; }
sql "$PGURL" -c 'create table moved as select generate_series(1, 1000)'
ok "the primary tells how far its standby is behind" within 20 lag_on "$PGURL"
ok "the standby tells how far it is behind" within 20 lag_on "$second"

# The first of two servers goes, and the connection moves to the second.
both=${PGURL/:$PGPORT/:$PGPORT,127.0.0.1:$port}
"$program" record -o both.slowdive "$both" >both.out 2>&1 &
recorder=$!
watched() { run overview both.slowdive --format json && number uptime_ns; }
ok "the first of two is watched" within 150 watched
"$root/contrib/private-postgres" halt "$dir/pg"
printf ': activity\nprint\n' >steps
moved() { run replay both.slowdive --script steps --size 120x40 && grep -q failover out; }
ok "the other takes over: a failover" within 300 moved
kill -INT "$recorder"
wait "$recorder"

"$program" record -o moved.slowdive "$second" >record.out 2>&1 &
recorder=$!
has() { run replay moved.slowdive --script steps --size 120x40 && grep -q "$1" out; } # in the graph
recorded() { run overview moved.slowdive --format json && number uptime_ns; }
ok "what the standby does is recorded" within 150 recorded
as_server "$bin/pg_ctl" -D "$standby" -w promote >/dev/null
ok "its promotion is an event" within 150 has promotion
kill -INT "$recorder"
wait "$recorder"
status=$?
ok "the recording ends in peace" exited 0
recorder=
ok "and has the event" has promotion
finish
