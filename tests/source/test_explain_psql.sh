#!/bin/bash
# A plan of PostgreSQL in every format, border and line style psql can print rows in:
# the same nodes and figures as from its plain lines.
. "$(dirname "$0")/../cli/tap.bash"
place=$(mktemp -d "${TMPDIR:-/tmp}/slowdive-psql.XXXXXX") || exit 1
chmod 755 "$place"
trap '"$root/contrib/private-postgres" stop "$place/pg" >/dev/null 2>&1; rm -rf "$place" "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
eval "$("$root/contrib/private-postgres" start "$place/pg" --with $$)" || exit 1
unset PGHOST PGPORT PGUSER PGDATABASE
sql() { psql -X -q -v ON_ERROR_STOP=1 "$PGURL" "$@"; }

cat >plain <<'PLAN'
Limit  (cost=257.28..590.38 rows=40 width=51) (actual time=8.625..8.856 rows=40 loops=1)
  Output: t.name, v.note, ((SubPlan 2))
  Buffers: shared hit=189
  CTE busy
    ->  HashAggregate  (cost=107.00..109.00 rows=200 width=12) (actual time=6.166..6.210 rows=200 loops=1)
          Output: visit.town_id, count(*)
          Group Key: visit.town_id
          Batches: 1  Memory Usage: 48kB
          Buffers: shared hit=32
          ->  Seq Scan on public.visit  (cost=0.00..82.00 rows=5000 width=4) (actual time=0.005..0.802 rows=5000 loops=1)
                Output: visit.id, visit.town_id, visit.note, visit.cost
                Buffers: shared hit=32
  ->  Result  (cost=148.28..2946.32 rows=336 width=51) (actual time=8.623..8.844 rows=40 loops=1)
        Output: t.name, v.note, (SubPlan 2)
        Buffers: shared hit=189
        ->  Sort  (cost=148.28..149.12 rows=336 width=23) (actual time=8.540..8.548 rows=40 loops=1)
              Output: t.name, v.note, v.id
              Sort Key: v.note, t.name
              Sort Method: top-N heapsort  Memory: 30kB
              Buffers: shared hit=69
              ->  Hash Join  (cost=13.54..137.66 rows=336 width=23) (actual time=6.720..8.209 rows=336 loops=1)
                    Output: t.name, v.note, v.id
                    Hash Cond: (v.town_id = t.id)
                    Buffers: shared hit=66
                    ->  Seq Scan on public.visit v  (cost=0.00..119.50 rows=336 width=19) (actual time=0.024..1.399 rows=336 loops=1)
                          Output: v.id, v.town_id, v.note, v.cost
                          Filter: ((v.note <> 'a{b}&<c>_3'::text) AND (v.cost >= '3'::numeric) AND (v.cost <= 9.5))
                          Rows Removed by Filter: 4664
                          Buffers: shared hit=32
                    ->  Hash  (cost=11.04..11.04 rows=200 width=16) (actual time=6.667..6.670 rows=200 loops=1)
                          Output: t.name, t.id, b.town_id
                          Buckets: 1024  Batches: 1  Memory Usage: 18kB
                          Buffers: shared hit=34
                          ->  Hash Join  (cost=6.50..11.04 rows=200 width=16) (actual time=6.394..6.585 rows=200 loops=1)
                                Output: t.name, t.id, b.town_id
                                Inner Unique: true
                                Hash Cond: (b.town_id = t.id)
                                Buffers: shared hit=34
                                ->  CTE Scan on busy b  (cost=0.00..4.00 rows=200 width=4) (actual time=6.175..6.302 rows=200 loops=1)
                                      Output: b.town_id, b.n
                                      Buffers: shared hit=32
                                ->  Hash  (cost=4.00..4.00 rows=200 width=12) (actual time=0.113..0.114 rows=200 loops=1)
                                      Output: t.name, t.id
                                      Buckets: 1024  Batches: 1  Memory Usage: 17kB
                                      Buffers: shared hit=2
                                      ->  Seq Scan on public.town t  (cost=0.00..4.00 rows=200 width=12) (actual time=0.033..0.059 rows=200 loops=1)
                                            Output: t.name, t.id
                                            Buffers: shared hit=2
        SubPlan 2
          ->  Aggregate  (cost=8.30..8.31 rows=1 width=32) (actual time=0.006..0.006 rows=1 loops=40)
                Output: max(w.cost)
                Buffers: shared hit=120
                ->  Index Scan using visit_pkey on public.visit w  (cost=0.29..8.30 rows=1 width=4) (actual time=0.005..0.005 rows=1 loops=40)
                      Output: w.id, w.town_id, w.note, w.cost
                      Index Cond: (w.id = (v.id + 1))
                      Buffers: shared hit=120
Query Identifier: -6157501127586433495
Planning:
  Buffers: shared hit=116 read=2
  I/O Timings: shared read=0.054
Planning Time: 1.433 ms
Execution Time: 9.193 ms
PLAN
sql -c 'CREATE TABLE plan_line (n serial, line text)' && sql -c '\copy plan_line (line) FROM plain' || exit 1

# nodes FILE: every node with its figures, without where they came from
nodes() {
    timeout 30 "$program" explain --format json "$1" 2>err |
        sed -n -e '/"notes"/p' -e '/"execution_ns"/p' -e '/"nodes":/,$p'
}
nodes plain >wanted
ok "the plain lines are a plan" [ "$(grep -c '"exclusive_ns"' wanted)" -gt 6 ]

# the rows as psql prints them with these settings
printed() {
    local expanded=()
    [ "$5" = expanded ] && expanded=(-x)
    sql -P format="$1" -P border="$2" -P linestyle="$3" -P columns="$4" "${expanded[@]}" \
        -c 'SELECT line AS "QUERY PLAN" FROM plan_line ORDER BY n' >shown
}
same() {
    printed "$@"
    nodes shown >got
    diff wanted got >out 2>&1
}
for expanded in rows expanded; do
    for border in 0 1 2; do
        for style in ascii old-ascii unicode; do
            ok "aligned, border $border, $style, $expanded" same aligned $border $style 80 $expanded
            for columns in 61 80 117; do
                ok "wrapped at $columns, border $border, $style, $expanded" same wrapped $border $style $columns $expanded
            done
        done
        for format in html latex latex-longtable troff-ms asciidoc; do
            ok "$format, border $border, $expanded" same $format $border ascii 80 $expanded
        done
    done
    for format in csv unaligned; do
        ok "$format, $expanded" same $format 1 ascii 80 $expanded
    done
done
finish
