#!/bin/bash
# Index advice, measured: builds the recommended set for real and compares.
#
#   bench_advise.sh [BUDGET...]        (107MB 290MB with a folder, 12MB 40MB without)
#
# SLOWDIVE_BENCH_INDEX names a folder with schema.sql and queries/ (and weights.tsv in
# it); without it the small shop of tests/data/advise is used. SLOWDIVE is the program.
# Prints "NAME VALUE UNIT" lines, one set for each budget, the budget as a prefix.
set -u
cd "$(dirname "$0")/../.." || exit 1
slowdive=${SLOWDIVE:-$PWD/build/slowdive}
folder=${SLOWDIVE_BENCH_INDEX:-$PWD/tests/data/advise}
if [ $# -gt 0 ]; then budgets=("$@"); elif [ -n "${SLOWDIVE_BENCH_INDEX:-}" ]; then budgets=(107MB 290MB); else budgets=(12MB 40MB); fi
[ -f "$folder/schema.sql" ] || { echo "bench_advise.sh: there is no schema.sql in $folder" >&2; exit 1; }

tmp=$(mktemp -d "${TMPDIR:-/tmp}/slowdive-advise.XXXXXX") || exit 1
chmod 755 "$tmp"
trap 'contrib/private-postgres stop "$tmp/pg" >/dev/null 2>&1; rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
eval "$(contrib/private-postgres start "$tmp/pg" --with $$)" || exit 1
base=${PGURL%/postgres}
unset PGHOST PGPORT PGUSER PGDATABASE
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

sql "$PGURL" -c 'CREATE DATABASE plain' >/dev/null || exit 1
sql "$base/plain" -f "$folder/schema.sql" >/dev/null || exit 1
sql "$base/plain" -c 'CREATE EXTENSION hypopg' 2>/dev/null || { echo "bench_advise.sh: HypoPG is not installed (postgresql-15-hypopg)" >&2; exit 77; }
sql "$base/plain" -c 'VACUUM ANALYZE' || exit 1 # the visibility map: an older transaction may have held it back

# costs DATABASE FILE: "name weight cost" of each query, the indexes of all plans into FILE
costs() {
    local f cost weight
    : >"$2"
    for f in "$folder"/queries/*.sql; do
        sql "$base/$1" -c "EXPLAIN (FORMAT JSON) $(cat "$f")" >"$tmp/plan" || return 1
        grep -oE '"Index Name": "[^"]+"' "$tmp/plan" | cut -d'"' -f4 >>"$2"
        cost=$(grep -m1 -oE '"Total Cost": [0-9.]+' "$tmp/plan" | grep -oE '[0-9.]+')
        weight=$(awk -F'\t' -v n="$(basename "$f")" '$1 == n { print $2 }' "$folder/queries/weights.tsv" 2>/dev/null)
        echo "$(basename "$f") ${weight:-1} $cost"
    done
}
costs plain "$tmp/none" >"$tmp/before" || exit 1

status=0
for budget in "${budgets[@]}"; do
    start=$(date +%s%N)
    "$slowdive" advise "$base/plain" --workload "$folder/queries" --budget "$budget" --format json >"$tmp/advice" || exit 1
    took=$((($(date +%s%N) - start) / 1000000))
    {
        echo '\set advice `cat '"$tmp/advice"'`'
        echo "SELECT name, size, regexp_replace(ddl, ' CONCURRENTLY', '') FROM (SELECT x->>'ddl' ddl, x->>'size_bytes' size,"
        echo "  split_part(x->>'ddl', ' ', 4) AS name FROM json_array_elements(:'advice'::json->'indexes') x) s;"
    } | sql -F $'\t' "$PGURL" >"$tmp/indexes" || exit 1
    field() { grep -m1 -oE "\"$1\":[[:space:]]*[-0-9.e+]+" "$tmp/advice" | sed 's/.*:[[:space:]]*//'; }
    sql "$PGURL" -c 'DROP DATABASE IF EXISTS built' -c 'CREATE DATABASE built TEMPLATE plain' 2>/dev/null || exit 1
    : >"$tmp/sizes"
    while IFS=$'\t' read -r name size ddl; do
        sql "$base/built" -c "$ddl" </dev/null || { status=1; continue; }
        echo "$name $size $(sql "$base/built" -c "SELECT pg_relation_size('$name')" </dev/null)" >>"$tmp/sizes"
    done <"$tmp/indexes"
    sql "$base/built" -c 'VACUUM ANALYZE' || exit 1
    costs built "$tmp/used" >"$tmp/after" || exit 1
    awk -v budget="$budget" -v predicted="$(field cost_after)" -v base="$(field cost_before)" -v calls="$(field what_if_calls)" \
        -v elapsed="$(field elapsed_ns)" -v took="$took" -v sizes="$tmp/sizes" -v used="$tmp/used" -v before="$tmp/before" '
        FILENAME == before { b[$1] = $3; sum += $2 * $3; next }
        FILENAME == used { seen[$1] = 1; next }
        FILENAME == sizes { n++; real += $3; r = $2 / $3; r = r < 1 ? 1 / r : r; log_sum += log(r); if (r > worst) worst = r; if (!($1 in seen)) unused++; next }
        { now += $2 * $3; if ($3 > b[$1] * 1.05) worse++ }
        END {
            printf "%s.indexes %d count\n", budget, n
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
        }' "$tmp/before" "$tmp/used" "$tmp/sizes" "$tmp/after"
    if [ -d "$folder/nothing" ]; then
        "$slowdive" advise "$base/plain" --workload "$folder/nothing" --format json >"$tmp/nothing" || status=1
        echo "$budget.useless_suggestions $(grep -cE '"ddl":[[:space:]]*"CREATE' "$tmp/nothing") count"
    fi
    [ -z "${ADVISE_KEEP:-}" ] || { mkdir -p "$ADVISE_KEEP"; cp "$tmp"/{advice,sizes,after,before} "$ADVISE_KEEP"; [ -f "$tmp/nothing" ] && cp "$tmp/nothing" "$ADVISE_KEEP"; }
done
exit $status
