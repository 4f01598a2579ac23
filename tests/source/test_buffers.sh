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
run caches "$PGURL" --for 4s --format json
buffers=$(psql -XqAt "$PGURL" -c "select pg_size_bytes(current_setting('shared_buffers'))")
ok "the buffers are a cache of the database layer" json "r['name'].startswith('postgresql ')"
ok "blocks found are hits" json "r['hits'] > 0 and r['misses'] is not None"
ok "their limit is shared_buffers" json "r['bytes_max'] == $buffers"
ok "what a miss is, is said" json "any('operating system' in n for n in r['notes'])"
ok "tables are its parts" json "[p for p in r['prefixes'] if p['prefix'] == 'public.items' and p['hits'] + p['misses'] > 0]"
if [ "$(psql -XqAt "$PGURL" -c 'show server_version_num')" -ge 160000 ]; then
    ok "evictions are counted" json "r['evictions'] is not None"
else
    ok "evictions are unknown, with the reason" json "r['evictions'] is None and any('PostgreSQL 16' in n for n in r['notes'])"
fi
finish
