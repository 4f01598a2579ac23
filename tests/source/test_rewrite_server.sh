#!/bin/bash
# What only a server knows: statistics out of date; and advise, which says what to write
# differently where no index helps.
cd "$(dirname "$0")/../.." || exit 1
program=${SLOWDIVE:-build/slowdive}
dir=$(mktemp -d "${TMPDIR:-/tmp}/rewrite.XXXXXX") && chmod 755 "$dir"
trap 'contrib/private-postgres stop "$dir" >/dev/null 2>&1; rm -rf "$dir"' EXIT
settings=$(contrib/private-postgres start "$dir" --with $$) || { echo "1..0 # SKIP no PostgreSQL here"; exit 0; }
eval "$settings"
n=0 failed=0
# check NAME, status of the last command
check()
{
    local status=$?
    n=$((n + 1))
    [ $status -eq 0 ] && { echo "ok $n - $1"; return; }
    echo "not ok $n - $1"
    failed=1
}
psql -X -q -v ON_ERROR_STOP=1 "$PGURL" <<'SQL' || exit 1
CREATE TABLE fresh (id int, kind int) WITH (autovacuum_enabled = off);
INSERT INTO fresh SELECT g, 1 FROM generate_series(1, 1000) g;
CREATE TABLE orders (id int PRIMARY KEY, created timestamptz NOT NULL, note text);
INSERT INTO orders SELECT g, '2024-01-01'::timestamptz + g * interval '5 minutes', md5(g::text) FROM generate_series(1, 100000) g;
CREATE INDEX ON orders (created);
ANALYZE;
INSERT INTO fresh SELECT g, 2 FROM generate_series(1, 100000) g;
SQL
# The counters come a moment after the transaction.
for _ in $(seq 100); do
    [ "$(psql -X -qAt "$PGURL" -c "SELECT n_mod_since_analyze > 50000 FROM pg_stat_user_tables WHERE relname = 'fresh'")" = t ] && break
done
has() { python3 -c 'import json, sys
d = json.load(sys.stdin)
sys.exit(0 if any(all(k in (r.get(f) or "") for f, k in zip(sys.argv[2::2], sys.argv[3::2])) for r in d.get(sys.argv[1]) or []) else 1)' "$@"; }
echo "SELECT count(*) FROM fresh f JOIN orders o ON o.id = f.id WHERE f.kind = 2" >"$dir/stale.sql"
"$program" explain --db "$PGURL" --format json "$dir/stale.sql" | has findings rule stale_statistics advice "ANALYZE fresh"
check "statistics out of date are seen without executing"
"$program" explain --db "$PGURL" --analyze --yes --format json "$dir/stale.sql" | has findings rule stale_statistics evidence "planned 1, got 100 k"
check "and with what came instead"
psql -X -q "$PGURL" -c "ANALYZE fresh"
"$program" explain --db "$PGURL" --format json "$dir/stale.sql" >"$dir/plan"
! has findings rule stale_statistics <"$dir/plan"
check "and no longer after ANALYZE"
mkdir "$dir/workload"
echo "SELECT id FROM orders WHERE created::date = '2024-03-05'" >"$dir/workload/day.sql"
echo "SELECT id FROM orders WHERE id = 5" >"$dir/workload/fine.sql"
"$program" advise "$PGURL" --workload "$dir/workload" --format json >"$dir/advice"
has rewrites query_id day rule function_on_column statement "created >= '2024-03-05'::date" <"$dir/advice"
check "advise says what to write differently"
! has rewrites query_id fine <"$dir/advice"
check "and nothing of what is fine"
echo "1..$n"
exit $failed
