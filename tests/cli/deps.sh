#!/bin/bash
# make deps beside another apt: it waits, says so, and gives up after 5 minutes. All programs that it calls are ours.
. "$(dirname "$0")/tap.bash"

mkdir bin
export PATH="$dir/bin:$PATH" DIR=$dir
stub() { printf '#!/bin/bash\n%s\n' "$2" >"bin/$1" && chmod 755 "bin/$1"; }
# A test does not sleep: it counts.
stub sleep 'echo "$1" >>"$DIR/slept"'
stub sudo '[ "$1" = -n ] && shift; exec "$@"'
stub dpkg-query 'exit 1'
stub pg_lsclusters 'exit 0'
stub apt-get 'n=$(wc -l <"$DIR/slept")
[ "$n" -ge "$(cat "$DIR/busy")" ] && exit 0
echo "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (apt)" >&2
exit 100'

deps() {
    : >slept
    echo "$1" >busy
    status=0
    bash "$root/contrib/install-deps" >out 2>err || status=$?
}
deps 0
ok "with no other apt it installs at once" exited 0
ok "and says nothing of waiting" eval '! says out "Another apt"'
deps 3
ok "it waits for another apt" exited 0
ok "and says so, once" [ "$(grep -c "Another apt is running; waiting until it has finished, up to 5 minutes" out)" = 1 ]
ok "no longer than it takes" [ "$(wc -l <slept)" = 3 ]
deps 1000
ok "not for ever" exited 1
ok "but with the reason" says err "Could not get lock"
stub apt-get 'echo "E: Unable to locate package" >&2; exit 100'
deps 0
ok "any other failure is one at once" [ "$(wc -l <slept)" = 0 ]
ok "and is told" says err "Unable to locate package"
finish
