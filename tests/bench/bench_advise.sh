#!/bin/bash
# Index advice, measured: builds the recommended set for real and compares.
#
#   bench_advise.sh [BUDGET...]        (107MB 290MB with a folder, 12MB 40MB without; "none": no budget)
#
# SLOWDIVE_BENCH_INDEX names a folder with schema.sql and queries/ (and weights.tsv in it)
# or queries.sql ("-- NAME WEIGHT" before each statement), and perhaps after.sql, run once
# everything is analysed; without it the small shop of tests/data/advise is used.
# ADVISE_SCALE is the schema's :scale, 1 by default. SLOWDIVE is the program.
# ADVISE_BARE=1: HypoPG is not there when advice is asked for.
# ADVISE_KEEP names a folder for the details; ADVISE_PGURL a server to use, where the data
# stays for the next time.
# Prints "NAME VALUE UNIT" lines, one set for each budget, the budget as a prefix.
set -u
cd "$(dirname "$0")/../.." || exit 1
slowdive=${SLOWDIVE:-$PWD/build/slowdive}
folder=${SLOWDIVE_BENCH_INDEX:-$PWD/tests/data/advise}
scale=${ADVISE_SCALE:-1}
if [ $# -gt 0 ]; then budgets=("$@"); elif [ -n "${SLOWDIVE_BENCH_INDEX:-}" ]; then budgets=(107MB 290MB); else budgets=(12MB 40MB); fi
[ -f "$folder/schema.sql" ] || { echo "bench_advise.sh: there is no schema.sql in $folder" >&2; exit 1; }

tmp=$(mktemp -d "${TMPDIR:-/tmp}/slowdive-advise.XXXXXX") || exit 1
chmod 755 "$tmp"
trap '[ -n "${ADVISE_PGURL:-}" ] || contrib/private-postgres stop "$tmp/pg" >/dev/null 2>&1; rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if [ -n "${ADVISE_PGURL:-}" ]; then PGURL=$ADVISE_PGURL; else eval "$(contrib/private-postgres start "$tmp/pg" --with $$)" || exit 1; fi
base=${PGURL%/postgres}
unset PGHOST PGPORT PGUSER PGDATABASE
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@" </dev/null; }
# vacuum DATABASE: until the visibility map is set; autovacuum's own transaction may hold it back
vacuum() {
    local try
    for try in 1 2 3 4 5 6 7 8; do
        sql "$base/$1" -c 'VACUUM ANALYZE' || return 1
        [ "$(sql "$base/$1" -c "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace > 16000 AND relpages > 8 AND relallvisible < 0.9 * relpages
            OR relkind = 'r' AND relnamespace = 'public'::regnamespace AND relpages > 8 AND relallvisible < 0.9 * relpages")" = 0 ] && return 0
    done
}
plain=plain_$(basename "$folder" | tr -c 'a-z0-9\n' _)_$scale built=built_$(basename "$folder" | tr -c 'a-z0-9\n' _)

if [ -z "$(sql "$PGURL" -c "SELECT FROM pg_database WHERE datname = '$plain'" -F x -c "SELECT 1 FROM pg_database WHERE datname = '$plain'")" ]; then
    sql "$PGURL" -c "CREATE DATABASE $plain" >/dev/null || exit 1
    sql "$base/$plain" -v scale="$scale" -f "$folder/schema.sql" >"$tmp/made" || exit 1
    sql "$base/$plain" -c 'CREATE EXTENSION hypopg' 2>/dev/null || { echo "bench_advise.sh: HypoPG is not installed (postgresql-15-hypopg)" >&2; exit 77; }
    vacuum "$plain" || exit 1
    [ ! -f "$folder/after.sql" ] || sql "$base/$plain" -v scale="$scale" -f "$folder/after.sql" || exit 1
fi

queries=$folder/queries
if [ ! -d "$queries" ]; then
    queries=$tmp/queries
    mkdir "$queries" || exit 1
    awk -v to="$queries" '/^-- [^ ]+ [0-9.]+$/ { file = to "/" $2 ".sql"; print $2 ".sql\t" $3 > (to "/weights.tsv"); next } file { print > file }' "$folder/queries.sql"
fi

# costs DATABASE FILE: "name weight cost" of each query, the indexes of all plans into FILE
costs() {
    local f cost weight
    : >"$2"
    for f in "$queries"/*.sql; do
        sql "$base/$1" -c "EXPLAIN (FORMAT JSON) $(cat "$f")" >"$tmp/plan" || return 1
        grep -oE '"Index Name": "[^"]+"' "$tmp/plan" | cut -d'"' -f4 >>"$2"
        cost=$(grep -m1 -oE '"Total Cost": [0-9.]+' "$tmp/plan" | grep -oE '[0-9.]+')
        weight=$(awk -F'\t' -v n="$(basename "$f")" '$1 == n { print $2 }' "$queries/weights.tsv" 2>/dev/null)
        echo "$(basename "$f") ${weight:-1} $cost"
    done
}
# from ADVICE: "index<TAB>size<TAB>statement" lines of its JSON
from() {
    {
        echo '\set advice `cat '"$1"'`'
        echo "SELECT x->>'method', coalesce(x->>'size_bytes', '0'), x->>'ddl' FROM json_array_elements(:'advice'::json->'indexes') x;"
    } | psql -X -q -A -t -F $'\t' "$PGURL"
}
if [ -n "${ADVISE_BARE:-}" ]; then
    sql "$PGURL" -c "DROP DATABASE IF EXISTS bare_$plain" -c "CREATE DATABASE bare_$plain TEMPLATE $plain" 2>/dev/null || exit 1
    plain=bare_$plain
    sql "$base/$plain" -c 'DROP EXTENSION hypopg' || exit 1
fi
costs "$plain" "$tmp/none" >"$tmp/before" || exit 1

status=0
for budget in "${budgets[@]}"; do
    limit=(--budget "$budget")
    [ "$budget" = none ] && limit=()
    start=$(date +%s%N)
    "$slowdive" advise "$base/$plain" --workload "$queries" "${limit[@]}" --format json >"$tmp/advice" || exit 1
    took=$((($(date +%s%N) - start) / 1000000))
    from "$tmp/advice" >"$tmp/indexes" || exit 1
    {
        echo '\set advice `cat '"$tmp/advice"'`'
        echo "SELECT x->>'query_id', x->>'cost_before', x->>'cost_after', x->>'problem' FROM json_array_elements(:'advice'::json->'queries') x;"
    } | psql -X -q -A -t -F $'\t' "$PGURL" >"$tmp/promised" || exit 1
    field() { grep -m1 -oE "\"$1\":[[:space:]]*[-0-9.e+]+" "$tmp/advice" | sed 's/.*:[[:space:]]*//'; }
    sql "$PGURL" -c "DROP DATABASE IF EXISTS $built" -c "CREATE DATABASE $built TEMPLATE $plain" 2>/dev/null || exit 1
    : >"$tmp/sizes"
    : >"$tmp/names"
    while IFS=$'\t' read -r method size ddl; do # exactly as it is printed
        sql "$base/$built" -c "$ddl" </dev/null || { status=1; echo "bench_advise.sh: the server refuses $ddl" >&2; continue; }
        newest="(SELECT x FROM (SELECT max(oid) x FROM pg_class WHERE relkind = 'I' UNION ALL SELECT max(oid) FROM pg_class WHERE relkind = 'i') m
            WHERE x = (SELECT max(indexrelid) FROM pg_index WHERE indexrelid NOT IN (SELECT inhrelid FROM pg_inherits) AND indrelid IN (SELECT oid FROM pg_class WHERE relkind IN ('r', 'm', 'p'))) LIMIT 1)"
        # the sum of its parts, were the table partitioned
        sql "$base/$built" -F' ' -c "SELECT '$method', $size, coalesce((SELECT nullif(sum(pg_relation_size(relid)), 0) FROM pg_partition_tree(i)), pg_relation_size(i)), replace(relname, ' ', '_') FROM pg_class, (SELECT $newest i) n WHERE oid = i" >>"$tmp/sizes"
        sql "$base/$built" -F' ' -c "SELECT relname FROM pg_class, (SELECT $newest i) n WHERE oid = i OR oid IN (SELECT relid FROM pg_partition_tree(i))" | tr '\n' '\t' >>"$tmp/names"
        echo >>"$tmp/names"
    done <"$tmp/indexes"
    vacuum "$built" || exit 1
    [ ! -f "$folder/after.sql" ] || sql "$base/$built" -c 'TRUNCATE fresh' 2>/dev/null
    costs "$built" "$tmp/used" >"$tmp/after" || exit 1
    # one line for each: has a plan an index of this line
    awk -F'\t' 'FILENAME == ARGV[1] { seen[$1] = 1; next } { u = 0; for (i = 1; i <= NF; i++) u += ($i in seen); print (u ? 1 : 0) " " $1 }' \
        "$tmp/used" "$tmp/names" >"$tmp/uses"
    awk -v budget="$budget" -v predicted="$(field cost_after)" -v base="$(field cost_before)" -v calls="$(field what_if_calls)" \
        -v elapsed="$(field elapsed_ns)" -v took="$took" -v sizes="$tmp/sizes" -v uses="$tmp/uses" -v before="$tmp/before" '
        FILENAME == before { b[$1] = $3; sum += $2 * $3; next }
        FILENAME == uses { unused += $1 == 0; next }
        FILENAME == sizes { all++; real += $3; if ($1 != "btree") next; n++; r = $2 / $3; r = r < 1 ? 1 / r : r; if (($2 - $3) ^ 2 <= 16384 ^ 2) r = 1; # two pages either way
            log_sum += log(r); if (r > worst) worst = r; next }
        { now += $2 * $3; if (all && $3 > b[$1] * 1.05) worse++ }
        END {
            printf "%s.indexes %d count\n", budget, all
            printf "%s.real_cost %.1f %%\n", budget, 100 * now / sum
            printf "%s.predicted_cost %.1f %%\n", budget, 100 * predicted / base
            printf "%s.prediction_error %.2f points\n", budget, 100 * (predicted / base - now / sum) * (predicted / base > now / sum ? 1 : -1)
            printf "%s.real_size %.1f MB\n", budget, real / 1e6
            printf "%s.size_error_worst %.1f %%\n", budget, n ? 100 * (worst - 1) : 0
            printf "%s.size_error_mean %.1f %%\n", budget, n ? 100 * (exp(log_sum / n) - 1) : 0
            printf "%s.worse_queries %d count\n", budget, worse
            printf "%s.unused_indexes %d count\n", budget, unused
            printf "%s.what_if_calls %d count\n", budget, calls
            printf "%s.time %.2f s\n", budget, elapsed / 1e9
            printf "%s.time_of_program %.2f s\n", budget, took / 1e3
        }' "$tmp/before" "$tmp/uses" "$tmp/sizes" "$tmp/after"
    "$slowdive" advise "$base/$built" --workload "$queries" "${limit[@]}" --format json >"$tmp/again" || exit 1
    echo "$budget.suggested_again $(grep -cE '"ddl":[[:space:]]*"CREATE' "$tmp/again") count"
    if [ -d "$folder/nothing" ]; then
        "$slowdive" advise "$base/$plain" --workload "$folder/nothing" --format json >"$tmp/nothing" || status=1
        echo "$budget.useless_suggestions $(grep -cE '"ddl":[[:space:]]*"CREATE' "$tmp/nothing") count"
    fi
    if [ -n "${ADVISE_KEEP:-}" ]; then
        mkdir -p "$ADVISE_KEEP"
        cp "$tmp"/{again,advice,sizes,uses,after,before,promised} "$ADVISE_KEEP"
        [ -f "$tmp/nothing" ] && cp "$tmp/nothing" "$ADVISE_KEEP"
        {
            echo "query weight before promised real"
            awk -F'\t' 'FILENAME == ARGV[1] { p[$1] = $3; next } { split($0, a, " "); b[a[1]] = FILENAME == ARGV[2] ? a[3] : b[a[1]] }
                FILENAME == ARGV[3] { flag = a[3] > b[a[1]] * 1.05 ? "WORSE" : p[a[1]] > 0 && (p[a[1]] / a[3] > 1.3 || p[a[1]] / a[3] < 0.77) ? "off" : ""; print a[1], a[2], b[a[1]], p[a[1]], a[3], flag }' \
                "$tmp/promised" "$tmp/before" "$tmp/after"
            echo
            paste -d' ' "$tmp/uses" "$tmp/sizes" | awk '{ printf "%s %s %.0f kB, real %.0f kB, %+.1f %%\n", $1 ? "" : "UNUSED", $6, $4 / 1024, $5 / 1024, 100 * ($4 / $5 - 1) }'
            echo
            cut -f3 "$tmp/indexes"
        } >"$ADVISE_KEEP/report.$budget"
    fi
done
exit $status
