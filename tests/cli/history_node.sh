#!/bin/bash
# A cluster of two nodes (ClickHouse) of which one is killed while recorders write and views read: the rest is
# shown and what is missing is said; when the node is back everything is there, once.
# shellcheck source=tests/cli/tap.bash
. "${0%/*}/tap.bash"
. "$root/tests/cli/spool.bash"

if ! command -v clickhouse-server >/dev/null || ! command -v curl >/dev/null; then
    ok "a cluster that loses a node # SKIP there is no clickhouse-server or curl" true
    finish
    exit
fi
servers=$root/contrib/private-clickhouse
trap '"$servers" stop "$dir/ch"; leave' EXIT
eval "$("$servers" start "$dir/ch" --shards 2 --with $$)"
url=clickhouse://default@127.0.0.1:$CH_PORT_1/slowdive
other=clickhouse://default@127.0.0.1:$CH_PORT_2/slowdive
console=clickhouse://console@127.0.0.1:$CH_PORT_1/slowdive
printf 'history: {cluster: fleet}\n' >policy.yaml

sql() { curl -sS "http://127.0.0.1:$1/?insert_distributed_sync=1" --data-binary @-; } # PORT
make_tables() { # PORT: all statements, but the last INSERT on the first node only
    echo 'CREATE DATABASE slowdive' | sql "$1"
    "$program" history "clickhouse://default@127.0.0.1:$1/slowdive" --policy policy.yaml --print-schema |
        python3 -c 'import sys
for i, one in enumerate(s for s in sys.stdin.read().split(";\n") if s.strip()):
    print(one.replace("\n", " "))' | while read -r statement; do
        case $1$statement in "$CH_PORT_1"INSERT*) ;; *) printf '%s' "$statement" | sql "$1" ;; esac
    done
}
make_tables "$CH_PORT_1"
make_tables "$CH_PORT_2"
notes() { [ "$(echo 'SELECT count() FROM slowdive.history_notes_local' | sql "$1")" = 5 ]; }
ok "each node knows how the history is made" notes "$CH_PORT_1"
ok "the other one as well" notes "$CH_PORT_2"

total=0
record() { # LINES [UNTIL]: a run of its own, which one of the nodes gets
    for _ in $(seq "$1"); do
        printf '203.0.113.9 - - [%s +0000] "GET /x HTTP/1.1" 200 1 "-" "ua" rt=0.005\n' \
            "$(date -u +%d/%b/%Y:%H:%M:%S)"
    done >>live.log
    total=$((total + $1))
    "$program" record -o "$url" --host web1 live.log >out 2>err &
    recorder=$!
    must_await read_to_end
    [ $# -eq 1 ] || must_await "$2"
    stop INT $recorder
}
rows_of() { echo 'SELECT sum(adds[1]) FROM slowdive.history_10s_local WHERE how = 1 AND kind = 2' | sql "$1"; }
has_rows() { [ "$(rows_of "$1")" -gt 0 ] 2>/dev/null; }
requests() { python3 -c 'import json; print(sum(r["count"] for r in json.load(open("out"))["rows"]))'; }
counts() { [ "$(requests)" = "$1" ]; }

import() { # HOST: seven requests of its own
    for _ in 1 2 3 4 5 6 7; do
        printf '203.0.113.9 - - [%s +0000] "GET /x HTTP/1.1" 200 1 "-" "ua" rt=0.005\n' \
            "$(date -u +%d/%b/%Y:%H:%M:%S)"
    done >"$1.log"
    total=$((total + 7))
    run history "$url" --import "$1.log" --host "$1"
}
for host in $(seq 30); do # until both have some: which one is by chance
    import "$host"
    has_rows "$CH_PORT_1" && has_rows "$CH_PORT_2" && break
done
ok "both nodes have rows" has_rows "$CH_PORT_2"
run endpoints "$url" --format json
ok "a view adds up both" counts $total
ok "nothing is missing" exited 0
run history "$url" --format json
both=$(python3 -c 'import json; print(json.load(open("out"))["size_bytes"])')
ok "the size is that of all nodes" \
    [ "$both" = "$(echo "SELECT sum(bytes_on_disk) FROM cluster('fleet', system, parts) WHERE active AND database = 'slowdive' AND table LIKE 'history%'" | sql "$CH_PORT_1")" ]

# ---- one is lost ----

here=$(rows_of "$CH_PORT_1")
there=$(rows_of "$CH_PORT_2")
missing='1 of 2 nodes of the cluster cannot be reached: what they keep is missing'
"$servers" kill "$dir/ch" 2
run endpoints "$url" --format json
ok "what is left is shown" counts "$here"
ok "as a failure" exited 1
ok "with a sentence" says err "$missing"
ok "that stands in the document, too" \
    python3 -c 'import json; d = json.load(open("out")); assert d["unread"][0].endswith("is missing"), d'
export CLICKHOUSE_PASSWORD=secret
run endpoints "$console" --format json
unset CLICKHOUSE_PASSWORD
ok "one who may only read sees as much" counts "$here"
ok "and hears the same" says err "$missing"
run history "$url" --format json
ok "so does its state" python3 -c 'import json; assert json.load(open("out"))["missing"] == "1 of 2 nodes"'
ok "which is a failure as well" exited 1
refused "nothing is imported from a part" "$missing" history history:part.db --import "$url"
for _ in $(seq 30); do # until a run is of the node that is lost
    record 3
    some_wait && break
done
ok "a recorder whose node is lost goes on" exited 0
ok "and keeps what waits" some_wait

# ---- and is back ----

"$servers" start "$dir/ch" --with $$ >/dev/null
record 5 all_sent
run endpoints "$url" --format json
ok "when it is back every request is there, once" counts $total
ok "and nothing is missing" exited 0
"$servers" kill "$dir/ch" 1
run endpoints "$other" --format json
ok "the other one can be lost as well" says err "$missing"
ok "and what is left tells what was there" [ "$(requests)" -ge "$there" ]

finish
