#!/bin/bash
# The buffers of a real PostgreSQL as a cache: blocks found and read, evictions, tables.
. "$(dirname "$0")/../cli/tap.bash"
chmod 755 "$dir"
command -v python3 >/dev/null && command -v psql >/dev/null || { echo "1..0 # SKIP no python3 or no psql"; exit 0; }
environment=$("$root/contrib/private-postgres" start "$dir/pg" --with $$ 2>why) || { echo "1..0 # SKIP $(cat why)"; exit 0; }
eval "$environment"
unset PGHOST PGUSER
: >out 2>err
load=''
trap 'kill $load 2>/dev/null; "$root/contrib/private-postgres" stop "$dir/pg"; rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
json() { python3 -c "import json,sys; d=json.load(open('out')); r=[x for x in d['rows'] if x['layer'] == 'database'][0]; sys.exit(not ($1))"; }
psql -Xq -v ON_ERROR_STOP=1 "$PGURL" <<'SQL' >out 2>err
create table items as select g as id, repeat('x', 500) as body from generate_series(1, 20000) g;
SQL
# Blocks are read by a session that stays, so that its counts arrive while it works.
while :; do echo 'select sum(length(body)) from items;'; sleep 0.2; done | psql -Xq "$PGURL" >/dev/null 2>&1 &
load=$!
# A function of that name may be anybody's: one that is not the extension's is not called.
psql -Xq "$PGURL" >out 2>err <<'SQL'
create function public.pg_buffercache_summary(out buffers_used int4) language sql return 7;
create function public.pg_buffercache_pages() returns setof record language sql as 'select 7';
SQL
run caches "$PGURL" --for 2s --format json
ok "without the extension how much is used is unknown" json "r['bytes_used'] is None and any('has no extension pg_buffercache' in n for n in r['notes'])"
psql -Xq "$PGURL" -c 'drop function public.pg_buffercache_summary(), public.pg_buffercache_pages()' >out 2>err
extension=
psql -Xq "$PGURL" -c 'create schema "a b"' -c 'create extension pg_buffercache schema "a b"' >out 2>err && extension=yes
run caches "$PGURL" --for 4s --format json
buffers=$(psql -XqAt "$PGURL" -c "select pg_size_bytes(current_setting('shared_buffers'))")
ok "the buffers are a cache of the database layer" json "r['name'].startswith('postgresql ')"
ok "blocks found are hits" json "r['hits'] > 0 and r['misses'] is not None"
ok "their limit is shared_buffers" json "r['bytes_max'] == $buffers"
ok "what a miss is, is said" json "any('operating system' in n for n in r['notes'])"
ok "tables are its parts" json "[p for p in r['prefixes'] if p['prefix'] == 'public.items' and p['hits'] + p['misses'] > 0]"
if [ -n "$extension" ]; then
    table=$(psql -XqAt "$PGURL" -c "select pg_total_relation_size('items')")
    ok "with pg_buffercache it is known" json "0 < r['bytes_used'] <= $buffers"
    ok "and how much of it a table takes" json "[p for p in r['prefixes'] if p['prefix'] == 'public.items' and 0.5 * $table < p['bytes'] <= $table]"
fi
if [ "$(psql -XqAt "$PGURL" -c 'show server_version_num')" -ge 160000 ]; then
    ok "evictions are counted" json "r['evictions'] is not None"
else
    ok "evictions are unknown, with the reason" json "r['evictions'] is None and any('PostgreSQL 16' in n for n in r['notes'])"
fi
finish
