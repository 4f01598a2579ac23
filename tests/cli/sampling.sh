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

# Off the processor, by the frames of a copy of the stack: what waits is told where it waits.
python3 -c '
import time
while True:
    time.sleep(0.01)' &
sleeper=$!
run functions "perf:$sleeper?event=off-cpu&dwarf=yes" --format json
if [ "$status" = 2 ]; then
    ok "a refusal says what is missing" grep -q "cannot sample process $sleeper" err
else
    ok "a thread that sleeps, without frame pointers" python3 -c '
import json
d = json.load(open("out"))
rows = {r["name"]: r for r in d["rows"]}
assert d["sample_type"] == "off-cpu" and d["samples"] > 0, d
assert any(n.startswith("clock_nanosleep") for n in rows), rows.keys()
assert d["truncated_share"] < 0.5, d'
fi
kill $sleeper

# A cgroup, where one may be made.
unified=
for folder in /sys/fs/cgroup/unified /sys/fs/cgroup; do
    [ -z "$unified" ] && [ -f $folder/cgroup.controllers ] && unified=$folder
done
name=slowdive-test-$$
if [ -n "$unified" ] && mkdir -p "$unified/$name/inner" 2>/dev/null; then
    trap 'kill $spin 2>/dev/null; rmdir "$unified/$name/inner" "$unified/$name" 2>/dev/null; rm -rf "$dir"' EXIT
    while :; do :; done &
    spin=$!
    echo $spin >"$unified/$name/inner/cgroup.procs"
    rows() { python3 -c '
import json
d = json.load(open("out"))
assert d["samples"] > 0 and any(r["name"] in ("bash", "sampling.sh") for r in d["rows"]), d'; } # the shell, as it was started
    run functions "perf:cgroup/$name/inner" --format json
    if [ "$status" = 2 ]; then
        ok "a refusal says what is missing" grep -q "a cgroup" err
    else
        ok "a cgroup" rows
        run functions "perf:cgroup/$name" --format json
        ok "with those in it" rows
        run functions "perf:cgroup/$unified/$name" --format json
        ok "by its whole path" rows
        "$program" record -o r.slowdive --for 20s "perf:cgroup/$name" >out 2>err &
        recording=$!
        # Once it has samples: the file itself is there before the cgroup is open.
        until "$program" functions r.slowdive 2>/dev/null | grep -q '%'; do kill -0 $recording || break; done
        kill $spin
        until rmdir "$unified/$name/inner" 2>/dev/null; do kill -0 $recording || break; done
        rmdir "$unified/$name"
        log=${XDG_STATE_HOME:-$dir/.local/state}/slowdive/slowdive.log
        until grep -qs "cgroup /$name was removed" "$log"; do kill -0 $recording || break; done
        kill -INT $recording
        wait $recording
        ok "one that is removed" grep -q "cgroup /$name was removed" "$log"
    fi
fi
finish
