#!/bin/bash
# Profiles by URL, against a server on loopback: what is asked, what is shown, and how others are refused.
. "$(dirname "$0")/tap.bash"
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

python3 "$root/tests/cli/profile_server.py" "$dir" "$root/tests/fuzz/corpus/profile" &
server=$!
trap 'kill $server; rm -rf "$dir"' EXIT
until [ -f port ]; do kill -0 $server || exit 1; done
at=127.0.0.1:$(cat port)
asked() { grep -qF -- "$1" asked; }

run functions "http://$at/debug/pprof/profile"
ok "a profile of pprof by URL" says out 'samples, '
ok "its name is the host and path" says out "from $at/debug/pprof/profile"
ok "five seconds are sampled" asked 'GET /debug/pprof/profile?seconds=5 '
run functions "http://$at/debug/pprof/profile?seconds=1"
ok "or as many as are asked for" asked 'GET /debug/pprof/profile?seconds=1 '
run functions "pprof+http://$at"
ok "of a host alone the CPU profile" exited 0
run functions "http://$at/debug/pprof/"
ok "of the page that lists them as well" exited 0
run functions "http://$at"
ok "and of a server that says nothing" exited 0
run functions "http://$at/debug/pprof/heap"
ok "another one is asked for at once" asked 'GET /debug/pprof/heap '
run functions "http://$at/node.cpuprofile"
ok "any format is recognised by the answer" says out 'time: 300 us'
run functions "pprof+http://$at/node.cpuprofile"
ok "unless it is forced" is_refusal "cannot read the profile $at/node.cpuprofile"

run functions "pyroscope+http://$at?query=memory:alloc_space:bytes:space:bytes{service_name=\"shop\"}&range=10s&tenant=blue"
ok "Pyroscope is asked for a flame graph" says out 'alloc_space: 900 B'
ok "its functions" says out 'render'
ok "by type and labels, of the tenant" asked 'POST /querier.v1.QuerierService/SelectMergeStacktraces blue {"profileTypeID":"memory:alloc_space:bytes:space:bytes","labelSelector":"{service_name=\"shop\"}"'
run functions "http://$at/ui"
ok "it is known by its page" asked 'POST /ui/querier.v1'
run functions "pyroscope+http://$at/old/"
ok "one before the query service is asked to render" says out 'old_render'
ok "with its own words" asked 'GET /old/pyroscope/render?query=process_cpu%3Acpu%3Ananoseconds%3Acpu%3Ananoseconds%7B%7D&from='

# A time, the exact table of functions, and two times beside each other.
store() { echo "pyroscope+http://$at/store/$1?query=process_cpu:cpu:nanoseconds:cpu:nanoseconds{service_name=\"$2\"}&from=$3&until=$4"; }
early=$(store "" shop 1699999999 2023-11-14T22:13:21Z) late=$(store "" shop 1700003599000 1700003601)
same_as() { python3 "$root/tests/cli/pyroscope_check.py" "$@" out; }
run functions "$early" --format json
ok "a time of Pyroscope" same_as table "$at" shop 1699999999 1700000001
ok "asked as it was given" asked '"start":1699999999000,"end":1700000001000'
run functions "$(store small/ many 1699999999 1700000001)" --limit 0 --format json
ok "functions that the graph leaves out are exact" same_as table "$at" many 1699999999 1700000001
ok "of them a note" says out "Figures of functions are exact, from the server's table"
ok "their samples are counted by the period" says out "Samples are counted as 10.0 ms each"
ok "a server that gives fewer nodes is asked for what it gives" asked '"end":1700000001000}'
run flame "$(store small/ many 1699999999 1700000001)"
ok "what the graph leaves out is counted" says out ' (smaller ones) '
ok "and has no name" eval "! grep -q ' other ' out"
run functions "$(store "" named 1699999999 1700000001)" --format json
ok "a function of that name has its figures" same_as table "$at" named 1699999999 1700000001
run functions "$(store small/v1/ many 1699999999 1700000001)"
ok "older storage has no table" says out ' other '
run functions "$late" --baseline "$early" --limit 0 --format json
ok "two times, as the server compares them" same_as diff "$at" shop 1699999999 1700000001 shop 1700003599 1700003601
run functions "$early" --baseline "$(store "" many 1699999999 1700000001)" --limit 0 --format json
ok "two sets of labels" same_as diff "$at" many 1699999999 1700000001 shop 1699999999 1700000001
ok "what is gone and what is new" same_as changes
run functions "http://$at/store/pyroscope/render?query=process_cpu:cpu:nanoseconds:cpu:nanoseconds%7B%7D&from=1699999999&until=1700000001"
ok "the URL of its page" says out 'render '
run functions "$(store "" shop 1600000000 1600000001)"
ok "a time without samples" is_refusal "has no samples of process_cpu"
run functions "$(store "" shop now now-1h)"
ok "a time that ends before it begins" is_refusal "the time asked for ends before it begins: from=now until=now-1h"
run functions "$(store "" shop soon now)"
ok "a time that is none" is_refusal 'from=soon: '
run functions "pyroscope+http://$at/store/?query=process_cpu:cpu:nanoseconds:cpu:nanoseconds"
ok "a query without labels is of all" asked '"labelSelector":"{}"'
run functions "pyroscope+http://$at/store/broken?query=x:cpu:nanoseconds:cpu:nanoseconds{service_name=}"
ok "its reason in JSON" is_refusal "status 400: failed to parse label selectors: parse error"
run functions "http://$at/other?query=a%20b&from=now-1h"
ok "of another server these are its own" asked 'GET /other?query=a%20b&from=now-1h '

run functions "http://$at/page"
ok "a page that is no profile" is_refusal "the answer of $at/page is no profile; Go's are at /debug/pprof/profile"
run functions "http://$at/file"
ok "a redirect to a file is not followed" is_refusal "cannot ask http://$at/file: Protocol \"file\""
run functions "http://$at/busy"
ok "the reason of a failure" is_refusal 'answers with status 500: Could not enable CPU profiling: cpu profiling already in use'
run functions "http://$at/closed"
ok "without what may be secret in it" is_refusal 'status 403: token=***'
run functions "http://ops:geheim123@$at/cut"
ok "an answer that is cut" is_refusal "cannot ask http://ops:***@$at/cut"
ok "no password is printed" eval '! grep -q geheim out err'
run functions "http://127.0.0.1:1/debug/pprof/profile"
ok "nobody is there" is_refusal "cannot ask http://127.0.0.1:1/debug/pprof/profile?seconds=5: "
run functions "profile_url:ftp://$at/x"
ok "another scheme" is_refusal "it needs a URL, as in http://host:6060/debug/pprof/profile"

"$program" functions "http://$at/never" >out 2>err &
waiting=$!
until asked 'GET /never'; do kill -0 $waiting || break; done
kill -INT $waiting
wait $waiting
ok "it can be interrupted while it waits" silent out
finish
