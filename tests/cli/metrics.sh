#!/bin/bash
# Metrics of Prometheus and OpenMetrics by URL and in files: series, caches known by name, and what is told instead of
# a wrong figure.
. "$(dirname "$0")/tap.bash"
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null ||
    echo "# no openssl"
[ -s cert ] && tls=(cert key) || tls=()
python3 "$root/tests/cli/metrics_server.py" "$dir" "${tls[@]}" &
server=$!
trap 'kill $server; rm -rf "$dir"' EXIT
until [ -f port ]; do kill -0 $server || exit 1; done
at=127.0.0.1:$(cat port)
asked() { grep -qF -- "$1" asked; }
# A figure of the row whose name begins so: row NAME KEY
row() { python3 -c 'import json, sys
rows = json.load(open("out"))["rows"]
print([r[sys.argv[2]] for r in rows if r["name"].startswith(sys.argv[1])][0])' "$1" "$2"; }
is() { [ "$(row "$1" "$2")" = "$3" ] || { echo "# $1 $2: $(row "$1" "$2"), not $3"; false; }; }

run metrics "http://$at/metrics" --format json
ok "a URL is read once" is redis_keyspace_hits_total value 100
ok "of one reading there is no rate" is redis_keyspace_hits_total per_s None
ok "a size has its unit" is redis_memory_used_bytes unit bytes
ok "labels are pairs" is redis_db_keys labels db=db0
run caches "http://$at/metrics" --format json
ok "an exporter's cache is known by its metrics" is "redis $at" hits 200
ok "its misses" is "redis $at" misses 20
ok "its keys, of all databases" is "redis $at" entries 42
ok "its policy" is "redis $at" policy allkeys-lru
ok "it counts since the server's start, not the exporter's" is "redis $at" since 2020-09-13T12:26:40.000Z
run caches "http://$at/elsewhere" --format json
ok "a bare URL is recognised by its answer" is "redis $at" hits 200
run caches "http://$at" --format json
ok "and by the page of an exporter" is "redis $at" hits 300
run caches "prometheus+http://$at" --format json
ok "of a host alone /metrics is read" is "redis $at" hits 400
run caches "http://$at/packed/metrics" --format json
ok "an answer may be packed" is "redis $at" hits 70
run caches "http://$at/file/metrics" --format json
ok "also as a file" is "redis $at" hits 60
run caches "http://$at/moved/metrics" --format json
ok "a redirect is followed" exited 0
run metrics "http://$at/many/metrics?series=1000" --format json
ok "series beyond the limit are told" says out '29.0 k samples are of series beyond the limit and left out'
run caches "http://$at/many/metrics?series=1000" --format json
ok "caches are known even so" is "redis $at" hits 80
run metrics "http://$at/cut/metrics" --format json
ok "OpenMetrics without its end is cut" says out '"lines_unparsed":	1'

run metrics "http://$at/closed/metrics"
ok "the reason of a refusal, without what may be secret" is_refusal "$at answers with status 401: token=***"
run metrics "http://$at/closed/metrics?token=geheim123"
ok "a token is sent" exited 0
ok "and not printed" eval '! grep -q geheim out err'
run metrics "http://ops:geheim123@$at/metrics"
ok "a name and a password are sent" asked "/metrics Basic b3BzOmdlaGVpbTEyMw=="
if [ -f tls_port ]; then
    secure=localhost:$(cat tls_port)
    run metrics "https://$secure/metrics"
    ok "a certificate of nobody's" is_refusal "certificate"
    run caches "https://$secure/metrics?ca=$dir/cert" --format json
    ok "the one that is trusted" is "redis $secure" policy allkeys-lru
    run caches "https://$secure/closed/metrics?insecure=yes&token=geheim123"
    ok "any, when that is said, with a token" exited 0
    run metrics "https://$at/metrics"
    ok "no TLS there" is_refusal "https://$at"
fi
run metrics "http://$at/busy/metrics"
ok "a server that fails" is_refusal "$at answers with status 500: collected metric was collected before"
run metrics "http://$at/page/metrics"
ok "a page" is_refusal "the answer of $at is a page, not metrics of Prometheus or OpenMetrics"
run metrics "http://$at/flaky/metrics?every=100ms" --for 4s
ok "a page and a refusal after metrics are an outage that ends" test "$(grep -c '^/flaky' asked)" -ge 6
run metrics "http://$at/away/metrics"
ok "a redirect to a file is not followed" is_refusal 'Protocol "file"'
run metrics "http://$at/never/metrics?timeout=100ms"
ok "one that never answers" is_refusal "cannot ask http://$at/never/metrics"
run metrics "http://$at/bomb/metrics?timeout=60s"
ok "an answer that is too large when it is unpacked" is_refusal "has more than 1024 MiB"
run metrics http://127.0.0.1:1/metrics
ok "nobody is there" is_refusal "cannot ask http://127.0.0.1:1/metrics"

run metrics "http://$at/going/metrics" "http://$at/restarts/metrics" --for 2s --format json
ok "a series that is gone has no value" is goes value None
ok "one that stays has" is stays value 1
ok "a counter that falls began again: no negative rate" eval 'python3 -c "
import json
r = [r for r in json.load(open(\"out\"))[\"rows\"] if r[\"name\"] == \"a_total\"][0]
assert 0 < r[\"per_s\"] < 20, r"'

# ---- files ----
printf '# TYPE a counter\na{b="x,y"} 5\n# TYPE redis_keyspace_hits_total counter\nredis_keyspace_hits_total 9\nredis_keyspace_misses_total 1\n' >shop.prom
run caches shop.prom --format json
ok "a file is recognised by its content" is "redis shop.prom" hits 9
gzip -k shop.prom
run metrics shop.prom.gz --format json
ok "also packed; a comma in a value is escaped" is a labels 'b=x\,y'
run metrics - --format json <shop.prom
ok "and standard input" is redis_keyspace_misses_total value 1
head -c 60 shop.prom.gz >cut.prom.gz
run metrics prometheus:cut.prom.gz
ok "a cut file" says err "was not read to its end: its gzip data is cut"
printf 'a 1\na 2\nb 1\nc{d="e} 1\nb_total 12' >odd.prom
run metrics prometheus:odd.prom --format json
ok "two values of one series are none" is a value None
ok "what is broken is counted" says out '"lines_unparsed":	2'
ok "and why" says out 'is there twice with different values'
printf 'a_total 12' >cut.prom
run metrics prometheus:cut.prom
ok "a figure that may be cut is none" is_refusal 'no metric of Prometheus or OpenMetrics is in cut.prom; of the first line without one: the text ends in the middle of it'
printf '# TYPE a counter\na_total 1 1600000000\na_total 61 1600000060\n# EOF\n' >times.om
run metrics times.om --format json
ok "points with times are kept each" is a_total per_s 1
finish
