#!/bin/bash
# SIGINT and SIGTERM end a verb wherever it stands: where it looks at signals, and where it cannot.
. "$(dirname "$0")/tap.bash"

mkfifo input
# A server that lets nobody in, and the output of a program that nobody reads.
exec 8< <(python3 -c 'import socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(20)
print(s.getsockname()[1], flush=True)
kept = [s.accept() for _ in iter(int, 1)]')
server=$!
read -r port <&8
trap 'kill $server; rm -rf "$dir"' EXIT
silent=postgres://u@127.0.0.1:$port/db
for i in $(seq 20000); do line $((i % 60)) GET "/$i/page-of-$i-x" 200 0.1; done >long.log

# ended WHAT SIGNAL STATUS ARGUMENTS...: the net of 20 s is for those who do not end.
ended() {
    local what=$1 signal=$2 wanted=$3
    shift 3
    env --default-signal=INT timeout -s KILL 20 "$program" "$@" >/dev/full 2>err 3<>input &
    wait_for "$!" "$signal"
    ok "$what, $signal" test "$status" -eq "$wanted"
}
# The program is the child of timeout; it has installed its handlers when it waits for something.
wait_for() {
    local parent=$1 signal=$2 child= state=
    for _ in $(seq 400); do
        child=$(pgrep -P "$parent") && state=$(awk '/^SigCgt/ { print $2 }' "/proc/$child/status" 2>/dev/null) &&
            [ $((0x${state:-0} & 0x2)) -ne 0 ] && [ "$(awk '/^State/ { print $2 }' "/proc/$child/status")" = S ] && break
        read -rt 0.05 <> <(:)
    done
    kill -"$signal" "$child"
    wait "$parent"
    status=$?
}
for signal in INT TERM; do
    number=$((128 + $(kill -l $signal)))
    ended "a plan from a FIFO" $signal $number explain input
    ended "a workload from a FIFO" $signal $number advise --workload input "$silent"
    ended "a server that says nothing" $signal $number queries "$silent"
    ended "a plan of a server that says nothing" $signal $number explain --db "$silent" - <<<'select 1'
    ended "advice of a server that says nothing" $signal $number advise "$silent"
    ended "a recording with a length" $signal $number record -o "$dir/$signal.slowdive" --for 60s "$silent"
done
# A pipe that is full: its reader holds it open and reads nothing.
mkfifo full
exec 9<>full
for signal in INT TERM; do
    env --default-signal=INT timeout -s KILL 20 "$program" endpoints --limit 20000 --format json long.log >full 2>err &
    wait_for $! $signal
    ok "a pipe that nobody reads, $signal" test "$status" -eq $((128 + $(kill -l $signal)))
done
finish
