#!/bin/bash
# Index advice against a real server: the recommended set is built, and what was promised
# is compared with what came. The shop of tests/data/advise is skewed and correlated;
# its folder nothing/ holds statements no index helps.
cd "$(dirname "$0")/../.." || exit 1
out=$(tests/bench/bench_advise.sh 12MB 40MB)
status=$?
[ $status -eq 77 ] && { echo "1..0 # SKIP HypoPG is not installed"; exit 0; }
n=0
# is NAME <=|== LIMIT
is() {
    local value
    value=$(awk -v name="$1" '$1 == name { print $2 }' <<<"$out")
    n=$((n + 1))
    if [ -n "$value" ] && awk "BEGIN { exit !($value $2 $3) }"; then
        echo "ok $n - $1 is $value ($2 $3)"
    else
        echo "not ok $n - $1 is ${value:-not measured}, it should be $2 $3"
        failed=1
    fi
}
failed=0
[ $status -eq 0 ] || { echo "# bench_advise.sh ended with $status"; failed=1; }
is 12MB.real_size '<=' 12.0
is 40MB.real_size '<=' 40.0
is 12MB.real_cost '<=' 12
is 40MB.real_cost '<=' 6
for budget in 12MB 40MB; do
    is $budget.prediction_error '<=' 3
    is $budget.size_error_worst '<=' 15
    is $budget.size_error_mean '<=' 5
    is $budget.worse_queries == 0
    is $budget.unused_indexes == 0
    is $budget.useless_suggestions == 0
done
echo "1..$n"
exit $failed
