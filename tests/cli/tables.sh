#!/bin/bash
# What a printed table is sorted by, and the data it is of.
. "$(dirname "$0")/tap.bash"

for i in $(seq 0 9); do line "$i" GET "/orders/$i" 200 0.010; done >good.log
line 9 POST /checkout 500 0.500 >>good.log

first() { [ "$(sed -n 2p out | cut -d, -f2)" = "$1" ]; } # ROUTE of the first row
run endpoints --format csv --sort Errors good.log
ok "a heading is a column" first /checkout
run endpoints --format csv --sort -errors good.log
ok "whatever its case, reversed" first /orders/:id
run endpoints --format csv --sort rate good.log
ok "a key without its unit too" first /orders/:id
refused "a column misspelt" 'there is no column p98 in this view; did you mean "P90"?' endpoints --sort p98 good.log
refused "a view misspelt" 'did you mean "endpoints"?' endpionts good.log
refused "a verb misspelt" 'did you mean "explain"?' explian good.log
refused "an option misspelt" 'there is no option --frmat; did you mean --format?' endpoints --frmat csv good.log
refused "a setting misspelt" 'there is no option "themes"; did you mean "theme"?' endpoints --set themes=x good.log

# --at alone: everything until then.
count() { sed -n "s/.*\"$1\":\t\([0-9]*\).*/\1/p" out | head -1; }
run endpoints --format json --at '2026-11-20 15:51:04' good.log
ok "a log until a moment" [ "$(count count)" = 5 ]
run endpoints --format json --at '2026-11-20 15:51:04' --window 2s good.log
ok "with a window, the window" [ "$(count count)" -lt 5 ]
shop=$root/tests/data/shop.slowdive
run queries --format json "$shop"
cp out whole
run queries --format json --at '2026-11-25 00:00:00' "$shop"
ok "until after the end is the whole recording" diff <(grep -v '"to"\|window' whole) <(grep -v '"to"\|window' out)
for view in $("$program" views | awk '$1 ~ /^[a-z]/ { print $1 }'); do
    case $view in sources | advise) continue ;; esac # verbs of their own
    run "$view" --at 14:41:30 "$shop"
    ok "$view at a moment of a recording" exited 0
done
run queries --format json "$shop"
calls=$(count calls)
run queries --format json --at 14:41:30 "$shop"
ok "counters are of that moment" [ "$(count calls)" -lt "$calls" ]
run overview --format json --at 14:41:30 "$shop"
ok "and the span ends there" eval 'grep -q "\"to\":.*T14:41:[23]" out'

finish
