#!/bin/bash
# A recorder whose server (ClickHouse) is killed and comes back: what was taken in between is sent later, once.
# shellcheck source=tests/cli/tap.bash
. "${0%/*}/tap.bash"
. "$root/tests/cli/spool.bash"

if ! command -v clickhouse-server >/dev/null; then
    ok "a server that goes away # SKIP there is no clickhouse-server" true
    finish
    exit
fi
servers=$root/contrib/private-clickhouse
trap '"$servers" stop "$dir/ch"; leave' EXIT
eval "$("$servers" start "$dir/ch" --with $$)"
url=clickhouse://default@127.0.0.1:$CH_PORT_1/default

: >live.log
append() { # COUNT [WHEN]: lines of now, or of then
    for _ in $(seq "$1"); do
        printf '203.0.113.9 - - [%s +0000] "GET /x HTTP/1.1" 200 1 "-" "ua" rt=0.005\n' \
            "$(date -u --date "${2:-now}" +%d/%b/%Y:%H:%M:%S)"
    done >>live.log
}
record() { # [until]: until all of the log was read, and that is true
    "$program" record -o "$url" live.log >out 2>err &
    recorder=$!
    must_await read_to_end
    [ $# -eq 0 ] || must_await "$1"
    stop INT $recorder
}
requests() { # COUNT: all that the history tells of, each once
    python3 - "$1" <<'END'
import json, sys
assert sum(r["count"] for r in json.load(open("out"))["rows"]) == int(sys.argv[1]), open("out").read()
END
}
append 2 '30 seconds ago'
append 28
record
ok "a recorder writes into ClickHouse" exited 0
run endpoints "$url" --format json
ok "also what the log had when it began" requests 30
"$servers" kill "$dir/ch" 1
append 20
record
ok "while the server is away it records all the same" exited 0
ok "and what waits is kept" some_wait
append 10
record
"$servers" start "$dir/ch" --with $$ >/dev/null
append 5
record all_sent
ok "when the server is back it goes on" exited 0
run endpoints "$url" --format json
ok "every request is there, once" requests 65
run history "$url" --format json
ok "and nothing is lost" python3 -c 'import json; assert json.load(open("out"))["lost"] == 0'

finish
