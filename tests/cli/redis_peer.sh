#!/bin/bash
# The Redis source against servers that misbehave: one clear sentence, no wrong figure, nothing asked that holds up or
# changes a server.
. "$(dirname "$0")/tap.bash"

python3 "$root/tests/cli/redis_peer.py" "$dir" &
server=$!
trap 'kill $server; rm -rf "$dir"' EXIT
until [ -f ports ]; do kill -0 $server || exit 1; done
at() { echo "redis://127.0.0.1:$(sed -n "s/^$1 //p" ports)/"; }
# value FIELD FILE: of the first row.
value() { python3 -c 'import json, sys; print(json.load(open(sys.argv[2]))["rows"][0][sys.argv[1]])' "$1" "$2"; }
is() { [ "$(value "$1" out)" = "$2" ]; } # FIELD VALUE
bad() { # WAY SENTENCE
    run caches "$(at "$1")?timeout=${3:-10s}" </dev/null
    ok "$1" is_refusal "$2"
}

bad noauth "the server asks for a password"
bad busy "the server is busy with a script that does not end"
bad loading "the server is loading its data"
bad masterdown "the server is a replica without its master"
bad noperm "refuses INFO: NOPERM this user has no permissions to run the 'info' command"
bad renamed "does not know the command INFO: it is renamed or switched off"
bad misconf "answers INFO with an error: MISCONF"
bad denied "the server is in protected mode"
bad full "the server has no connection left"
bad integer "answers INFO with what is no answer to it"
bad array "answers INFO with what is no answer to it"
bad nil "answers INFO with what is no answer to it"
bad nothing "answers INFO with nothing that is known"
bad huge_string "the server announces a reply larger than the 4096 KiB that are expected"
bad huge_array "the server announces a reply of more items than"
bad nested "the answer is not of the Redis protocol"
bad negative "the answer is not of the Redis protocol"
bad garbage "the answer is not of the Redis protocol"
bad http "an HTTP server answers there, and no Redis"
bad endless "the server announces a reply larger than"
bad half "the server closed the connection"
bad closes "the server closed the connection"
bad stops "the server did not finish its answer to INFO within 300 ms" 300ms
bad hangs "the server does not answer INFO within 300 ms" 300ms
run caches redis://127.0.0.1:1/ </dev/null
ok "nobody is there" is_refusal "cannot connect to 127.0.0.1:1: Connection refused"
run caches "rediss://127.0.0.1:$(sed -n "s/^http //p" ports)/?timeout=300ms" </dev/null
ok "a server without TLS" is_refusal "127.0.0.1:"
run caches unix:/nonexistent/redis.sock </dev/null
ok "no such socket" is_refusal "cannot connect to /nonexistent/redis.sock: No such file or directory"

run caches --format json "$(at good)" "$(at hostile)" "$(at down)"
row() { # WAY FIELD VALUE
    python3 -c 'import json, sys
rows = {r["name"]: r for r in json.load(open("out"))["rows"]}
sys.exit(str(rows["redis 127.0.0.1:" + sys.argv[1]][sys.argv[2]]) != sys.argv[3])' "$(sed -n "s/^$1 //p" ports)" "$2" "$3"
}
ok "hits" row good hits 10
ok "misses" row good misses 5
ok "what it does not say is unknown" row good bytes_used None
ok "a negative limit is unknown" row hostile bytes_max None
ok "control characters are kept from the terminal" eval '! grep -q "$(printf "\033")" out'
ok "a save that failed is told" says out 'its last save to disk failed'
ok "and a master that is lost" says out 'it has had no connection to its master 10.0.0.9 for 42'
ok "and why there are no slow commands" says out "no permissions to run the 'slowlog|get' command"
ok "answers that a client does not read are told" says out 'of answers wait for the client 127.0.0.1:4000 (shop)'
run cache --format json "$(at good)"
ok "the prefix of a slow command's key" says out 'user:*:cart'
ok "but no argument, and no word of a command that is not known" eval '! grep -q geheim out'

# What is counted after a reset, or by a server that was started again, is added: nothing is negative or twice.
asked() { [ "$(grep -c "^$1 INFO all" asked)" -ge "$2" ]; }
watch() { # WAY INFOS
    "$program" record -o "$1.slowdive" "$(at "$1")?interval=100ms" >out 2>err </dev/null &
    local pid=$!
    until asked "$1" "$2"; do kill -0 $pid || break; done
    kill -INT $pid
    wait $pid
    run caches --format json "$1.slowdive"
}
watch reset 7
ok "CONFIG RESETSTAT: hits" is hits 15
watch restart 6
ok "a server that was started again" is hits 1200

ok "only commands that hold up nobody were sent" eval \
    '! cut -d" " -f2- asked | sed "s/ [0-9]*$//" | grep -vxE "INFO (all|sentinel)|CLIENT (SETNAME slowdive|LIST)|SLOWLOG GET|LATENCY (LATEST|HISTOGRAM)|MEMORY STATS"'
finish
