#!/bin/bash
# The key V of a page: it says what loading it by Lighthouse does, does nothing before a yes, and then shows the runs.
. "$(dirname "$0")/tap.bash"
command -v tmux >/dev/null || { echo "1..0 # SKIP tmux is missing; contrib/install-deps --test installs it"; exit 0; }
data=$root/tests/data/lighthouse
mkdir bin
cat >bin/lighthouse <<'EOF'
#!/bin/bash
echo "$@" >>"$ASKED"
for a; do case $a in --output-path=*) to=${a#*=} ;; esac; done
cp "$DATA/runs/lhr-$(wc -l <"$ASKED").json" "$to"
EOF
chmod +x bin/lighthouse
: >asked
screen() { tmux -S "$dir/tmux" "$@"; }
trap 'screen kill-server 2>/dev/null; rm -rf "$dir"' EXIT
screen -f /dev/null new-session -d -x 100 -y 40 \
    "exec env HOME=$dir TERM=xterm-256color PATH=$dir/bin:$PATH ASKED=$dir/asked DATA=$data '$program' lighthouse:$data/runs/lhr-1.json"
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
# lacks TEXT: waits until it is gone
lacks() {
    local try
    for try in {1..300}; do
        screen capture-pane -p >out
        grep -qF -- "$1" out || return 0
        read -rt 0.1 <> <(:)
    done
    return 1
}
key() { screen send-keys "$@"; }
shows 'Home' && key 6
ok "the page stands in its place" shows '/products/42'
key V
ok "V asks first" shows 'Load this page by Lighthouse?'
ok "which page" says out 'https://shop.example/products/42'
key n
ok "no: nothing is done" shows 'Nothing was done'
ok "nothing was loaded" test ! -s asked
key V
shows 'Load this page by Lighthouse?' && key y
ok "yes: its runs" shows 'run 2'
ok "as many as it said" test "$(wc -l <asked)" = 3
key :
key -l 'load-page ftp://a/'
key Enter
ok "another address is refused" shows 'is no address of a page'
key Escape
lacks 'is no address of a page'
key Q
gone() { ! screen has-session 2>/dev/null; }
for _ in {1..100}; do ! gone || break; read -rt 0.1 <> <(:); done
ok "and the console ends" gone
finish
