#!/bin/bash
# Estimates of unused space beside the truth: tables and B-trees of different shapes, newly written, and the same
# after most of their rows are gone. The bars are the errors that the estimates name (src/core/indexes/unused_space.c).
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
psql -Xq -v ON_ERROR_STOP=1 "$PGURL" >out 2>err <<'SQL'
alter system set autovacuum = off;
select pg_reload_conf();
create table narrow as select g as a, g % 1000 as b from generate_series(1, 200000) g;
create table aligned as select (g % 7)::smallint as s, g::bigint as l, true as t, now() as at from generate_series(1, 100000) g;
create table texts as select g, md5(g::text) as m, repeat('x', g % 200) as x from generate_series(1, 50000) g;
create table nulls as select g, case when g % 3 = 0 then g end as n, case when g % 2 = 0 then 'text ' || g end as t, null::text as z
    from generate_series(1, 100000) g;
create table wide as select g, repeat(md5(g::text), 20) as x from generate_series(1, 5000) g;
create table numbers as select g::numeric * 1.5 as n, (g % 50)::float8 as f, array[g, g] as a from generate_series(1, 50000) g;
create table filled (a int, b text) with (fillfactor = 60);
insert into filled select g, 'row ' || g from generate_series(1, 50000) g;
create index narrow_a on narrow (a);
create index narrow_b on narrow (b);
create index narrow_ab on narrow (a, b);
create index texts_m on texts (m);
create index nulls_n on nulls (n);
create index nulls_part on nulls (g) where n is not null;
create index numbers_n on numbers (n);
create index filled_a on filled (a) with (fillfactor = 50);
create index texts_lower on texts (lower(m));
-- 16 and later add pages by the dozen while a table is filled, and some stay empty: the copy has none.
vacuum full;
vacuum analyze;
SQL
# Before 13 equal keys are kept one by one: there is no estimate of indexes.
least=13
[ "$(psql -XqAt "$PGURL" -c 'show server_version_num')" -ge 130000 ] || least=7
# compare MOST_UNUSED: every estimate within its own error of what the fresh copy has, in pages
cat >compare.py <<'PY'
import json, sys
doc, truth = json.load(open(sys.argv[1])), dict(line.rsplit("|", 1) for line in open(sys.argv[2]).read().split())
seen = bad = 0
for row in doc["rows"]:
    name = row["name"].split(".", 1)[1]
    if name not in truth:
        continue
    fresh = int(truth[name])
    if row["needed_bytes"] is None:
        print("%s: %s" % (name, row["problem"]))
        continue
    seen += 1
    off = abs(row["needed_bytes"] - fresh)
    named = row["error_share"] * row["size_bytes"] + 2 * 8192
    print("%-12s needs %9d, newly written %9d, off %4.1f %%, named %4.1f %%%s" % (
        name, row["needed_bytes"], fresh, 100 * off / fresh, 100 * named / fresh, "" if off <= named else "  WRONG"))
    bad += off > named
print("%d estimates, %d wrong" % (seen, bad))
sys.exit(bad > 0 or seen < int(sys.argv[3]))
PY
sizes() { psql -XqAt "$PGURL" -c "select relname, pg_relation_size(oid) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'i')"; }
sizes >fresh
estimates() {
    run bloat "$PGURL" --for 3s --format json && cp out "$1" && python3 compare.py "$1" fresh $least >out 2>err
    status=$?
    sed 's/^/# /' out
    [ "$status" = 0 ]
}
ok "newly written: every estimate is within the error it names" estimates new.json
psql -Xq -v ON_ERROR_STOP=1 "$PGURL" >out 2>err <<'SQL'
delete from narrow where a % 10 <> 0;
delete from texts where g % 4 <> 0;
vacuum analyze;
SQL
run bloat "$PGURL" --for 3s --format json
cp out old.json
psql -Xq "$PGURL" -c "vacuum full narrow" -c "vacuum full texts" 2>err
sizes >fresh
truth() { python3 compare.py old.json fresh $least >out 2>err; status=$?; sed 's/^/# /' out; [ "$status" = 0 ]; }
ok "rows deleted: what VACUUM FULL leaves is within the error named" truth
says_unused() { python3 -c "
import json
rows = {r['name']: r for r in json.load(open('old.json'))['rows']}
assert rows['public.narrow']['unused_share'] > 0.8, rows['public.narrow']
narrow_a = rows['public.narrow_a']
assert narrow_a['unused_share'] > 0.8 if $least == 13 else 'before 13' in narrow_a['problem'], narrow_a
assert rows['public.texts_lower']['needed_bytes'] is None and 'expression' in rows['public.texts_lower']['problem']
" 2>err; status=$?; [ "$status" = 0 ]; }
ok "the share that is unused, and why one is not known" says_unused
psql -Xq "$PGURL" -c "create role watcher login" -c "grant pg_monitor to watcher" 2>err
blind() { run bloat "${PGURL/postgres@/watcher@}" --for 3s --format json && grep -q 'sees no statistics' out; }
ok "without the right to read a table its estimate is not known" blind
finish
