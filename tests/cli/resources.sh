#!/bin/bash
# Resources of machines: this one, one made of files, and two with requests beside them, checked by a second count.
. "$(dirname "$0")/tap.bash"
made() { python3 "$root/tests/cli/resources_made.py" "$@"; }
# The value of an expression of the document d, its first row r, and the metrics by name and labels m.
value() { python3 -c 'import json, sys
d = json.load(open("out"))
r = (d["rows"] or [{}])[0]
m = {(x["name"], x["labels"]): x["value"] for x in d["rows"] if "labels" in x}
print(eval(sys.argv[1]))' "$1"; }
is() { [ "$(value "$1")" = "$2" ] || { echo "# $1: $(value "$1"), not $2"; false; }; }

# ---- this machine
run resources host: --format json
ok "this machine is read" exited 0
ok "its memory is what the kernel says" is "abs(r['memory_share'] - (1 - $(awk '/MemAvailable/ {a=$2} /MemTotal/ {t=$2} END {print a / t}' /proc/meminfo))) < 0.1" True
ok "two readings give a share of the processors" is "0 <= r['cpu_share'] <= 1" True
ok "it is named" is "r['host']" "$(uname -n)"
refused "another machine" "takes no name" resources host:db1
refused "no machine at that place" "has no stat and no meminfo" resources "host:?root=$dir/nowhere"

# ---- one made of files, whose counters go on in fixed proportions
made tree "$dir" &
tree=$!
trap 'touch "$dir/stop"; wait $tree; rm -rf "$dir"' EXIT
until [ -f ready ]; do kill -0 $tree || exit 1; done
run resources "host:?root=$dir/root&host=made&every=250ms" --format json
ok "idle, waiting and stolen time is not busy" is "round(r['cpu_share'], 9)" 0.6
ok "memory that is available is not in use" is "r['memory_share']" 0.75
ok "swap" is "r['swap_share']" 0.25
ok "a filesystem as df counts it" is "abs(r['filesystem_share'] - (lambda s: (s.f_blocks - s.f_bfree) / (s.f_blocks - s.f_bfree + s.f_bavail))(__import__('os').statvfs('$dir'))) < 0.02" True
ok "reads and writes of whole devices, 2 to 3" is "round(r['disk_write_bytes_per_s'] / r['disk_read_bytes_per_s'], 6)" 1.5
ok "received and sent, 5 to 7" is "round(r['net_transmit_bytes_per_s'] / r['net_receive_bytes_per_s'], 6)" 1.4
ok "what is missing is null" is "(r['pressure_io_share'], r['pressure_cpu_share'] is None)" "(None, False)"
ok "the limits of its cgroup" is "[(x['memory_share'], x['throttled_share']) for x in d['limits']]" "[(0.5, 0.125)]"
run metrics "host:?root=$dir/root&host=made&every=250ms" --format json
ok "only the whole disk" is "sorted(l for n, l in m if n == 'host.disk.busy')" "['device=sda,host=made']"
ok "no lo, nothing of another machine" is "sorted(l for n, l in m if n in ('host.net.receive_bytes', 'host.filesystem'))" \
    "['host=made,interface=eth0', 'host=made,mount=/']"
ok "the load of a minute" is "m['host.load', 'host=made,minutes=1']" 1.25
ok "bytes are counters" is "{x['counter'] for x in d['rows'] if x['name'].endswith('_bytes')}" "{True}"

# ---- recorded and replayed
run record -o made.slowdive --for 1s "host:?root=$dir/root&host=made&every=250ms"
ok "it is recorded" exited 0
run resources made.slowdive --format json
ok "and shown again" is "(r['host'], round(r['cpu_share'], 9))" "('made', 0.6)"
touch stop
wait $tree
rm -r root
echo 'cpu 1 2 3 4' >stat
mkdir -p root/proc && mv stat root/proc
run resources "host:?root=$dir/root&host=bare&every=250ms" --format json
ok "a machine that tells little" exited 0
ok "says so once" is "d['notes']" "['bare has no figures of memory in use, no swap, no load average, no disk in use, no filesystem on a disk, no network but lo, no pressure figures.']"

# ---- beside the latency
made minutes "$dir"
both=(access.log "exec:cat hosts.ndjson")
run resources "${both[@]}" --at 2026-11-20T09:10:00Z --window 5m --format json
right() { made check "$dir" <out; }
ok "rows and intervals are right" right
run resources "${both[@]}" --at 2026-11-20T09:10:00Z --format json
ok "five minutes are the usual window" right
run resources "${both[@]}" --format json
ok "without a moment those before the end of the data" right
# 10 requests in each 10 s but one minute; the last two minutes before 09:06:25 hold what ended in them
for i in $(seq 0 40); do
    [ $((i / 6)) = 5 ] || printf '{"kind":"http","at":"2026-11-20T09:%02d:%02d.300Z","interval_ns":10000000000,"route":"/","count":%d,"errors":1}\n' $((i / 6)) $((i % 6 * 10)) $((i + 10))
done >tens.ndjson
run resources "exec:cat tens.ndjson" --at 2026-11-20T09:06:20.299Z --window 2m --format json
ok "an interval counts in the minute in which it ends" is "[(x['at'][14:23], x['rate_per_s'], x['error_share']) for x in d['series']]" \
    "$(python3 -c "print([('04:20.299', 185 / 60, 5 / 185), ('05:20.299', 46 / 60, 1 / 46)])")"
run resources "exec:cat tens.ndjson" --at 2026-11-20T09:06:10Z --window 1m --format json
ok "no request in a minute is no rate" is "[(x['rate_per_s'], x['error_share']) for x in d['series']]" "[(None, None)]"
run resources "${both[@]}" --at 2026-11-20T09:10:00Z --host db1 --format json
ok "one machine only" is "[x['host'] for x in d['rows']]" "['db1']"
run resources "${both[@]}" --at 2026-11-20T09:10:00Z --host db2
ok "one that is not there" says out 'No machine called "db2"'
run resources "${both[@]}" --at 2026-11-20T09:10:00Z
ok "processors over the latency of the same time" grep -qzP 'CPU\n.*\n.*09:05:00.*09:10:00\n\nP95 of all requests, same time\n.*\n.*09:05:00.*09:10:00' out
run overview "${both[@]}" --at 2026-11-20T09:10:00Z --window 5m
ok "a full disk is on the overview" says out "93.0 % of the filesystem /var is in use"
finish
