#!/bin/bash
# What the server keeps of the time before: samples in the tables of pg_ash (as it makes and fills them),
# pg_wait_sampling where it is installed, statements since the reset of pg_stat_statements.
. "$(dirname "$0")/../cli/tap.bash"
chmod 755 "$dir"
command -v python3 >/dev/null && command -v psql >/dev/null || { echo "1..0 # SKIP no python3 or no psql"; exit 0; }
environment=$("$root/contrib/private-postgres" start "$dir/pg" --with $$ 2>why) || { echo "1..0 # SKIP $(cat why)"; exit 0; }
eval "$environment"
unset PGHOST PGUSER
: >out 2>err
trap '"$root/contrib/private-postgres" stop "$dir/pg"; rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
sql() { psql -XqAt -v ON_ERROR_STOP=1 "$PGURL" "$@" 2>err; }
nothing() { run history "$PGURL" --for 2s && says out "keeps no history of waits"; }
ok "without any of them it says so" nothing
# A sample: minus a wait, how many sessions, their statements. Ten minutes, one a second: 2 sessions on the
# processor, 1 reading, and every second one 3 more that wait for a lock.
sql >/dev/null <<'SQL'
create extension pg_stat_statements;
create schema ash;
create table ash.wait_event_map (id smallint primary key, state text, type text, event text);
insert into ash.wait_event_map values (1, 'active', 'CPU*', 'CPU*'), (2, 'active', 'IO', 'DataFileRead'), (3, 'active', 'Lock', 'tuple');
create table ash.sample (sample_ts int4 not null, datid oid not null, active_count smallint not null, data int4[] not null,
    slot smallint not null default 0) partition by list (slot);
create table ash.sample_0 partition of ash.sample for values in (0);
insert into ash.sample select (extract(epoch from now()) - 1767225600)::int4 - 600 + g, 5, 3,
    case when g % 2 = 0 then array[-1, 2, 7, 0, -2, 1, 7, -3, 3, 7, 8, 9] else array[-1, 2, 7, 0, -2, 1, 7] end
    from generate_series(0, 600) g;
select pg_stat_statements_reset();
select count(*) from generate_series(1, 300000);
SQL
loads() {
    run history "$PGURL" --for 3s --format json && python3 -c "
import json
doc = json.load(open('out'))
load = {row['wait']: row['load'] for row in doc['rows'] if row['source'] == 'pg_ash'}
assert set(load) == {'CPU', 'IO:DataFileRead', 'Lock:tuple'}, load
for wait, wanted in (('CPU', 2), ('IO:DataFileRead', 1), ('Lock:tuple', 1.5)):
    assert abs(load[wait] - wanted) < 0.02, (wait, load[wait])
assert abs(sum(row['share'] for row in doc['rows'] if row['source'] == 'pg_ash') - 1) < 1e-6
" 2>err
}
ok "pg_ash: the load of the last hour by wait" loads
statements() { python3 -c "
import json
rows = json.load(open('out'))['statements']
assert any('generate_series' in row['text'] and row['calls'] == 1 for row in rows), rows
" 2>err; }
ok "statements that ran before slowdive was started" statements
recorded() {
    run record -o h.slowdive "$PGURL" --for 3s
    run history h.slowdive && says out "Lock:tuple" && says out "generate_series"
}
ok "a recording has both" recorded
sql -c "create role watcher login" -c "grant pg_monitor to watcher" >/dev/null
refused_quietly() { run history "${PGURL/postgres@/watcher@}" --for 2s && says out "keeps no history of waits"; }
ok "a role that may not read the tables is told so" refused_quietly
sql -c "alter system set shared_preload_libraries = pg_stat_statements, pg_wait_sampling" >/dev/null
# Debian has it for its own server only.
if [ -z "${PRIVATE_POSTGRES_BIN:-}" ] && ls /usr/lib/postgresql/*/lib/pg_wait_sampling.so >/dev/null 2>&1 ||
    [ -e "${PRIVATE_POSTGRES_BIN:-/nonexistent}/../lib/postgresql/pg_wait_sampling.so" ]; then
    "$root/contrib/private-postgres" halt "$dir/pg"
    eval "$("$root/contrib/private-postgres" start "$dir/pg" --with $$)"
    unset PGHOST PGUSER
    sql -c "create extension pg_wait_sampling" -c "select pg_sleep(1)" >/dev/null
    profile() { run history "$PGURL" --for 2s && says out pg_wait_sampling && says out PgSleep; }
    ok "pg_wait_sampling: its profile" profile
fi
finish
