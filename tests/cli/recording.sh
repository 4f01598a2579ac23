#!/bin/bash
# Recordings: what is recorded is read back, cut and damaged files tell what is lost.
. "$(dirname "$0")/tap.bash"

for i in $(seq 0 39); do line "$i" GET "/orders/$i" 200 0.010; done >good.log
run record -o a.slowdive --for 2s good.log
ok "a log is recorded" exited 0
run endpoints --format json good.log
grep -E '"(count|p99_ns|total_ns|lines_total)"' out >direct
run endpoints --format json a.slowdive
ok "and gives the same figures" diff direct <(grep -E '"(count|p99_ns|total_ns|lines_total)"' out)
ok "without a loss" says out '"frames_lost":	0'
cp a.slowdive before
run record -o a.slowdive --for 1s good.log
ok "a recording that is there is not continued unasked" is_refusal "a.slowdive is a recording already; --append continues it"
ok "nor changed" cmp -s a.slowdive before
run record -o a.slowdive --append --for 1s good.log
ok "with --append it is" [ "$(stat -c %s a.slowdive)" -gt "$(stat -c %s before)" ]
cp before a.slowdive
run record -o fresh.slowdive --append --for 1s good.log
ok "--append makes one where there is none" [ -s fresh.slowdive ]
run record -o good.log --for 1s good.log
ok "a file that is no recording is left alone" is_refusal "exists and is not a recording"

size=$(stat -c %s a.slowdive)
head -c $((size - 3)) a.slowdive >cut.slowdive
run endpoints cut.slowdive
ok "a cut recording opens" exited 0
ok "and says that it is cut" says err "cut.slowdive ends in the middle of a frame"
{ head -c $((size / 2)) a.slowdive; printf 'XX'; tail -c +$((size / 2 + 3)) a.slowdive; } >hurt.slowdive
run endpoints --format json hurt.slowdive
ok "a damaged recording opens" exited 0
ok "and says what is lost" says err "1 frame could not be read"
ok "in JSON, too" says out '"frames_lost":	1'

# A full disk, by the limit of a file's size: the last frame, written at the end, does not fit.
for i in $(seq 0 59); do line "$i" GET "/route-$i-$RANDOM$RANDOM/x" 200 "0.0$((10 + i))"; done >many.log
trap '' XFSZ
status=$(ulimit -f 1; run record -o full.slowdive --for 1s many.log; echo $status)
trap - XFSZ
ok "a last frame that does not fit is told" exited 2
ok "with a sentence" says err "the recording full.slowdive ended: File too large"

run record -o secret.slowdive --for 1s 'postgres://eve:hunter2pw@127.0.0.1:1/shop?password=hunter2pw'
ok "a server that is not there is told" exited 2
ok "without the password" [ "$(cat err secret.slowdive | grep -c hunter2pw)" = 0 ]
run overview --format json 'postgres://eve:hunter2pw@127.0.0.1:1/shop'
ok "nor in a view" [ "$(cat out err | grep -c hunter2pw)" = 0 ]
finish
