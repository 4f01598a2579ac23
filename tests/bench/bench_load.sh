#!/bin/bash
# The generator of load beside wrk, and alone: rate, memory, lateness. Prints "NAME VALUE UNIT" lines.
#
#   bench_load.sh [BENCH_LOAD]    (default build/tests/bench/bench_load)
#
# Both load the same nginx on loopback in turn, three times each, with one thread and 50 connections; the figure is the
# median of the three ratios. nginx serves a static file of 612 bytes with one worker.
set -u
bench=${1:-build/tests/bench/bench_load}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/slowdive-load.XXXXXX") || exit 1
nginx=
trap '[ -n "$nginx" ] && kill "$nginx" 2>/dev/null; wait; rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir "$tmp/t" "$tmp/html"
head -c 612 /dev/zero | tr '\0' x >"$tmp/html/index.html"
body=$(head -c 1000 /dev/zero | tr '\0' x)
cat >"$tmp/nginx.conf" <<END
$([ "$(id -u)" = 0 ] && echo 'user root;')
daemon off;
worker_processes 1;
pid $tmp/pid;
error_log $tmp/error.log;
events { worker_connections 11000; }
http {
    client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
    access_log off;
    keepalive_requests 1000000000;
    server {
        listen 127.0.0.1:$port backlog=11000;
        root $tmp/html;
        location = /held { limit_rate 200; return 200 $body; }
    }
}
END
ulimit -n "$(ulimit -Hn)"
chmod 755 "$tmp"
nginx -p "$tmp" -e "$tmp/error.log" -c "$tmp/nginx.conf" >/dev/null 2>&1 &
nginx=$!
for ((i = 0; i < 100; i++)); do
    python3 -c "import socket; socket.create_connection(('127.0.0.1', $port))" 2>/dev/null && break
    sleep 0.1
done

value() { awk -v name="$1" '$1 == name { print $2 }'; }
failed() { [ "$(value failed)" = 0 ]; }

if command -v wrk >/dev/null; then
    for ((i = 0; i < 3; i++)); do
        ours=$("$bench" closed "$port" 50 300000 | tee "$tmp/ours" | value rate)
        failed <"$tmp/ours" || exit 1
        rival=$(wrk -t1 -c50 -d5s "http://127.0.0.1:$port/" | awk '/^Requests\/sec:/ { print $2 }')
        echo "$ours $rival"
    done | awk '{ print $1 / $2, $1, $2 }' | sort -n | awk '{ r[NR] = $0 } END { split(r[2], f, " ");
        print "wrk_ratio", f[1], "x\nrate", f[2], "1/s\nwrk_rate", f[3], "1/s" }'
fi
"$bench" open "$port" 100 50000 5000 >"$tmp/open" && failed <"$tmp/open" &&
    awk '$1 == "delay_p50" || $1 == "delay_p99" || $1 == "over_10ms" || $1 == "late" { print }' "$tmp/open"
BENCH_PATH=/held "$bench" hold "$port" 10000 >"$tmp/hold" && failed <"$tmp/hold" &&
    awk '$1 == "open" { print "held", $2, "" } $1 == "memory" { print "held_memory", $2, $3 }' "$tmp/hold"
