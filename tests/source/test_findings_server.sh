#!/bin/bash
# Findings for which a real server is needed: dead rows, guesses, foreign keys without an index.
cd "$(dirname "$0")/../.." || exit 1
program=${SLOWDIVE:-build/slowdive}
dir=$(mktemp -d "${TMPDIR:-/tmp}/findings.XXXXXX") && chmod 755 "$dir"
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
CREATE TABLE mail (id int PRIMARY KEY, due int, state text) WITH (autovacuum_enabled = off);
INSERT INTO mail SELECT g, g, 'new' FROM generate_series(1, 60000) g;
CREATE INDEX mail_due ON mail (state, due);
CREATE TABLE visit (id int, started timestamptz, page text);
INSERT INTO visit SELECT g, '2024-01-01'::timestamptz + g * interval '1 minute', 'p' || g FROM generate_series(1, 60000) g;
CREATE TABLE author (id int PRIMARY KEY, tenant int NOT NULL, name text, UNIQUE (tenant, id));
INSERT INTO author SELECT g, g % 7, 'a' || g FROM generate_series(1, 5000) g;
CREATE TABLE book (id int PRIMARY KEY, author int REFERENCES author, title text);
INSERT INTO book SELECT g, g % 5000 + 1, 'b' || g FROM generate_series(1, 20000) g;
CREATE TABLE review (id int PRIMARY KEY, tenant int, author int, body text,
                     FOREIGN KEY (tenant, author) REFERENCES author (tenant, id));
INSERT INTO review SELECT g, (g % 5000 + 1) % 7, g % 5000 + 1, 'r' || g FROM generate_series(1, 20000) g;
CREATE INDEX ON review (author, tenant);
CREATE TABLE "Odd one" (x int REFERENCES author);
INSERT INTO "Odd one" SELECT g % 5000 + 1 FROM generate_series(1, 20000) g;
CREATE TABLE tiny (author int REFERENCES author);
SQL
# A session hands its counts over at its end: rows that were counted after ANALYZE would count twice.
psql -X -q -v ON_ERROR_STOP=1 "$PGURL" <<'SQL' || exit 1
ANALYZE;
DELETE FROM mail WHERE id < 59500;
SQL
has() { python3 -c 'import json, sys
d = json.load(sys.stdin)
sys.exit(0 if any(all(k in (r.get(f) or "") for f, k in zip(sys.argv[2::2], sys.argv[3::2])) for r in d.get(sys.argv[1]) or []) else 1)' "$@"; }
plan() { printf '%s\n' "$1" >"$dir/q.sql"; shift; "$program" explain --db "$PGURL" "$@" --format json "$dir/q.sql" >"$dir/plan"; }

# The counters come a moment after the transaction. They are waited for without planning: that looks at the end of the
# index, and what it finds dead there is cleared away and no longer counted.
for _ in $(seq 1000); do
    [ "$(psql -X -q -A -t "$PGURL" -c "SELECT n_dead_tup > 0 FROM pg_stat_user_tables WHERE relname = 'mail'")" = t ] && break
done
plan "SELECT id FROM mail WHERE state = 'new' ORDER BY due LIMIT 1"
has findings rule dead_rows evidence "59.5 k dead rows" advice "VACUUM (ANALYZE) on mail" <"$dir/plan"
check "dead rows are seen without executing"
! has findings rule stale_statistics <"$dir/plan"
check "and ANALYZE is not the cure"
has findings rule dead_rows advice "look for the oldest backend_xmin in pg_stat_activity" <"$dir/plan"
check "where nobody keeps them it says where to look"

# A snapshot that is still open: VACUUM removes nothing that died since.
mkfifo "$dir/keys"
psql -X -q -A -t "$PGURL" <"$dir/keys" >"$dir/old" 2>&1 &
exec 3>"$dir/keys"
echo "SET application_name = 'old worker'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_backend_pid() FROM mail LIMIT 1;" >&3
for _ in $(seq 1000); do
    psql -X -q -A -t "$PGURL" -c "UPDATE mail SET due = due + 1" -c "VACUUM mail" >/dev/null
    plan "SELECT id FROM mail WHERE state = 'new' ORDER BY due LIMIT 1"
    has findings rule dead_rows kept_by "old worker" <"$dir/plan" && break
done
pid=$(head -1 "$dir/old")
has findings rule dead_rows kept_by "pid $pid (role postgres, application old worker), idle in transaction, open since" <"$dir/plan"
check "the session whose snapshot keeps them is named"
has findings rule dead_rows advice "$pid" <"$dir/plan" && has findings rule dead_rows advice "end it first" <"$dir/plan"
check "and what to do"
echo "COMMIT; BEGIN; SELECT 1;" >&3
for _ in $(seq 1000); do
    plan "SELECT id FROM mail WHERE state = 'new' ORDER BY due LIMIT 1"
    has findings rule dead_rows kept_by "old worker" <"$dir/plan" || break
done
! has findings rule dead_rows kept_by "old worker" <"$dir/plan"
check "one without a snapshot is not"
exec 3>&-
wait %+ 2>/dev/null
plan "SELECT id FROM visit WHERE started + interval '1 day' > now()"
has findings rule guessed_rows evidence "20.0 k of 60.0 k rows" <"$dir/plan"
check "a default selectivity is called a guess"
plan "SELECT id FROM visit WHERE id > 20000"
! has findings rule guessed_rows <"$dir/plan"
check "statistics are not"

plan "DELETE FROM author WHERE id = 7"
has findings rule foreign_key evidence 'and 1 more' advice "CREATE INDEX CONCURRENTLY ON " <"$dir/plan"
check "DELETE: foreign keys without an index are found by the catalogue"
has suggestions ddl 'CREATE INDEX CONCURRENTLY ON public."Odd one" (x)' why "the planner's cost does not count" <"$dir/plan"
check "and stand among the missing indexes"
! grep -q 'review\|tiny' "$dir/plan"
check "one with an index in another order has one, and a tiny table does not matter"
plan "UPDATE author SET name = 'x' WHERE id = 7"
! has findings rule foreign_key <"$dir/plan"
check "UPDATE of another column searches nothing"
plan "UPDATE author SET id = 70000 WHERE id = 7"
has findings rule foreign_key severity info <"$dir/plan"
check "UPDATE of the key does"
psql -X -q "$PGURL" -c 'CREATE INDEX ON book (author); CREATE INDEX ON "Odd one" (x)'
plan "DELETE FROM author WHERE id = 7"
! has findings rule foreign_key <"$dir/plan"
check "and nothing once the indexes are there"
psql -X -q "$PGURL" -c 'DROP INDEX "Odd one_x_idx"'
"$program" tables "$PGURL" --for 1s --format json >"$dir/tables"
python3 -c 'import json, sys
rows = json.load(open(sys.argv[1]))
rows = rows.get("tables") or rows.get("rows")
look = {r["table"]: r["finding"] for r in rows}
sys.exit(0 if "public.\"Odd one\" (x)" in (look["public.author"] or "") else 1)' "$dir/tables"
check "the view tables lists them from the catalogue alone"
mkdir "$dir/statements"
echo "DELETE FROM author WHERE id = 7" >"$dir/statements/delete.sql"
"$program" advise "$PGURL" --workload "$dir/statements" >"$dir/advice"
grep -q 'public.author: each deleted row is searched for in public."Odd one" (x), which has no index' "$dir/advice"
check "the advice for a workload names them"
echo "UPDATE author SET name = 'x' WHERE id = 7" >"$dir/statements/delete.sql"
! "$program" advise "$PGURL" --workload "$dir/statements" | grep -q 'each deleted row'
check "but not where nothing is deleted"
echo "1..$n"
exit $failed
