#!/bin/bash
# o on a row leads to every place that knows what the row names, and the time stays as it is: over the incident that
# comes with slowdive. A line: what the row names, the keys to it, and the entries of the list, divided by commas.
. "$(dirname "$0")/tap.bash"

table() {
    cat <<'TABLE'
endpoint|:endpoints|Endpoint,Status codes,queries,sessions,functions,a cache it asks: redis,vitals of its page,traces,machine,objective,KPIs,alerts,Overview,Changes,Bottlenecks,Costs
endpoint|:bottlenecks|Status codes,queries,traces,Changes,Costs
query|:queries|Query,Plan,endpoints,sessions,tables,traces that run it,machine,Overview,Changes,Caching,Bottlenecks
query|:queries Down Down Down|Query,the cache it asks,traces that run it
trace|:traces|Trace,its endpoint,its query
function|:functions|Function,machine,Overview,Bottlenecks
cache|:caches|Cache,endpoints it serves,Changes
cache|:caches Down|Cache,endpoints it serves,statements that ask it,Overview,Changes
asset|:packages|Package,pages,modules of the package
asset|:modules|Module,its package,pages,modules of the package
asset|:duplicates|Package,modules of the package,pages
page|:pages G|its endpoint,the build
host|:resources|its series
alert|:overview|Playbook,objective,alerts,endpoints it is about
alert|:alerts|objective,what to do,endpoints it is about
kpi|:kpis|alerts,what to do,endpoints it is about
objective|:slo|Objective,alerts,what to do,endpoints it is about
table|:tables|Table,queries,indexes
TABLE
}

# A screen has 50 lines, and an empty one stands between two.
shown() { # STEPS PREFIX: their screens as files PREFIX1, PREFIX2 ...
    run replay --demo --size 120x50 --script "$1"
    awk -v prefix="$2" 'BEGIN { n = 1 } { print > (prefix n); if (++line == 51) { line = 0; close(prefix n++) } }' out
}
# The keys to a row; `:NAME` is a view.
keys() {
    local key
    for key in $1; do
        case $key in
        :?*) echo ": ${key#:}" ;;
        *) echo "key $key" ;;
        esac
    done
}
# The moment and the window of the first line of a screen: "replay 18:04:12, 1 min".
time_of() { sed -n '1s/.*\(\(replay\|PAUSED\) .*\)/\1/p' "$1"; }
entries() { grep -cE '^│[ ▸]*[1-9 ]* .*(Home|Web|DB|Code|Cache|Pages|Load|Goals|Data) ' "$1"; }
# A moment before the end, so that a jump to the end is seen.
begin() { echo 'key ['; }

# First each row, and the list of it.
begin >steps
while IFS='|' read -r _ to _; do
    keys "$to"
    printf 'print\nkey o\nprint\nkey Esc\n'
done >>steps < <(table)
shown steps list
cp out lists
row=1
begin >steps
while IFS='|' read -r what to wanted; do
    missing=$(
        IFS=,
        for entry in $wanted; do
            grep -qE "^│[ ▸]*[1-9 ]* $entry" list$((row + 1)) || echo "$entry"
        done
    )
    cp list$((row + 1)) out
    ok "$what ($to): $wanted" [ -z "$missing" ]
    # Then each entry, opened from the row.
    keys "$to" >>steps
    for ((i = 0; i < $(entries list$((row + 1))); i++)); do
        echo 'key o'
        for ((k = 0; k < i; k++)); do echo 'key Down'; done
        printf 'key Enter\nprint\nkey M-Left\n'
    done >>steps
    row=$((row + 2))
done < <(table)

shown steps opened
row=1 n=1
while IFS='|' read -r what to _; do
    : >wrong
    for ((last = n + $(entries list$((row + 1))); n < last; n++)); do
        [ "$(time_of opened$n)" = "$(time_of list$row)" ] || echo "another time: $(time_of opened$n)" >>wrong
        ! cmp -s opened$n list$row && ! grep -q 'Linked ──' opened$n || echo "entry is not opened" >>wrong
    done
    cp wrong out
    ok "$what ($to): what is linked opens at the same time" [ ! -s wrong ]
    row=$((row + 2))
done < <(table)
ok "there is a time" [ -n "$(time_of list1)" ]
ok "which is not the end of the recording" [ "$(time_of list1)" != "$(printf 'key 1\nprint\n' >steps && shown steps end && time_of end1)" ]
finish
