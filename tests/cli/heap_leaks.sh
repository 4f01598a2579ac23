#!/bin/bash
# Heap snapshots that node itself writes, and some of a page: each kind of leak is told as what it is, and no leak is
# no suspect.
. "$(dirname "$0")/tap.bash"

if ! command -v node >/dev/null; then
    echo "1..0 # SKIP node is not installed (Debian package nodejs)"
    exit
fi
node "$root/tests/cli/heap_leaks.js" "$dir" || exit 1

three() { run growth "$1-1.heapsnapshot" "$1-2.heapsnapshot" "$1-3.heapsnapshot" --format json; }
suspects() { python3 -c "
import json
d = json.load(open('out'))
high = [r for r in d['rows'] if r['confidence'] == 'high']
top = d['rows'][0] if d['rows'] else None
assert $1, d"; }
# leak KIND WHAT NAME HELD_BY: the one suspect of high confidence.
leak() {
    three "$1"
    ok "$1: one suspect" suspects "len(high) == 1 and high[0] is top and d['steps'] == 2 and top['steps_grown'] == 2"
    ok "$1: what keeps it" suspects "top['what'] == '$2' and top['name'] == '$3' and '$4' in (top['held_by'] or '')"
    ok "$1: nearly all that the heap grew" suspects "top['growth_share'] > 0.8 and top['growth'] > 70e3"
}
leak listeners listeners Array EventEmitter._events
ok "more of them each time" suspects "top['holds'] == '(closure)' and top['held_after'] >= top['held_before'] + 2000"
leak eventtarget listeners Listener.next 'EventTarget.<symbol kEvents>'
leak map map Map Shop.byId
ok "of the same kind" suspects "top['holds'] == 'Session' and top['held_after'] == top['held_before'] + 2000"
leak array array Array Shop.history
leak closure closure '(closure)' Shop.undo
leak timers timers TimersList ''
three none
ok "what may be kept is no suspect" suspects "not high"

python3 "$root/tests/cli/heap_made.py" "$dir" || exit 1
leak detached detached Array Window.removed
ok "what was removed from the page" suspects "top['holds'] == 'Detached HTMLDivElement'"
leak set set Set Window.seen
leak object object Object Window.cache
leak chain chain Job.next Queue.head
leak page listeners HTMLButtonElement Window.button

run growth map-2.heapsnapshot map-3.heapsnapshot --baseline map-1.heapsnapshot --format json
ok "the baseline is the first of three" suspects "len(high) == 1 and top['what'] == 'map' and d['steps'] == 2"
run growth map-3.heapsnapshot --baseline map-1.heapsnapshot
ok "of two it is told what a third one would be good for" says out "a third one would tell a leak"
ok "the map, in words" says out "map "
run growth map-3.heapsnapshot map-3.heapsnapshot
ok "a heap that did not grow" says out "The heap did not grow."
run record -o r.slowdive map-1.heapsnapshot map-2.heapsnapshot map-3.heapsnapshot
run growth r.slowdive --format json
ok "the same from a recording" suspects "len(high) == 1 and top['what'] == 'map'"
run functions map-3.heapsnapshot
ok "sizes by constructor" says out "Session"
finish
