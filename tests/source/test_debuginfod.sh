#!/bin/bash
# Debug information from a real debuginfod on loopback: only when it is asked for, and nobody waits for it long.
# debuginfod listens on every address there is: in a network of its own that is loopback alone.
if [ -z "${ALONE:-}" ]; then
    own=(-n)
    [ "$(id -u)" = 0 ] || own=(-rn)
    if unshare "${own[@]}" ip link set lo up 2>/dev/null; then
        ALONE=yes exec unshare "${own[@]}" bash -c 'ip link set lo up && exec bash "$0"' "$0"
    fi
    echo "1..0 # SKIP there can be no network of its own here, and debuginfod would listen on every address"
    exit 0
fi
. "$(dirname "$0")/../cli/tap.bash"
for need in debuginfod:debuginfod perf:linux-perf; do
    command -v ${need%:*} >/dev/null || { echo "1..0 # SKIP ${need%:*} is not installed (Debian package ${need#*:})"; exit 0; }
done
unset DEBUGINFOD_URLS DEBUGINFOD_CACHE_PATH DEBUGINFOD_PROGRESS DEBUGINFOD_VERBOSE DEBUGINFOD_TIMEOUT
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY # none is reached from here
cat >hidden.c <<'END'
#include <stdlib.h>
static volatile unsigned long sink;
static inline __attribute__((always_inline)) void inner(long n) { for (long i = 0; i < n; i++) sink += i; }
__attribute__((noinline)) static void outer(void) { inner(100000); }
int main(int n, char **a) { for (long i = n > 1 ? atol(a[1]) : -1; i; i--) outer(); }
END
mkdir served
gcc -O2 -g -o hidden hidden.c && objcopy --only-keep-debug hidden served/hidden.debug && strip hidden && cp hidden served/
perf record -q -F 1997 -g -o hidden.data ./hidden 2000 2>/dev/null || { echo "1..0 # SKIP perf may not record here"; exit 0; }
rm -rf .debug # the copy that perf keeps

refused "without a server it says what names them" "DEBUGINFOD_URLS" functions 'perf_data:hidden.data?debuginfod=yes'
refused "of a process, too" "DEBUGINFOD_URLS" functions "perf:$$?debuginfod=yes"

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
debuginfod -vvv -p "$port" -d :memory: -F "$dir/served" >server.log 2>&1 &
server=$!
silent= spin=
trap 'kill $server $silent $spin 2>/dev/null; wait; rm -rf "$dir"' EXIT
id=$(readelf -n hidden | sed -n 's/.*Build ID: //p')
# Until it has read its folder. One that never does is none of slowdive's.
served() {
    local try
    for try in {1..300}; do
        kill -0 $server 2>/dev/null || return 1
        curl -sf -m 10 -o served.out "http://127.0.0.1:$port/buildid/$id/$1" && return 0
        read -rt 0.1 <> <(:)
    done
    return 1
}
served debuginfo && served executable || { tail -n 3 server.log; echo "1..0 # SKIP the debuginfod of this host does not serve a file"; exit 0; }
asked() { grep -c "GET /buildid/" server.log; }
before=$(asked)
export DEBUGINFOD_URLS=http://127.0.0.1:$port
run functions hidden.data
ok "it is not asked unless that is said" test "$(asked)" = "$before"
ok "without it there are no names" says out '[hidden]'
run functions 'perf_data:hidden.data?debuginfod=yes'
ok "asked, it gives names of what is inlined" eval 'says out " inner " && says out " outer " && ! says out "[hidden]"'
ok "it was asked" test "$(asked)" -gt "$before"

./hidden & spin=$!
for _ in 1 2 3 4 5 6; do # what comes later is used in the next second
    run functions "perf:$spin?debuginfod=yes" --for 2s
    ! says out ' inner ' || break
done
ok "a process that runs gets the names, too" says out ' inner '

# A server that takes the question and never answers.
python3 -c '
import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(8)
open("silent.tmp", "w").write(str(s.getsockname()[1])); import os; os.rename("silent.tmp", "silent")
held = []
while True: held.append(s.accept())' & silent=$!
until [ -s silent ]; do kill -0 $silent || break; read -rt 0.05 <> <(:); done
export DEBUGINFOD_URLS=http://127.0.0.1:$(cat silent) XDG_CACHE_HOME=$dir/other DEBUGINFOD_CACHE_PATH=$dir/other
run functions "perf:$spin?debuginfod=yes" --format json
ok "sampling does not wait for it" python3 -c '
import json
d = json.load(open("out"))
assert d["samples"] > 0 and d["lost"] == 0, d
assert any("being fetched" in n for n in d["notes"]), d["notes"]'
export DEBUGINFOD_URLS=http://127.0.0.1:1 DEBUGINFOD_CACHE_PATH=$dir/nobody
run functions 'perf_data:hidden.data?debuginfod=yes'
ok "a server that is not there is told" eval 'exited 0 && says out "[hidden]" && says out "did not answer"'

# The program itself, when it is not here any more.
kill $spin
rm hidden
export DEBUGINFOD_URLS=http://127.0.0.1:$port DEBUGINFOD_CACHE_PATH=$dir/other
run functions 'perf_data:hidden.data?debuginfod=yes'
ok "a program that is gone comes from the server, and what was given up is asked for again" eval 'says out " inner " && ! says out "is not on this host"'
finish
