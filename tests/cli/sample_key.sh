#!/bin/bash
# The key P of a cache: it says what looking into the keys costs, does nothing before a yes, and then shows the prefixes.
. "$(dirname "$0")/tap.bash"
for need in redis-server tmux; do
    command -v $need >/dev/null || { echo "1..0 # SKIP $need is missing; contrib/install-deps --test installs it"; exit 0; }
done
redis-server --port 0 --unixsocket "$dir/s" --save '' --dir "$dir" >/dev/null 2>&1 </dev/null &
server=$!
screen() { tmux -S "$dir/tmux" "$@"; }
trap 'screen kill-server 2>/dev/null; kill $server; wait; rm -rf "$dir"' EXIT
ask() { redis-cli -s "$dir/s" "$@" 2>/dev/null; }
until [ "$(ask ping)" = PONG ]; do kill -0 $server || exit 1; done
{
    for i in {1..400}; do echo "set user:$i:cart x"; done
    for i in {1..200}; do echo "set feed:$i:page y"; done
} | ask >/dev/null

screen -f /dev/null new-session -d -x 100 -y 40 "exec env HOME=$dir TERM=xterm-256color '$program' 'unix:$dir/s'"
# shows TEXT: waits until the screen does
shows() {
    local try
    for try in {1..300}; do
        screen capture-pane -p >out 2>/dev/null || return 1
        ! grep -qF -- "$1" out || return 0
        read -rt 0.1 <> <(:)
    done
    return 1
}
key() { screen send-keys "$@"; }
shows 'Home' && key 5
ok "the cache stands in its place" shows "redis $dir/s"
key Enter
key P
ok "P asks first" shows 'Look into this cache?'
ok "with the cost" says out 'at most 1 %'
scans() { ask info commandstats | grep -c '^cmdstat_scan:'; }
ok "and nothing is read before the answer" test "$(scans)" = 0
key y
ok "yes: the prefixes of its keys" shows 'user:*:cart'
ok "all of them" shows 'feed:*:page'
ok "by SCAN" test "$(scans)" = 1
key Q
gone() { ! screen has-session 2>/dev/null; }
for _ in {1..100}; do ! gone || break; read -rt 0.1 <> <(:); done
ok "and the console ends" gone
finish
