#!/bin/bash
# The Redis source against real servers on loopback: password and user, TLS, a Unix socket, a replica, a cluster, a
# sentinel and its failover.
. "$(dirname "$0")/tap.bash"
if ! command -v redis-server >/dev/null || ! command -v openssl >/dev/null; then
    echo "1..0 # SKIP redis-server or openssl is missing; contrib/install-deps --test installs them"
    exit 0
fi
unset REDISCLI_AUTH

pids=()
finished() {
    [ ${#pids[@]} = 0 ] || { kill "${pids[@]}"; wait "${pids[@]}"; } 2>/dev/null
    rm -rf "$dir"
}
trap finished EXIT
# Ports that are free now, all different.
read -ra port < <(python3 -c '
import socket
s = [socket.create_server(("127.0.0.1", 0)) for _ in range(12)]
print(*[x.getsockname()[1] for x in s])')
# serve NAME PORT OPTIONS...: in a folder of its own, until the end of the test.
serve() {
    local name=$1 port=$2
    shift 2
    mkdir -p "$name"
    redis-server --port "$port" --bind 127.0.0.1 --save "" --daemonize no --dir "$dir/$name" "$@" \
        >"$name/log" 2>&1 </dev/null &
    pids+=($!)
}
cli() { redis-cli -p "$@" 2>/dev/null; }
# until_true COMMAND...: while the servers run.
until_true() { until "$@"; do kill -0 "${pids[@]}" || return 1; done; }
up() { cli "$1" ping | grep -qE 'PONG|NOAUTH'; }
value() { python3 -c 'import json, sys; print(json.load(open(sys.argv[2]))["rows"][int(sys.argv[3])][sys.argv[1]])' "$1" "$2" "${3:-0}"; }
is() { [ "$(value "$1" out)" = "$2" ]; } # FIELD VALUE
rows() { python3 -c 'import json; print(len(json.load(open("out"))["rows"]))'; }

# ---- one server: TLS, a user, a Unix socket ----
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=cache.test -addext "subjectAltName=DNS:cache.test" \
    -keyout key.pem -out cert.pem 2>/dev/null
cat >users.acl <<'EOF'
user default on >standard ~* &* +@all
user watcher on >geheim789 ~* &* +info +client|setname +ping
EOF
serve one "${port[0]}" --aclfile "$dir/users.acl" --tls-port "${port[1]}" --tls-cert-file "$dir/cert.pem" \
    --tls-key-file "$dir/key.pem" --tls-ca-cert-file "$dir/cert.pem" --tls-auth-clients no \
    --unixsocket "$dir/redis.sock" --slowlog-log-slower-than 0 --maxmemory 64mb --maxmemory-policy allkeys-lru
until_true up "${port[0]}"
one=127.0.0.1:${port[0]}
export REDISCLI_AUTH=standard
for i in 1 2 3 4 5 6; do echo "set user:$i:cart geheimword EX 1000"; done | cli "${port[0]}" >/dev/null
printf 'get user:1:cart\nget user:2:cart\nget user:3:cart\nget user:9:cart\n' | cli "${port[0]}" >/dev/null
unset REDISCLI_AUTH

run cache --format json "redis://:standard@$one/"
ok "commands" says out '"get"'
ok "slow commands have the prefix of their key" says out 'user:*:cart'
ok "no value" eval '! grep -q geheimword out'

run caches "redis://$one/" </dev/null
ok "without a password" is_refusal "$one: the server asks for a password"
run caches "redis://:wrongpass1@$one/" </dev/null
ok "with a wrong one" is_refusal "$one: the server does not accept this user and password"
ok "which is not repeated" eval '! grep -q wrongpass1 out err'
tls=127.0.0.1:${port[1]}
run caches --format json "redis://:standard@$one/" "redis:$one?password=standard" \
    "redis:$one?user=watcher&password=geheim789" "unix:$dir/redis.sock?password=standard" \
    "redis+unix://default:standard@$dir/redis.sock" "rediss://:standard@$tls/?tls_verify=no" \
    "rediss://:standard@$tls/?tls_ca=$dir/cert.pem&tls_name=cache.test"
every() { # FIELD VALUE
    python3 -c 'import json, sys
sys.exit(any(str(r[sys.argv[1]]) != sys.argv[2] for r in json.load(open("out"))["rows"]))' "$1" "$2"
}
ok "by password, option, user, Unix socket, TLS: each is read" eval '[ "$(rows)" = 7 ]'
ok "hits" every hits 3
ok "misses" every misses 1
ok "layer" every layer application
ok "limit" every bytes_max 67108864
ok "name" says out "\"redis $one\""
ok "of a Unix socket" says out "\"redis $dir/redis.sock\""
ok "a user who may read figures only is told why there are no slow commands" says out "has no permissions"
run caches "rediss://:standard@$tls/" </dev/null
ok "TLS: a certificate of nobody's" is_refusal "the certificate is not trusted"
run caches "rediss://:standard@$tls/?tls_ca=$dir/cert.pem" </dev/null
ok "of another name" is_refusal "the certificate is not trusted"
run caches "redis://:standard@$tls/?timeout=500ms" </dev/null
ok "TLS without asking for it" is_refusal "$tls: the server"
run caches "rediss://:standard@$one/?timeout=500ms" </dev/null
ok "no TLS where it is asked for" is_refusal "write redis:// for rediss://"
run caches "rediss://:standard@$tls/?tls_ca=$dir/none.pem" </dev/null
ok "no such file" is_refusal "cannot read certificates from tls_ca="
prefixes() { # each with its keys, of all rows
    python3 -c 'import json
print(*sorted("%s %s %d" % (r["name"].split(":")[-1], p["prefix"], p["keys"]) for r in json.load(open("out"))["rows"] for p in r["prefixes"]), sep="\n")'
}
run caches --format json --sample keys --yes --for 6s "rediss://:standard@$tls/?tls_ca=$dir/cert.pem&tls_name=cache.test"
ok "keys are looked into over TLS" eval '[ "$(prefixes)" = "${port[1]} user:*:cart 6" ]'

# ---- a cluster of three, and a sentinel with a master and a replica ----
for i in 0 1 2; do
    serve "node$i" "${port[2 + i]}" --cluster-enabled yes --cluster-port "${port[5 + i]}" --cluster-node-timeout 2000
done
serve master "${port[8]}"
serve replica "${port[9]}" --replicaof "127.0.0.1 ${port[8]}" --repl-diskless-sync-delay 0
for i in 2 3 4 8 9; do until_true up "${port[i]}"; done
cli "${port[2]}" cluster addslotsrange 0 5000 >/dev/null
cli "${port[3]}" cluster addslotsrange 5001 10000 >/dev/null
cli "${port[4]}" cluster addslotsrange 10001 16383 >/dev/null
for i in 1 2; do cli "${port[2]}" cluster meet 127.0.0.1 "${port[2 + i]}" "${port[5 + i]}" >/dev/null; done
mkdir -p sentinel
cat >sentinel/s.conf <<EOF
port ${port[10]}
bind 127.0.0.1
dir $dir/sentinel
sentinel monitor shop 127.0.0.1 ${port[8]} 1
sentinel down-after-milliseconds shop 5000
EOF
linked() { cli "${port[8]}" info replication | grep -q 'state=online'; }
until_true linked
redis-server sentinel/s.conf --sentinel >sentinel/log 2>&1 </dev/null &
pids+=($!)

covered() { for i in 2 3 4; do cli "${port[i]}" cluster info | grep -q cluster_state:ok || return 1; done; }
until_true covered
run caches --format json "redis://127.0.0.1:${port[3]}/"
ok "a cluster by one of its servers: all three" eval '[ "$(rows)" = 3 ]'
ok "each by its address" eval 'for i in 2 3 4; do grep -q "redis 127.0.0.1:${port[i]}" out || exit 1; done'
for i in {1..300}; do redis-cli -c -p "${port[2]}" set "user:$i:cart" x; done >/dev/null 2>&1
run caches --format json --sample keys --yes --for 6s "redis://127.0.0.1:${port[3]}/"
ok "keys of a cluster: each of its servers has its own" eval '[ "$(prefixes | wc -l)" = 3 ] && [ "$(prefixes | awk "{ n += \$3 } END { print n }")" = 300 ]'
# All that one server has goes to another, as resharding does it, while slowdive watches.
"$program" record -o reshard.slowdive "redis://127.0.0.1:${port[3]}/?interval=200ms" >out 2>err </dev/null &
recording=$!
named() { for i in 2 3 4; do cli "${port[i]}" client list | grep -q name=slowdive || return 1; done; }
until_true named
from=${port[2]} to=${port[3]}
from_id=$(cli "$from" cluster myid) to_id=$(cli "$to" cluster myid)
redis-cli --cluster reshard "127.0.0.1:$from" --cluster-from "$from_id" --cluster-to "$to_id" --cluster-slots 5001 --cluster-yes >/dev/null 2>reshard.err
emptied() { [ "$(cli "$from" dbsize)" = 0 ]; }
until_true emptied
asked_of() { cli "$1" info commandstats | sed -n 's/^cmdstat_info:calls=\([0-9]*\).*/\1/p'; }
for i in 2 3; do
    before=$(asked_of "${port[i]}")
    later() { [ "$(asked_of "${port[i]}")" -gt $((before + 3)) ]; }
    until_true later
done
kill -INT $recording
wait $recording
run caches --format json reshard.slowdive
ok "resharding is followed: all three are still read" eval '[ "$(rows)" = 3 ]'
run caches --format json --sample keys --yes "redis://127.0.0.1:${port[3]}/"
ok "without --for it looks for 10 s" says err "looking for 10 s"
ok "and the keys are where they went" eval '[ "$(prefixes | grep -c "^${port[2]} ")" = 0 ] && [ "$(prefixes | awk "{ n += \$3 } END { print n }")" = 300 ]'
kill "${pids[3]}"
gone() { ! kill -0 "${pids[3]}" 2>/dev/null; }
until gone; do :; done
run caches --format json "redis://127.0.0.1:${port[3]}/?timeout=1s"
ok "one of them is lost: the others are read" eval '[ "$(rows)" -ge 2 ]'
unset 'pids[3]'

replicas() { cli "${port[10]}" sentinel replicas shop | grep -q "${port[9]}"; }
until_true replicas
run caches "redis://127.0.0.1:${port[10]}/?sentinel=cart" </dev/null
ok "a sentinel that watches another master" is_refusal "watches no master cart; it watches shop"
run caches --format json "redis://127.0.0.1:${port[10]}/?sentinel=shop"
ok "a sentinel: its master" says out "redis 127.0.0.1:${port[8]}"
ok "and its replica" says out "redis 127.0.0.1:${port[9]}"
run caches "redis://127.0.0.1:${port[8]}/?sentinel=shop" </dev/null
ok "a server is no sentinel" is_refusal "is no sentinel"

"$program" record -o failover.slowdive "redis://127.0.0.1:${port[10]}/?interval=100ms" >out 2>err </dev/null &
recording=$!
watched() { cli "${port[8]}" client list | grep -q name=slowdive && cli "${port[9]}" client list | grep -q name=slowdive; }
until_true watched
read_by() { # PORT: how often INFO was run there
    cli "$1" info commandstats | sed -n 's/^cmdstat_info:calls=\([0-9]*\).*/\1/p'
}
more_of() { [ "$(read_by "${port[$1]}" | grep . || echo 0)" -gt "$2" ]; } # SERVER CALLS
more() { more_of 9 "$1"; }
before=$(read_by "${port[9]}")
until_true more $((before + 2))
cli "${port[10]}" sentinel failover shop >/dev/null
turned() { cli "${port[9]}" info replication | grep -q role:master; }
until_true turned
before=$(read_by "${port[9]}")
until_true more $((before + 8))
kill -INT $recording
wait $recording
run caches --format json failover.slowdive
role() { # PORT: the newest of the recording
    python3 -c 'import json, sys
print({r["name"]: r["role"] for r in json.load(open("out"))["rows"]}["redis 127.0.0.1:" + sys.argv[1]])' "$1"
}
ok "a failover is followed: the replica is the master" eval '[ "$(role "${port[9]}")" = master ]'

# A server that stops in the middle: the figures until then, of when they are, and that nothing came since.
serve hung "${port[11]}"
hung=$!
until_true up "${port[11]}"
"$program" caches --for 8s "redis://127.0.0.1:${port[11]}/" >stopped 2>stopped.err </dev/null &
watching=$!
until_true more_of 11 0
kill -STOP $hung
wait $watching
status=$?
kill -CONT $hung
ok "a server that hangs in the middle: exit 1" test "$status" = 1
ok "the figures are said to be of then" grep -qE 'as of [0-9:]+, (no data since|connection lost)' stopped
ok "and why nothing came since" grep -qE 'has not answered for 2 s|does not answer INFO' stopped
finish
