#!/bin/bash
# slowdive doctor: what sources need, what is missing, and the line that mends it.
# shellcheck source=tests/cli/tap.bash
. "${0%/*}/tap.bash"
end() {
    [ -d "$dir/pg" ] && "$root/contrib/private-postgres" stop "$dir/pg"
    [ -d "$dir/ch" ] && "$root/contrib/private-clickhouse" stop "$dir/ch"
    [ -s "$dir/redis.pid" ] && kill "$(cat "$dir/redis.pid")"
    rm -rf "$dir"
}
trap end EXIT
chmod 755 "$dir"

# check OF-PART CHECK -> state and mend of the first row that fits, of the JSON in out
check() {
    awk -v part="$1" -v name="$2" '
        function value(line) { sub(/^[^:]*:\t"?/, "", line); sub(/"?,?$/, "", line); return line }
        /"of":/ { of = value($0) }
        /"check":/ { check = value($0) }
        /"state":/ { state = value($0) }
        /"mend":/ && index(of, part) && check == name { print state, value($0); found = 1; exit }
        END { if (!found) print "none" }' out
}
state_is() { [ "$(check "$1" "$2" | cut -d' ' -f1)" = "$3" ]; }
mends() { check "$1" "$2" | grep -qF -- "$3"; }

line 1 GET /orders/1 200 0.100 >fast.log
printf '203.0.113.9 - - [20/Nov/2026:15:51:%02d +0000] "GET / HTTP/1.1" 200 123 "-" "ua"\n' 1 2 3 4 5 6 >untimed.log

run doctor fast.log
ok "a log with durations" exited 0
ok "lacks nothing" says out "nothing is missing"
run doctor untimed.log --format json
ok "a log without durations" exited 1
ok "lacks them" state_is untimed.log durations missing
ok "says how to add them" mends untimed.log durations '$request_time'
ok "the rest of it is well" state_is untimed.log format ok
run doctor untimed.log
ok "as text with the whole line that mends it" says out 'rt=$request_time'
for format in md csv; do
    run doctor untimed.log --format $format
    ok "as $format" exited 1
    ok "with a row" says out durations
done
run doctor fast.log untimed.log --format json
ok "one of two" exited 1
ok "does not keep the other from being looked at" state_is fast.log durations ok

run doctor none.log --format json
ok "a file that is not there" exited 1
ok "is said so" grep -q 'No such file' out
cp fast.log theirs.log
chmod 000 theirs.log
as=() mend=setfacl
cp "$program" own-copy # which another user can reach
if [ "$(id -u)" = 0 ]; then
    chown root:adm theirs.log
    chmod 640 theirs.log
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups) mend='usermod -aG adm'
fi
"${as[@]}" env HOME=/nonexistent ./own-copy doctor log:theirs.log --format json >out 2>err
status=$?
ok "a log that may not be read" exited 1
ok "says how it may" mends theirs.log readable "$mend"
rm own-copy
: >empty.log
run doctor log:empty.log --format json
ok "an empty log lacks nothing that could be said" exited 0
ok "but nothing can be said of it" state_is empty.log format less
head -c 300000 /dev/urandom >garbage.log
run doctor log:garbage.log --format json
ok "garbage" exited 1
ok "has no request in it" state_is garbage.log format missing
mkfifo pipe.log
run doctor log:pipe.log --format json
ok "a pipe is not emptied" exited 0
run doctor 'log:fast.log?unit=furlong' --format json
ok "a wrong option" exited 1
ok "is said" grep -q furlong out
run doctor redis://u:hunter2@127.0.0.1:1/ 'postgres://u:hunter2@127.0.0.1:1/db' --format json
ok "servers that are not there" exited 1
ok "no password is told" [ "$(cat out err | grep -c hunter2)" = 0 ]
ok "the server is missing" state_is 127.0.0.1:1/db server missing
refused "a wrong option of the command" 'mend' doctor --mend
cp fast.log before.log
run doctor fast.log
ok "nothing is changed" cmp -s fast.log before.log

# Each format of logs has its own way to a duration.
log_lacks() { # FORMAT MEND <lines
    cat >"$1.log"
    run doctor "log:$1.log" --format json
    ok "$1 without durations" state_is "$1.log" durations missing
    ok "is mended in its own way" mends "$1.log" durations "$2"
}
log_lacks json escape=json < <(printf '{"time":"2026-11-20T15:51:0%d+00:00","method":"GET","uri":"/a","status":200}\n' 1 2 3 4)
log_lacks ltsv reqtime: < <(printf 'time:2026-11-20T15:51:0%d+00:00\tmethod:GET\turi:/a\tstatus:200\n' 1 2 3 4)
log_lacks logfmt duration= < <(printf 'ts=2026-11-20T15:51:0%dZ method=GET path=/a status=200\n' 1 2 3 4)
log_lacks w3c time-taken < <(
    echo '#Fields: date time cs-method cs-uri-stem sc-status'
    printf '2026-11-20 15:51:0%d GET /a 200\n' 1 2 3 4
)
printf '2026-11-20 15:51:0%d UTC [42] LOG:  duration: 120.5 ms  statement: select 1\n' 1 2 3 >postgresql.log
printf '2026-11-20 15:51:0%d UTC [42] LOG:  checkpoint starting: time\n' 1 2 3 >quiet.log
run doctor pglog:postgresql.log --format json
ok "a server's log with durations" state_is postgresql.log entries ok
run doctor pglog:quiet.log --format json
ok "one without" mends quiet.log entries log_min_duration_statement

# Files, programs, ports: nothing is run, nothing received.
printf '#!/bin/sh\ntouch %s/was-run\n' "$dir" >program
chmod +x program
run doctor 'exec:./program secret=hunter2' 'exec:./nonesuch -p hunter2' 'exec:A=hunter2 b | c' --format json
ok "a program that is there" state_is exec:./program program ok
ok "one that is not" state_is exec:./nonesuch program missing
ok "is none of it run" [ ! -e was-run ]
ok "nor told" [ "$(cat out err | grep -c hunter2)" = 0 ]
run doctor profile:none.pb.gz --format json
ok "a profile that is not there" state_is none.pb.gz readable missing
mkdir bin
printf '#!/bin/sh\ntouch %s/was-run\n' "$dir" | tee bin/lighthouse >bin/chromium
chmod +x bin/*
PATH=$dir/bin:$PATH run doctor lighthouse:https://shop.example/ --format json
ok "pages can be loaded where both programs are" exited 0
ok "and none is" [ ! -e was-run ]
CHROME_PATH=$dir/none PATH=/usr/bin:/bin run doctor lighthouse:https://shop.example/ --format json
ok "where lighthouse is not" mends shop.example lighthouse 'npm install -g lighthouse'
run doctor host: --format json
ok "this machine" state_is host: proc ok
mkdir root
run doctor "host:?root=$dir/root" --format json
ok "a root without /proc" state_is host: proc missing

# Every kind, with what no kind can read: a sentence of each.
mapfile -t kinds < <("$program" manual words | awk '$1 == "kind" {print $2}')
ok "there are kinds" [ "${#kinds[@]}" -gt 30 ]
run doctor "${kinds[@]/%/:$dir/no/such?thing}" --format json
ok "what cannot be read" exited 1
for kind in "${kinds[@]}"; do
    grep -qF "\"$kind:" out || echo "$kind"
done >unsaid
ok "is told of every kind" [ ! -s unsaid ]
run doctor "${kinds[@]/%/:}" --format json
ok "and what is empty" exited 1

# Servers: what each was asked is in asked.
cat >server.py <<'END'
import http.server, sys
ANSWERS = {
    "/metrics": (200, "text/plain", "# TYPE up gauge\nup 1\n"),
    "/page": (200, "text/html", "<html>hello</html>"),
    "/api/v1/query": (200, "application/json",
                      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]}]}}'),
    "/api/services": (200, "application/json", '{"data":["shop"]}'),
    "/api/search": (200, "application/json", '{"traces":[]}'),
    "/secret/metrics": (401, "text/plain", "who are you?"),
}
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.split("?")[0]
        print(self.command, path, file=open("asked", "a"))
        status, kind, text = ANSWERS.get(path, (404, "text/plain", "no"))
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
    do_GET = do_POST = answer
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], file=open("http", "w"), flush=True)
server.serve_forever()
END
python3 server.py &
http=$!
until [ -s http ]; do read -rt 0.1 <> <(:); done
at=127.0.0.1:$(cat http)
run doctor "http://$at/metrics" "prom+http://$at" "jaeger+http://$at" "tempo+http://$at" \
    "http://$at/debug/pprof/profile?seconds=5" --format json
ok "servers that answer" exited 0
for scheme in "http://$at/metrics" prom+ jaeger+ tempo+ pprof; do
    ok "of $scheme" state_is "$scheme" server ok
done
ok "each was asked once" [ "$(sort asked | tr '\n' ' ')" = \
    "GET /api/search GET /api/services GET /metrics POST /api/v1/query " ]
run doctor "prometheus+http://$at/page" "http://$at/secret/metrics" "jaeger+http://$at/page" "otlp://$at" "rum://$at" \
    --format json
ok "a page instead of metrics" state_is prometheus+ server missing
ok "who must say who it is" mends secret server token
ok "what is no Jaeger" state_is jaeger+ server missing
ok "a port that is taken" mends otlp: port 'ss -ltnp'
ok "for beacons, too" mends rum: port 'ss -ltnp'
kill $http
wait $http 2>/dev/null
run doctor "otlp://$at" --format json
ok "a port that is free" state_is otlp: port ok

# Redis: rights and settings.
redis-server --port 0 --unixsocket "$dir/redis.sock" --daemonize yes --pidfile "$dir/redis.pid" --dir "$dir" --save '' \
    >/dev/null
redis() { redis-cli -s "$dir/redis.sock" "$@"; }
until redis ping 2>/dev/null | grep -q PONG; do read -rt 0.1 <> <(:); done
redis acl setuser plain on '>hunter2' +info >/dev/null
redis acl setuser blind on '>hunter2' +ping >/dev/null
redis config set slowlog-log-slower-than 1000000 >/dev/null
run doctor "unix:$dir/redis.sock" --format json
ok "a Redis server" exited 0
ok "whose latency is not kept" mends redis.sock latency-monitor-threshold 'CONFIG SET latency-monitor-threshold 100'
ok "all is seen" state_is redis.sock ACL ok
redis config set latency-monitor-threshold 100 >/dev/null
redis config set slowlog-log-slower-than -1 >/dev/null
run doctor "redis:$dir/redis.sock?user=plain&password=hunter2" --format json
ok "a user with few rights" mends redis.sock ACL 'ACL SETUSER plain +slowlog|get +latency|latest +client|list'
run doctor "unix:$dir/redis.sock" --format json
ok "once latency is kept" state_is redis.sock latency-monitor-threshold ok
ok "and slow commands are not" mends redis.sock slowlog-log-slower-than 'CONFIG SET slowlog-log-slower-than'
run doctor "redis:$dir/redis.sock?user=blind&password=hunter2" --format json
ok "a user who sees nothing" mends redis.sock server +info
ok "no password is told" [ "$(cat out err | grep -c hunter2)" = 0 ]
ok "the server is as it was" [ "$(redis acl list | wc -l) $(redis config get latency-monitor-threshold | tail -n 1)" = '3 100' ]

# Without a source: this machine and what the configuration names.
run doctor --format json </dev/null
ok "what was not asked for is no failure" exited 0
ok "the terminal" state_is here UTF-8 ok
ok "the configuration" state_is here configuration ok
ok "samples of the kernel are judged" [ "$(check perf samples)" != none ]
TERM=nonesuch LC_ALL=C run doctor --format json </dev/null
ok "a terminal that is not known" mends here terminal TERM=
ok "a locale without UTF-8" mends here UTF-8 LC_ALL=
mkdir -p .config/slowdive
printf 'sources:\n  - { source: %s/untimed.log, name: web }\n' "$dir" >.config/slowdive/config.yaml
run doctor --format json </dev/null
ok "what the configuration names was asked for" exited 1
ok "and is looked at" state_is untimed.log durations missing
printf 'colour: blue\n' >.config/slowdive/config.yaml
run doctor --format json </dev/null
ok "a mistake in the configuration" exited 1
ok "is a check" state_is here configuration missing
rm .config/slowdive/config.yaml

printf 'slos: 7\n' >policy.yaml
run doctor --policy policy.yaml --format json </dev/null
ok "a wrong policy" exited 1
ok "is a check" grep -q policy.yaml out
ok "beside the others" state_is here UTF-8 ok
refused "which no other command takes" policy.yaml forecast --policy policy.yaml
printf 'history:\n  url: history:%s/kept/h.db\n' "$dir" >policy.yaml
run doctor --policy policy.yaml --format json </dev/null
ok "a history that can be made" state_is here history ok
ok "is not made" [ ! -e kept ]
printf 'history:\n  url: history:%s/fast.log/h.db\n' "$dir" >policy.yaml
run doctor --policy policy.yaml --format json </dev/null
ok "one that cannot" state_is here history missing

# Servers that accept and say nothing, or nonsense.
python3 -c '
import os, socket, time
def port(name):
    s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(20)
    open(name, "w").write(str(s.getsockname()[1]) + "\n")
    return s
nonsense, silent = port("nonsense"), port("silent")
nonsense.settimeout(60)
while True:
    try:
        c = nonsense.accept()[0]
        c.sendall(b"\xff\0;[2J" + os.urandom(65536))
        c.close()
    except TimeoutError:
        break
    except OSError:
        pass' &
peer=$!
until [ -s silent ]; do read -rt 0.1 <> <(:); done
all_at() { # PORT
    at=127.0.0.1:$1
    run doctor "postgres://u@$at/db" "redis://$at" "rediss://$at" "memcached://$at" "http://$at/metrics" "prom+http://$at" \
        "jaeger+http://$at" "tempo+http://$at" "clickhouse://u@$at/db" fast.log --format json
}
counts() { grep -c '"state":.*"missing"' out; }
all_at "$(cat silent)"
ok "servers that do not answer" exited 1
ok "are given up" grep -q 'did not answer' out
ok "each in a sentence" [ "$(counts)" = 9 ]
ok "and the others are told" state_is fast.log durations ok
all_at "$(cat nonsense)"
ok "servers that say nonsense" exited 1
ok "one sentence each" [ "$(counts)" = 9 ]
ok "and the others are told" state_is fast.log durations ok
ok "nothing of it reaches the terminal" [ "$(tr -d '\n\t' <out | LC_ALL=C tr -d ' -~' | LC_ALL=C grep -c '[[:cntrl:]]')" = 0 ]
kill "$peer"
wait "$peer" 2>/dev/null

# A server without the extension.
if environment=$("$root/contrib/private-postgres" start "$dir/pg" --with $$ 2>why); then
    eval "$environment"
    unset PGHOST PGUSER
    psql -XqAt "$PGURL" -c 'create role plain login' >/dev/null
    run doctor "$PGURL" --format json
    ok "a PostgreSQL server without pg_stat_statements" exited 1
    ok "can be reached" state_is 127.0.0.1 server ok
    ok "lacks it" state_is 127.0.0.1 pg_stat_statements missing
    ok "how it is added" mends 127.0.0.1 pg_stat_statements 'CREATE EXTENSION pg_stat_statements;'
    ok "a superuser sees all" state_is 127.0.0.1 pg_read_all_stats ok
    run doctor "${PGURL/postgres@/plain@}" --format json
    ok "a role without rights" mends 127.0.0.1 pg_read_all_stats 'GRANT pg_monitor TO plain;'
    ok "the server is as it was" [ "$(psql -XqAt "$PGURL" -c 'select count(*) from pg_extension')" = 1 ]
else
    echo "# no PostgreSQL server: $(cat why)"
fi

# A history in an engine: who may record, and who only looks at it.
if environment=$("$root/contrib/private-clickhouse" start "$dir/ch" --with $$ 2>why); then
    eval "$environment"
    export CLICKHOUSE_PASSWORD=secret
    keeps() { # USER
        printf 'history:\n  url: clickhouse://%s@127.0.0.1:%s/slowdive\n' "$1" "$CH_PORT_1" >policy.yaml
        run doctor --policy policy.yaml --format json </dev/null
    }
    curl -s "http://127.0.0.1:$CH_PORT_1/" -d 'CREATE DATABASE slowdive'
    keeps agent
    ok "a history that is not made yet" mends agent@ history --print-schema
    ok "is not made" [ -z "$(curl -s "http://127.0.0.1:$CH_PORT_1/" -d 'SHOW TABLES FROM slowdive')" ]
    "$program" history "clickhouse://keeper@127.0.0.1:$CH_PORT_1/slowdive" --import fast.log >/dev/null 2>&1
    keeps agent
    ok "who may insert" state_is agent@ history ok
    keeps console
    ok "who may only look" state_is console@ history missing
    run doctor "clickhouse://console@127.0.0.1:$CH_PORT_1/slowdive" --format json
    ok "may look" state_is console@ history ok
    CLICKHOUSE_PASSWORD=hunter2 keeps agent
    ok "a wrong password" state_is agent@ engine missing
    ok "is not told" [ "$(cat out err | grep -c hunter2)" = 0 ]
else
    echo "# no ClickHouse server: $(cat why)"
fi
finish
