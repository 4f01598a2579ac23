#!/bin/bash
# The profiles of the corpora against what other tools said of them.
. "$(dirname "$0")/tap.bash"

if [ ! -d "${SLOWDIVE_CORPORA:-}/profiles" ]; then
    echo "1..0 # SKIP SLOWDIVE_CORPORA is not set"
    exit
fi
agrees() { python3 "$root/tests/cli/profile_oracles.py" "$program" "$@" >out; }
# Speedscope puts (program) and the garbage collector on top of the stack before, and counts no lines of a
# .heapprofile from 1; the figures of the file's own tree are shown here.
speedscope() { ok "as speedscope: $1" agrees "$SLOWDIVE_CORPORA/profiles/$1" "$SLOWDIVE_CORPORA/profiles/$1.speedscope-expect.json" "${@:2}"; }
speedscope cpuprofile/simple.cpuprofile
speedscope cpuprofile/node-example.cpuprofile
speedscope trace_event/simple-with-samples.json
speedscope trace_event/multi-thread-with-samples.json
speedscope speedscope/simple.speedscope.json
speedscope speedscope/two-sampled.speedscope.json
speedscope stackprof/simple-cpu-stackprof.json
speedscope stackprof/simple-stackprof.json self
ok "as decoded by hand: a flame graph of Pyroscope" agrees "$SLOWDIVE_CORPORA/profiles/pyroscope/simple-golang-app-cpu"{,.expect}.json
finish
