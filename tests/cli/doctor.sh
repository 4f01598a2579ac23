#!/bin/bash
# slowdive doctor: what sources need, what is missing, and the line that mends it.
# shellcheck source=tests/cli/tap.bash
. "${0%/*}/tap.bash"
trap '[ -d "$dir/pg" ] && "$root/contrib/private-postgres" stop "$dir/pg"; rm -rf "$dir"' EXIT
chmod 755 "$dir"

# check OF-PART CHECK -> state|mend of the first row that fits, of the JSON in out
check() {
    python3 -c '
import json, sys
for c in json.load(open("out"))["checks"]:
    if sys.argv[1] in c["of"] and c["check"] == sys.argv[2]:
        print(c["state"], c["mend"] or "-")
        break
else:
    print("none")' "$1" "$2"
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

# A server that accepts and says nothing.
python3 -c '
import socket, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(4)
open("port", "w").write(str(s.getsockname()[1]) + "\n")
time.sleep(60)' &
silent=$!
until [ -s port ]; do read -rt 0.1 <> <(:); done
run doctor "postgres://u@127.0.0.1:$(cat port)/db" fast.log --format json
ok "a server that does not answer" exited 1
ok "is given up" grep -q 'did not answer' out
ok "and the others are told" state_is fast.log durations ok
kill "$silent"

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
finish
