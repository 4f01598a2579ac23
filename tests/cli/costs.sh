#!/bin/bash
# What a node takes. Own costs of the nodes of plans that were not executed: against an independent arithmetic, and against what
# the catalogue of the server that planned them says (big: 1274 pages, 200,000 rows; small: 9 and 2,000).
. "$(dirname "$0")/tap.bash"

costs=$root/tests/data/costs
# share NODE LOW HIGH: the node's share of the cost, in 1/1000, lies within these
share() {
    local got
    got=$(awk -v want="$1" '/"nodes":/ {inside = 1}
        inside && /"id":/ {node = $2 + 0}
        inside && /"cost_share":/ && node == want {printf "%d", $2 * 1000 + 0.5; exit}' out)
    [ -n "$got" ] && [ "$got" -ge "$2" ] && [ "$got" -le "$3" ]
}
plan() { run explain --format json "$costs/$1.json"; }

agree() { python3 "$root/tests/cli/own_costs.py" "$program" "$@" >out 2>err; }
ok "own costs agree with an independent arithmetic" agree "$costs" "$root/tests/data/plans"
if [ -d "${SLOWDIVE_CORPORA:-}/pg_explain" ]; then
    ok "and over the corpora" agree "$SLOWDIVE_CORPORA/pg_explain" "$SLOWDIVE_CORPORA/pg_versions"
fi

plan limit_parallel_sort
ok "below a LIMIT the scan that is read whole keeps its cost: 2450 of 5781" share 4 423 425
ok "the Gather Merge only what is read of it" share 2 30 60
plan limit_sort
ok "a hash built before the first row is paid whole" share 6 110 114
plan limit_append
ok "of an Append each part pays its start" share 4 305 309
plan hashed_or
ok "a hashed SubPlan runs once: the scan around it keeps its cost" share 1 995 1000
plan exists_or
ok "also where the planner counted with another plan of the EXISTS" share 1 995 1000
plan subplan_filter
ok "a SubPlan in a filter runs for each row read" share 3 990 999
plan subplan_output
ok "one in the output for each row returned: 1949 x 8.29 of 17,547" share 3 919 923
plan subplan_in_aggregate
ok "one in the argument of an aggregate for each row it reads: 200,000 x 8.29 of 1,662,774" share 3 995 998
plan hashed_output
ok "one that is hashed for the output, once: 29 of 77" share 2 374 378
plan cross_join
ok "kept rows are read again cheaply: 2000 x 2000 x 0.0125 of 60,063 are the join's" share 1 831 834
plan recursive
ok "the recursive part counts ten times: 2.3 of 3.57 with its rows" share 4 640 648

run explain "$root/tests/data/plans/healthy_full.json"
ok "without findings the nodes with most of the time are named" says out \
    "No rule reached its limit. Most of the time: HashAggregate (node 1) 62.4 %, Seq Scan on orders (node 2) 37.3 %."
finish
