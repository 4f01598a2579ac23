#!/bin/bash
# Vitals of real users: a receiver of beacons and files of them, the Chrome UX Report, HTTP archives, and what a
# site adds to send them.
. "$(dirname "$0")/tap.bash"
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
check=$root/tests/cli/field_check.py
receiver='' holder=''
# value EXPRESSION: of the JSON in out.
value() { python3 -c 'import json, sys; d = json.load(open("out")); print(('"$1"'))'; }
is() { [ "$(value "$1")" = "$2" ]; }
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# until_open PORT: somebody listens there.
until_open() {
    until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do kill -0 "$receiver" 2>/dev/null || return; done
}

# ---- files ----
python3 "$check" make beacons 3000
run pages beacons --format json
ok "a file of beacons is recognised" exited 0
ok "and each row is what its values say" python3 "$check" check beacons out
run pages rum:- --format json <beacons
ok "from standard input, too" python3 "$check" check beacons out
run pages beacons
ok "for people: by page" says out 'Real users, by page'
ok "and by device" says out 'Real users, by device and more'
ok "with the elements they are about" says out 'Elements they are about'
python3 "$check" days days
run pages days --format json
ok "days are told apart by the beacons' own time" is '[(t["source"], t["by"], t["key"], t["metric"], len(t["points"]), t["points"][-1]["end"]) for t in d["trend"]]' \
    "[('rum', 'all', '', 'lcp', 14, '2026-11-20'), ('rum', 'device', 'desktop', 'lcp', 14, '2026-11-20'), ('rum', 'device', 'mobile', 'lcp', 14, '2026-11-20')]"
ok "with the p75 of each" is '[t["points"][k]["p75_ns"] for t in d["trend"][2:] for k in (8, 9)]' '[2225000000, 3725000000]'
run overview days
ok "the overview tells what got worse, when, and on which element" says out 'LCP got worse on 2026-11-16: p75 3.73 s, before that 2.23 s; mostly #hero'
{ head -5 beacons; printf 'no beacon\n{"name":"FID","value":1,"id":"a"}\n[{"name":"LCP","value":-1,"id":"b"},{}]\n'; head -c 70000 /dev/zero | tr '\0' x; echo; } >mixed
run pages mixed --format json
ok "bad lines are counted" is 'd["receiver"]' "{'accepted': 5, 'duplicates': 0, 'rejected': 3, 'ignored': 1, 'too_large': 1}"
{ printf 'no beacon\n{"name":"FID","value":1,"id":"a"}\n'; head -5 beacons; } >late
run pages late --format json
ok "in the first lines, too" is 'd["receiver"]' "{'accepted': 5, 'duplicates': 0, 'rejected': 1, 'ignored': 1, 'too_large': 0}"
printf '{"name":"LCP","value":-1,"id":"b"}\n' >none
refused "a file without a sound beacon" "holds no beacon" pages rum:none --format json
run record -o recording beacons
run pages recording --format json
ok "a recording gives the same" python3 "$check" check beacons out

# ---- the receiver ----
# receive PORT: records what comes; received BEACONS: until so many are in the recording, which is then read.
receive() {
    rm -f recording
    "$program" record -o recording --for 600s "rum://127.0.0.1:$1" >/dev/null 2>&1 &
    receiver=$!
    trap 'kill $receiver $holder 2>/dev/null; rm -rf "$dir"' EXIT
    until_open "$1"
}
counted() { run pages recording --format json && is 'd["receiver"]["accepted"] + d["receiver"]["duplicates"]' "$1" 2>/dev/null; }
received() {
    until counted "$1"; do kill -0 $receiver || return; done
    kill -INT $receiver
    wait $receiver
    run pages recording --format json
}
run pages "rum://127.0.0.1:$(port)" --for 1s --format json
ok "a receiver ends after --for" exited 0
ok "and says that nothing came" is 'd["receiver"]["accepted"], d["field"]' '(0, [])'
at=$(port)
receive "$at"
ok "beacons are sent one by one, in arrays and in pieces" python3 "$check" send "$at" beacons
received 3000
ok "each is counted once" python3 "$check" check beacons out
for address in rum://0.0.0.0:8125 rum://192.0.2.1:8125 rum://example.org:8125; do
    refused "only a loopback address: $address" "loopback" pages "$address" --for 1s --format json
done
for address in rum://127.0.0.1 rum://127.0.0.1:0 rum://127.0.0.1:70000 rum://127.0.0.1:http; do
    refused "a port: $address" "no port from 1 to 65535" pages "$address" --for 1s --format json
done
python3 -c 'import signal, socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True); signal.pause()' >used &
holder=$!
trap 'kill $holder 2>/dev/null; rm -rf "$dir"' EXIT
until [ -s used ]; do kill -0 $holder || exit 1; done
refused "a port in use" "another program uses the port" pages "rum://127.0.0.1:$(cat used)" --for 60s --format json
kill $holder

# ---- the Chrome UX Report ----
cat >record.json <<'END'
{"record": {"key": {"url": "https://shop.example/cart", "formFactor": "PHONE"}, "metrics": {
  "largest_contentful_paint": {"histogram": [{"start": 0, "end": 2500, "density": 0.5}, {"start": 2500, "end": 4000, "density": 0.3},
    {"start": 4000, "density": 0.2}], "percentiles": {"p75": 3120}},
  "cumulative_layout_shift": {"histogram": [{"start": "0.00", "end": "0.10", "density": 0.9}, {"density": 0.1}, {"density": 0}],
    "percentiles": {"p75": "0.05"}}},
  "collectionPeriod": {"firstDate": {"year": 2026, "month": 1, "day": 1}, "lastDate": {"year": 2026, "month": 1, "day": 28}}}}
END
run pages record.json --format json
ok "a record" is '[(r["source"], r["by"], r["key"], r["form_factor"], r["metric"], r["count"], r["p75_ns"], r["p75"], r["p75_low_ns"], r["poor_share"]) for r in d["field"]]' \
    "[('crux', 'page', 'https://shop.example/cart', 'phone', 'lcp', None, 3120000000, None, None, 0.2), ('crux', 'page', 'https://shop.example/cart', 'phone', 'cls', None, None, 0.05, None, 0)]"
cat >history.json <<'END'
{"record": {"key": {"origin": "https://shop.example"}, "metrics": {
  "interaction_to_next_paint": {"histogramTimeseries": [], "percentilesTimeseries": {"p75s": [150, null, 240]}},
  "cumulative_layout_shift": {"percentilesTimeseries": {"p75s": ["0.05", "0.1", null]}}},
  "collectionPeriods": [{"lastDate": {"year": 2026, "month": 1, "day": 3}}, {"lastDate": {"year": 2026, "month": 1, "day": 10}},
    {"lastDate": {"year": 2026, "month": 1, "day": 17}}]}}
END
run pages history.json --format json
ok "a history" is '[(r["source"], r["by"], r["key"], r["metric"]) for r in d["trend"]]' "[('crux', 'origin', 'https://shop.example', 'inp'), ('crux', 'origin', 'https://shop.example', 'cls')]"
ok "with its gaps" is '[(p["end"], p["p75_ns"]) for p in d["trend"][0]["points"]]' "[('2026-01-03', 150000000), ('2026-01-10', None), ('2026-01-17', 240000000)]"
ok "CLS is a plain number" is '[p["p75"] for p in d["trend"][1]["points"]]' '[0.05, 0.1, None]'
run pages history.json
ok "for people, what changed" says out '+60 %'
echo '{"error": {"code": 404, "message": "chrome ux report data not found", "status": "NOT_FOUND"}}' >nothing.json
refused "an answer without data" "data not found" pages nothing.json --format json

# ---- HTTP archives ----
cat >load.har <<'END'
{"log": {"version": "1.2", "creator": {"name": "by hand"}, "pages": [{"id": "p", "title": "Cart", "startedDateTime": "2026-01-01T00:00:00.000Z",
  "pageTimings": {"onContentLoad": 190.476, "onLoad": -1}}], "entries": [
  {"pageref": "p", "startedDateTime": "2026-01-01T00:00:00.000Z", "time": 10, "request": {"url": "https://Shop.Example:443/cart"},
   "response": {"headersSize": 100, "bodySize": 900, "content": {"mimeType": "text/html"}}},
  {"pageref": "p", "startedDateTime": "2026-01-01T00:00:00.100Z", "time": 20.5, "request": {"url": "https://cdn.example/a.js"},
   "response": {"headersSize": -1, "bodySize": 5000, "content": {"mimeType": "text/javascript"}}},
  {"pageref": "p", "startedDateTime": "2026-01-01T00:00:00.200Z", "time": 1, "request": {"url": "https://shop.example/a.css"},
   "response": {"headersSize": -1, "bodySize": 500, "content": {"mimeType": "text/css"}}}]}}
END
run pages load.har --format json
ok "a load" is 'd["loads"]' "[{'page': 'Cart', 'source': 'load.har', 'content_loaded_ns': 190476000, 'load_ns': None, 'requests': 3, 'transfer_bytes': 6500, 'third_parties': [{'origin': 'https://cdn.example', 'requests': 1, 'transfer_bytes': 5000, 'time_ns': 20500000}]}]"
run pages load.har
ok "for people, with its third parties" says out 'https://cdn.example'
head -c 500 load.har >cut.har
refused "one that is cut off" "cut off" pages har:cut.har --format json

# ---- what a site adds ----
run rum-snippet rum://127.0.0.1:8125
ok "the snippet sends to the receiver" says out "'http://127.0.0.1:8125'"
refused "but to no text that is none of an address" "takes the address" rum-snippet "x';alert(1)//"
if command -v node >/dev/null; then
    at=$(port)
    run rum-snippet "http://127.0.0.1:$at/"
    mkdir -p site/node_modules/web-vitals
    mv out site/vitals.mjs
    # The library's interface: each function is given a callback, which may be called again with a later value.
    echo '{"name": "web-vitals", "exports": {"./attribution": "./a.mjs"}}' >site/node_modules/web-vitals/package.json
    cat >site/node_modules/web-vitals/a.mjs <<'END'
const on = (name, ...values) => (report) => values.forEach((value) => report({ name, value, id: `v5-${name}`,
  navigationType: 'navigate', attribution: { target: `#${name}` } }));
export const onCLS = on('CLS', 0.1, 0.3), onFCP = on('FCP', 900), onINP = on('INP', 40, 700), onLCP = on('LCP', 2600), onTTFB = on('TTFB', 80);
END
    cat >site/main.mjs <<'END'
const listeners = {};
Object.defineProperty(globalThis, 'navigator', { value: { sendBeacon: () => false, connection: { effectiveType: '4g' } } });
Object.assign(globalThis, { location: { pathname: '/orders/17' }, matchMedia: () => ({ matches: true }),
  document: { visibilityState: 'hidden', documentElement: { dataset: {} } },
  addEventListener: (type, f) => { listeners[type] = f; } });
await import('./vitals.mjs');
listeners.visibilitychange();
listeners.pagehide();
END
    receive "$at"
    ok "a browser's part of it runs" node site/main.mjs
    received 5
    ok "and its beacons are taken" is 'd["receiver"]["accepted"], d["receiver"]["rejected"]' '(5, 0)'
    ok "with what they are of" is 'sorted((r["key"], r["metric"], r["p75"]) for r in d["field"] if r["by"] == "page" and r["metric"] == "cls")' "[('/orders/:id', 'cls', 0.3)]"
    ok "the device and the connection" is 'sorted({(r["by"], r["key"]) for r in d["field"] if r["by"] in ("device", "connection")})' "[('connection', '4g'), ('device', 'mobile')]"
    ok "and the elements" is 'len(d["attribution"])' 5
else
    echo "# no node: the snippet is not run"
fi
finish
