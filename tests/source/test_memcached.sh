#!/bin/bash
# A real memcached: its counts, its slabs, and the count by prefix, which is switched off again in any case.
. "$(dirname "$0")/../cli/tap.bash"
command -v memcached >/dev/null && command -v python3 >/dev/null || { echo "1..0 # SKIP no memcached or no python3"; exit 0; }
chmod 755 "$dir"
socket=$dir/mc.sock
memcached -u "$(id -un)" -s "$socket" -m 4 -t 1 2>memcached.err &
server=$!
trap 'kill $server $load $watcher 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
load='' watcher=''
cat >ask.py <<'END'
# ask.py COMMAND: the answer of memcached; ask.py load: a known workload; ask.py lookups: hits and misses for ever
import socket, sys, time
for _ in range(200):
    try:
        s = socket.socket(socket.AF_UNIX)
        s.connect("mc.sock")
        break
    except OSError:
        time.sleep(0.05)
f = s.makefile("rwb")
def ask(line, data=None):
    f.write(line.encode() + b"\r\n" + (data + b"\r\n" if data is not None else b""))
    f.flush()
    lines = []
    while True:
        l = f.readline()
        if not l:
            sys.exit(1)
        lines.append(l.decode().rstrip())
        if lines[-1] in ("END", "OK", "STORED", "ERROR", "DELETED", "NOT_FOUND"):
            return lines
if sys.argv[1] == "load":
    for i in range(100):
        ask("set user:%d 0 0 3" % i, b"abc")
    for i in range(90):
        ask("get user:%d" % i)
    for i in range(10):
        ask("get feed:%d" % i)
    for i in range(60):  # of 4 MiB: some are evicted, none of them was read
        ask("set big:%d 0 0 100000" % i, b"x" * 100000)
elif sys.argv[1] == "lookups":
    while True:
        for i in range(10):
            ask("get user:%d" % (i if i < 7 else i + 1000))
        ask("get gone:1")
        time.sleep(0.01)
else:
    print("\n".join(ask(" ".join(sys.argv[1:]))))
END
ask() { python3 ask.py "$@"; }
detail() { ask stats settings | grep -q "detail_enabled $1"; }
json() { python3 -c "import json,sys; d=json.load(open('out')); r=d['rows'][0]; sys.exit(not ($1))"; }
until_true() { for _ in $(seq 400); do "$@" && return 0; sleep 0.05; done; return 1; }
url="memcached://$socket?interval=500ms"

ask load
# Read once: what it counted since its start.
run caches "memcached://$socket?interval=60s" --format json
ok "a memcached by its socket" json "r['layer'] == 'application' and r['name'] == 'memcached $socket'"
ok "hits and misses" json "r['hits'] == 90 and r['misses'] == 10"
evicted=$(ask stats | sed -n 's/STAT evictions //p')
ok "evictions, as it counts them" json "r['evictions'] == $evicted > 0"
ok "memory of its limit" json "0 < r['bytes_used'] <= r['bytes_max'] == 4194304"
ok "slabs are its parts" json "any(p['prefix'].startswith('slab ') and p['keys'] for p in r['prefixes'])"
ok "the hits by prefix need a word" json "any('--sample detail --yes' in n for n in r['notes'])"
ok "nothing was switched on" detail no

python3 ask.py lookups 2>/dev/null &
load=$!
run caches "$url" --for 1s --sample detail --format json
ok "without --yes it is told and not done" says err "without --yes it is not done"
ok "and nothing was switched on" detail no
run caches "$url" --for 2s --sample detail --yes --format json
ok "with --yes the lookups of each prefix are known" json "[p for p in r['prefixes'] if p['prefix'] == 'user:*' and abs(p['hit_ratio'] - 0.7) < 0.02 and p['hits'] > 0]"
ok "and it is off again" detail no
ok "and no file is left" eval '[ -z "$(ls .local/state/slowdive/memcached-detail-* 2>/dev/null)" ]'

"$program" caches "$url" --for 60s --sample detail --yes >/dev/null 2>&1 &
watcher=$!
ok "while it is watched it is on" until_true detail yes
kill -KILL $watcher
wait $watcher 2>/dev/null
ok "after a kill it is still on" detail yes
run caches "$url" --format json
ok "the next start switches it off" detail no
ok "and forgets it" eval '[ -z "$(ls .local/state/slowdive/memcached-detail-* 2>/dev/null)" ]'

ask stats detail on >/dev/null
run caches "$url" --for 2s --sample detail --yes --format json
ok "what somebody else switched on is read" json "[p for p in r['prefixes'] if p['prefix'] == 'user:*' and p['hits']]"
ok "and left on" detail yes
finish
