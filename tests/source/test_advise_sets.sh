#!/bin/bash
# Index advice on data nothing was tuned for: what is printed runs as it is printed, the
# planner uses it, no statement gets worse, the sizes are right, and what is indexed well
# gets nothing. The data sets are those of the bench.
cd "$(dirname "$0")/../.." || exit 1
n=0 failed=0
# is NAME <=|== LIMIT, of $out
is() {
    local value
    value=$(awk -v name="none.$1" '$1 == name { print $2 }' <<<"$out")
    n=$((n + 1))
    if [ -n "$value" ] && awk "BEGIN { exit !($value $2 $3) }"; then
        echo "ok $n - $set: $1 is $value ($2 $3)"
    else
        echo "not ok $n - $set: $1 is ${value:-not measured}, it should be $2 $3"
        failed=1
    fi
}
for set in saas search nothing; do
    out=$(SLOWDIVE_BENCH_INDEX=$PWD/tests/bench/advise/$set tests/bench/bench_advise.sh none)
    status=$?
    [ $status -eq 77 ] && { echo "1..0 # SKIP HypoPG is not installed"; exit 0; }
    n=$((n + 1))
    [ $status -eq 0 ] && echo "ok $n - $set: every statement printed runs" || { echo "not ok $n - $set: ended with $status"; failed=1; }
    is worse_queries == 0
    is unused_indexes == 0
    if [ $set = nothing ]; then
        is indexes == 0
        continue
    fi
    is real_cost '<=' 3
    is prediction_error '<=' 3
    is size_error_worst '<=' 25 # where equal values lie side by side a sample of pages may be off by a fifth
    is size_error_mean '<=' 5
done
echo "1..$n"
exit $failed
