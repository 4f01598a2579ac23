#!/bin/bash
# Traces of Jaeger's query service and of Tempo: what is asked, what becomes of it, and one sentence when it fails. There is
# neither in Debian 12; trace_server.py speaks their APIs as documented.
. "$(dirname "$0")/tap.bash"
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null ||
    echo "# no openssl"
[ -s cert ] && tls=(cert key) || tls=()
python3 "$root/tests/cli/trace_server.py" "$dir" "${tls[@]}" &
server=$!
trap 'kill $server; rm -rf "$dir"' EXIT
until [ -f port ]; do kill -0 $server || exit 1; done
at=127.0.0.1:$(cat port)
asked() { grep -qE -- "$1" asked; }
# A figure of the first row: first KEY
first() { python3 -c 'import json, sys
print(json.load(open("out"))["rows"][0][sys.argv[1]])' "$1"; }
is() { [ "$(first "$1")" = "$2" ] || { echo "# $1: $(first "$1"), not $2"; false; }; }

run endpoints "jaeger+http://$at/jaeger" --format json
ok "the requests of all services, each trace once" is count 4
ok "by their route" is route /orders/:id
ok "services are asked for" asked '^/jaeger/api/services - -$'
ok "then traces of each" asked '^/jaeger/api/traces\?service=mail&start=[0-9]{16}&end=[0-9]{16}&limit=[0-9]+ '
run queries "jaeger:http://$at/jaeger/" --format json
ok "its calls of the database" is calls 4
ok "without constants" eval '! grep -q geheim out'
ok "the database, without its schema" is database shop
run endpoints "jaeger+http://$at/jaeger?limit=2" --format json
ok "no more traces than the limit" is count 2
ok "which is said" says out "had more traces than the 2 that are asked for at a time"
run endpoints "jaeger+http://$at/jaeger?service=mail" --format json
ok "of one service" is count 2
run endpoints "jaeger+http://$at/jaeger?trace=7" --format json
ok "one trace" is count 1
run endpoints "jaeger+http://$at/live?every=100ms" --for 2s --format json
live=$(grep -c '^/live/api/traces' asked)
ok "watched for a while, it is asked again" [ "$live" -gt 2 ]
ok "and no trace counts twice" eval '[ "$(first count)" -le $live ] && [ "$(first count)" -ge 1 ]'

run endpoints "tempo+http://$at/tempo" --format json
ok "Tempo is searched" is count 3
ok "by TraceQL" asked '^/tempo/api/search\?q=%7B%20%7D&start=[0-9]{10}&end=[0-9]{10}&limit=200 '
ok "then each trace is fetched" asked '^/tempo/api/traces/3 '
run endpoints "tempo+http://$at/tempo?service=shop&org=team" --format json
ok "of one service" asked 'q=%7B%20resource.service.name%20%3D%20%22shop%22%20%7D.* - team$'
run endpoints "tempo+http://$at/v2" --format json
ok "by the newer path where the older is gone" is count 1

run endpoints "jaeger+http://$at/closed"
ok "the reason of a refusal, without what may be secret" is_refusal "$at answers /api/services with status 401: token=***"
run endpoints "jaeger+http://$at/closed?token=geheim123"
ok "a token is sent" exited 0
ok "and not printed" eval '! grep -q geheim out err'
run endpoints "jaeger+http://$at/closed?user=ops&password=geheim123"
ok "a name and a password" exited 0
if [ -f tls_port ]; then
    secure=localhost:$(cat tls_port)
    run endpoints "jaeger+https://$secure/jaeger"
    ok "a certificate of nobody's" is_refusal "certificate"
    run endpoints "jaeger+https://$secure/jaeger?ca=$dir/cert" --format json
    ok "the one that is trusted" is count 4
    run endpoints "tempo+https://$secure/tempo?insecure=yes" --format json
    ok "any, when that is said" is count 3
fi
run endpoints "jaeger+http://$at/nobody"
ok "a path that is not there" is_refusal "$at answers /api/services with status 404: 404 page not found"
run endpoints "jaeger+http://$at/broken"
ok "what Jaeger says of a failure" is_refusal "with status 500: storage is away"
run endpoints "jaeger+http://$at/garbage"
ok "garbage" is_refusal "is not of Jaeger's query service, which is usually at http://HOST:16686"
run endpoints "tempo+http://$at/page"
ok "a page" is_refusal "is not of Tempo, which is usually at http://HOST:3200"
run endpoints "jaeger+http://$at/other"
ok "JSON of something else" is_refusal "is not of Jaeger: it has no spans"
run endpoints "jaeger+http://$at/hang?timeout=100ms"
ok "one that never answers" is_refusal "cannot ask http://$at/hang/api/services"
run endpoints "tempo+http://$at/slow?timeout=200ms"
ok "one that drips" is_refusal "cannot ask http://$at/slow/api/search"
run endpoints "jaeger+http://$at/gone"
ok "one that ends amid its answer" is_refusal "cannot ask http://$at/gone/api/services"
run endpoints "jaeger+http://127.0.0.1:1"
ok "nobody there" is_refusal "cannot ask http://127.0.0.1:1/api/services"
run endpoints "jaeger:nonsense"
ok "no URL" is_refusal "it needs the URL of the server, as in jaeger+http://HOST:16686"
run endpoints "tempo+http://$at/tempo?trace=zz%20/../x"
ok "an id is escaped" eval '! asked "\.\./x "'
finish
