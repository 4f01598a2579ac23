#!/bin/bash
# The demo leaves nothing behind, also when its terminal is closed right after quitting.
. "$(dirname "$0")/../cli/tap.bash"
command -v script >/dev/null && [ -x "$root/build/demo/shop" ] && ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ||
    { echo "1..0 # SKIP no PostgreSQL, no script or no demo programs"; exit 0; }

chmod 755 "$dir"
mkdir -m 755 tmp
export TMPDIR=$dir/tmp TERM=xterm-256color
tick() { read -rt 0.1 <> <(:); }
# within TENTHS CONDITION...
within() {
    local n=$1
    shift
    for ((; n > 0; n--)); do
        "$@" && return
        tick
    done
    return 1
}
shows() { grep -qaF -- "$1" out; }
nothing_left() { [ -z "$(ls -A tmp)" ]; }
nobody_left() { ! pgrep -f "$dir/tmp" >/dev/null; }

: >err
status=
mkfifo keys
script -qfc "stty rows 24 cols 80; exec '$root/contrib/demo/run'" /dev/null <keys >out 2>&1 &
terminal=$!
exec 9>keys
ok "the demo opens the console" within 3000 shows "Needs attention"
printf Q >&9
ok "Q ends it" within 300 shows $'\e[?1049l'
kill -KILL $terminal # the terminal is gone while the servers are being stopped
exec 9>&-
wait $terminal 2>/dev/null
ok "its folder is removed" within 1200 nothing_left
ok "and no process of it is left" within 300 nobody_left
ok "nor a flight or a log" [ ! -e "$HOME/.local" ]
finish
