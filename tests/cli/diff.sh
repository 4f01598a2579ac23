#!/bin/bash
# slowdive explain BEFORE AFTER: two plans side by side.
. "$(dirname "$0")/tap.bash"

cat >before.txt <<'PLAN'
Seq Scan on orders  (cost=0.00..100.00 rows=5 width=8) (actual time=0.1..900.0 rows=5 loops=1)
  Filter: (status = 'open'::text)
  Rows Removed by Filter: 100000
Execution Time: 900.5 ms
PLAN
cat >after.txt <<'PLAN'
Index Scan using orders_status_idx on orders  (cost=0.00..8.00 rows=5 width=8) (actual time=0.1..0.3 rows=5 loops=1)
  Index Cond: (status = 'open'::text)
Execution Time: 0.4 ms
PLAN

run explain before.txt
ok "a plan as text is read" says out "Seq Scan on orders"
run explain before.txt after.txt
ok "two plans are compared" says out "2251 times faster (900 ms -> 400 us): the sequential scan on orders (900 ms) became an index scan (300 us)."
ok "without a complaint" silent err
run explain - after.txt <before.txt
ok "one of them from standard input" says out "Before: standard input, executed"
run explain --format json after.txt before.txt
ok "as JSON" says out "2251 times slower"
ok "with each change" says out '"the index condition is now the filter"'
run explain --format md before.txt after.txt
ok "as Markdown" exited 0
run explain --format csv before.txt after.txt
ok "as CSV" exited 0
echo hello >junk
refused "a file that is no plan is named" "junk: " explain before.txt junk
refused "two times standard input" "only one of the two" explain - -
refused "three files" "takes one file, or two" explain before.txt after.txt junk
refused "a file that is not there" "nowhere" explain before.txt nowhere

echo 'Seq Scan on apples  (cost=0.00..10.00 rows=1 width=4)' >apples.txt
echo 'Seq Scan on pears  (cost=0.00..20.00 rows=1 width=4)' >pears.txt
run explain apples.txt pears.txt
ok "plans of other tables are no before and after" says out "Plans of different statements"
finish
