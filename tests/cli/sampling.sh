#!/bin/bash
# Sampling this host: what cannot be sampled is refused in one sentence, and what can be is printed.
. "$(dirname "$0")/tap.bash"

refused "a process there is not" "there is no process 999999999" functions perf:999999999
refused "a cgroup there is not" "there is no cgroup /no/such below /sys/fs/cgroup" functions perf:cgroup/no/such
refused "a cgroup without a name" "it needs the path of a cgroup" functions perf:cgroup/
refused "an event there is not" "event=nope is none of: cpu, off-cpu" functions 'perf:1?event=nope'
refused "never" "hz" functions 'perf:1?hz=0'

while :; do :; done &
spin=$!
run functions "perf:$spin" --format json
if [ "$status" = 2 ]; then
    ok "a refusal says what is missing" grep -q "cannot sample process $spin" err
else
    ok "without --for it ends by itself" [ "$status" = 0 ]
    ok "it counts samples, and those that were lost" python3 -c '
import json, sys
d = json.load(open("out"))
assert d["samples"] > 0 and d["lost"] == 0 and 0 <= d["truncated_share"] <= 1, d
assert d["sample_type"] == "cpu" and d["duration_ns"] > 0, d
assert any(r["kind"] == "process" for r in d["rows"]), d
assert sum(r["self_samples"] for r in d["rows"]) == d["samples"], d
assert any("Sampling took" in n for n in d["notes"]), d'
fi
kill $spin
finish
