#!/bin/bash
# Looking into keys: a prefix table of 10 million keys in 10 s, and what MONITOR in bursts costs a server.
# Usage: bench_keyspace.sh PROGRAM. Prints what the server's processor worked for it, and the ratio of
# redis-benchmark with it and without it; needs about 2.5 GB of memory.
set -eu
program=$1
dir=$(mktemp -d "${TMPDIR:-/tmp}/slowdive-keyspace.XXXXXX")
server=
trap 'kill $server 2>/dev/null || true; rm -rf "$dir"' EXIT
begin() {
    (cd "$dir" && exec redis-server --port 0 --unixsocket "$dir/s" --save '' --enable-debug-command yes >/dev/null) &
    server=$!
    until redis-cli -s "$dir/s" ping >/dev/null 2>&1; do sleep 0.1; done
}
ask() { redis-cli -s "$dir/s" "$@"; }
cpu() { ask info cpu | awk -F: '/^used_cpu_(sys|user):/ { s += $2 } END { print s }'; }
rate() { redis-benchmark -s "$dir/s" -t get -n 400000 -r 100000 -c 20 --csv | tail -1 | cut -d'"' -f4; }

begin
ask debug populate 5000000 user 20 >/dev/null
ask debug populate 3000000 session 100 >/dev/null
ask debug populate 1200000 feed 400 >/dev/null
ask debug populate 500000 cart 60 >/dev/null
ask debug populate 300000 product 1000 >/dev/null
before=$(cpu)
sleep 10
idle=$(cpu)
"$program" caches --for 10s --format json "unix:$dir/s?sample=keys" >"$dir/table"
with=$(cpu)
awk -v a="$before" -v b="$idle" -v c="$with" \
    'BEGIN { printf "the server worked %.3f s of 10 s more (its limit is 0.1)\n", (c - b) - (b - a) }'
python3 - "$dir/table" <<'END'
import json, sys
truth = {"user:*": 5000000, "session:*": 3000000, "feed:*": 1200000, "cart:*": 500000, "product:*": 300000}
for p in json.load(open(sys.argv[1]))["rows"][0]["prefixes"]:
    if p["prefix"] in truth:
        print("%s: %+.1f %% of its keys" % (p["prefix"], 100 * (p["keys"] / truth[p["prefix"]] - 1)))
END
kill $server
wait $server 2>/dev/null || true
begin
rate >/dev/null
for _ in 1 2 3; do
    rate >>"$dir/without"
    "$program" record -o "$dir/recording" --append --for 600s "unix:$dir/s?sample=monitor" &
    watcher=$!
    sleep 2
    rate >>"$dir/with"
    kill $watcher
    wait $watcher || true
done
echo "redis-benchmark with MONITOR in bursts / without, medians of 3:" \
    "$(echo "$(sort -n "$dir/with" | sed -n 2p) $(sort -n "$dir/without" | sed -n 2p)" | awk '{ printf "%.3f", $1 / $2 }')"
