#!/bin/bash
# The access log's bar: 1 M lines per second and against goaccess on the same file in the
# same run; resident memory for 10 M lines through a pipe.
# Usage: bench_log.sh [LINES] - needs build/slowdive; goaccess and GNU time when there.
cd "$(dirname "$0")/../.." || exit 1
lines=${1:-1000000}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
${CC:-gcc} -O2 -D_GNU_SOURCE -o "$dir/gen_log" tests/bench/gen_log.c -lm || exit 1
"$dir/gen_log" "$lines" > "$dir/access.log"
now() { date +%s.%N; }

# The best of three: other load on the machine only ever adds.
best=
for _ in 1 2 3; do
    t=$(now)
    build/slowdive endpoints "$dir/access.log" --format json > "$dir/out.json" || exit 1
    t=$(awk -v a="$t" -v b="$(now)" 'BEGIN { print b - a }')
    best=$(awk -v a="${best:-9999}" -v b="$t" 'BEGIN { print b < a ? b : a }')
done
grep -q "\"lines_total\":[[:space:]]*$lines,\?$" "$dir/out.json" || { echo "bench_log: lines are missing"; exit 1; }
awk -v t="$best" -v n="$lines" 'BEGIN { printf "log: %d lines in %.2f s, %.2f M lines/s\n", n, t, n / t / 1e6 }'

if command -v goaccess > /dev/null; then
    t=$(now)
    goaccess "$dir/access.log" --log-format='%h %^ %^ [%d:%t %^] "%r" %s %b "%R" "%u" rt=%T %^' \
        --date-format=%d/%b/%Y --time-format=%H:%M:%S --no-progress -o json > /dev/null 2>&1
    t=$(awk -v a="$t" -v b="$(now)" 'BEGIN { print b - a }')
    awk -v t="$t" -v mine="$best" 'BEGIN { printf "log: goaccess needs %.2f s, %.1f times as long\n", t, t / mine }'
fi

"$dir/gen_log" $((lines * 10)) | build/slowdive endpoints - --format json > "$dir/out.json" &
pid=$!
rss=0
while kill -0 $pid 2> /dev/null; do
    r=$(awk '/VmHWM/ { print $2 }' "/proc/$pid/status" 2> /dev/null)
    [ "${r:-0}" -gt "$rss" ] && rss=$r
    sleep 0.1
done
wait $pid
awk -v k="$rss" -v n="$((lines * 10))" 'BEGIN { printf "log: %.1f MiB resident for %d lines\n", k / 1024, n }'
