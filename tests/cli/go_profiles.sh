#!/bin/bash
# The profiles of a real Go server, by URL and beside what go tool pprof says of the same bytes; and the server that
# stops or ends while it is asked.
. "$(dirname "$0")/tap.bash"

if ! command -v go >/dev/null; then
    echo "1..0 # SKIP go is not installed (Debian package golang-go)"
    exit
fi
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
export GOCACHE=$dir/cache GOPATH=$dir/path GO111MODULE=off GOTOOLCHAIN=local GOFLAGS=
go build -o server "$root/tests/cli/go_server/main.go" || exit 1
server=
trap 'kill -KILL $server 2>/dev/null; rm -rf "$dir"' EXIT
serve() { # not as this shell's own job, which would say how it ended
    rm -f port
    (./server . 2>server.err & echo $! >pid)
    server=$(cat pid)
    until [ -f port ]; do kill -0 $server || exit 1; done
    at=http://127.0.0.1:$(cat port)
}
fetch() { python3 -c 'import sys, urllib.request; open(sys.argv[2], "wb").write(urllib.request.urlopen(sys.argv[1]).read())' "$at$1" "$2"; }
as_pprof() { python3 "$root/tests/cli/go_profiles.py" "$program" "$@" >out; }
rows() { python3 -c "
import json
d = json.load(open('out'))
rows = {r['name']: r for r in d['rows']}
assert $1, d"; }
serve

fetch "/debug/pprof/profile?seconds=1" cpu.gz
for kind in heap allocs goroutine mutex block threadcreate; do fetch "/debug/pprof/$kind" $kind.gz; done
ok "as go tool pprof: the CPU profile" as_pprof cpu.gz ns
ok "as go tool pprof: its samples" as_pprof cpu.gz count samples
ok "as go tool pprof: memory in use" as_pprof heap.gz B
ok "as go tool pprof: objects in use" as_pprof heap.gz count inuse_objects
ok "as go tool pprof: memory allocated" as_pprof allocs.gz B
ok "as go tool pprof: goroutines" as_pprof goroutine.gz count
ok "as go tool pprof: contended locks" as_pprof mutex.gz ns
ok "as go tool pprof: what blocks" as_pprof block.gz ns
ok "as go tool pprof: threads" as_pprof threadcreate.gz count

run functions "$at/debug/pprof/profile?seconds=1" --format json
ok "what takes the time, by URL" rows "d['rows'][0]['name'] == 'main.multiply' and d['sample_type'] == 'cpu' and d['samples'] > 20"
ok "without a label its name is told" says out "http.route"
run functions "$at/debug/pprof/profile?seconds=1&label=http.route" --format json
ok "routes by their label" rows "rows['/slow']['kind'] == 'label' and rows['/slow']['total_value'] > rows['/fast']['total_value'] > 0"
run flame "pprof:cpu.gz?label=http.route"
ok "the flame graph begins with them" eval "grep -q '/slow' out && grep -q 'main.serveSlow' out && grep -q '/fast' out"
run functions "$at/debug/pprof/goroutine" --format json
ok "goroutines that wait" rows "rows['main.waitForever']['total_value'] == 7"
run functions "$at/debug/pprof/mutex" --format json
ok "who holds a contended lock" rows "rows['main.contend']['total_share'] > 0.5 and d['sample_type'] == 'delay'"
run functions "$at/debug/pprof/block" --format json
ok "who waits for it" rows "'main.contend' in rows"
run functions "$at/debug/pprof/allocs" --format json
ok "what allocates" rows "d['rows'][0]['name'] == 'main.keepMore' and d['sample_type'] == 'alloc_space'"
run functions "$at/debug/pprof/heap?debug=1" --format json
ok "text instead of a profile" is_refusal "127.0.0.1:$(cat port)/debug/pprof/heap"

fetch /debug/pprof/heap?gc=1 before.gz
fetch /grow grown
run growth "$at/debug/pprof/heap?gc=1" --baseline before.gz --format json
ok "two heaps: what has grown" rows "d['rows'][0]['name'] == 'main.keepMore' and d['rows'][0]['growth'] > 8e6 and d['rows'][0]['confidence'] == 'high'"

# meets SIGNAL SECONDS: asks for a profile, and the server gets a signal while it samples.
meets() {
    rm -f asked
    "$program" functions "$at/debug/pprof/profile?seconds=$2&timeout=1s" >out 2>err &
    local asking=$!
    until [ -f asked ]; do kill -0 $asking || break; done
    kill "-$1" $server
    wait $asking
    status=$?
}
meets STOP 1
ok "a server that is stopped" is_refusal "cannot ask $at/debug/pprof/profile?seconds=1: Operation timed out"
kill -KILL $server
serve
meets KILL 30
ok "a server that ends" is_refusal "cannot ask $at/debug/pprof/profile?seconds=30: "
finish
