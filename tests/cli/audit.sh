#!/bin/bash
# Cache policies by URL, against a server on loopback: what is asked, what is said, and what is refused.
. "$(dirname "$0")/tap.bash"
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
here=$root/tests/cli

openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 -subj /CN=localhost 2>/dev/null || echo "# no openssl"
[ -s cert ] && tls=(cert key) || tls=()
python3 "$here/audit_server.py" "$dir" "${tls[@]}" &
server=$!
trap 'kill $server; rm -rf "$dir"' EXIT
until [ -f port ]; do kill -0 $server || exit 1; done
at=127.0.0.1:$(cat port)
fast='?requests_per_s=1000'
asked() { [ "$(grep -c -- "$1" asked)" = "$2" ]; }
# value EXPRESSION: of the JSON in out, where r is its first row.
value() { python3 -c 'import json, sys; d = json.load(open("out")); r = d["rows"][0]; print(('"$1"'))'; }
is() { [ "$(value "$1")" = "$2" ]; }

# ---- every case of the table ----
run audit "audit:urls$fast" --format json --limit 0
ok "a list of URLs is audited" exited 0
python3 "$here/audit_check.py" <out >checked
sed 's/^/# /' checked
ok "and each has its findings, and no other" says checked ', 0 wrong'
ok "each is asked at most twice when nothing redirects" eval '[ "$(cut -d" " -f2 asked | sort | uniq -c | sort -rn | awk "NR == 1 { print \$1 }")" = 2 ]'
ok "with a User-Agent of its own" eval '! grep -v "ua=slowdive/[0-9.]* (audit)" asked'
ok "accepting gzip and brotli" eval '! grep -v "ae=gzip, deflate, br" asked'

# ---- one URL ----
run audit "http://$at/final" --format json
ok "one URL" is 'r["url"], r["status"], r["redirects"], r["http_version"], r["revalidation_status"]' "('http://$at/final', 200, 0, '1.1', 200)"
ok "an object of times" is 'sorted(r["timing"])' "['dns_ns', 'first_byte_ns', 'tcp_ns', 'tls_ns', 'transfer_ns']"
run audit "http://$at/final"
ok "for people" says out 'validator_ignored'
ok "with the header to send instead" says out 'answer 304'
run audit "http://$at/final?urls_max=1&answer_within=1s" --format json
ok "no part of a URL is an option" asked 'GET /final?urls_max=1&answer_within=1s ' 2
run audit "http://$at/final?token=geheim123" --format json
ok "no secret of a URL is printed" eval '! grep -q geheim out err'
run audit "http://ops:geheim123@$at/final" --format json
ok "nor its password" eval '! grep -q geheim out err'
for format in text md csv; do
    run audit "http://$at/final" --format $format
    ok "as $format" says out 'answer 304 Not Modified'
done

# ---- redirects ----
: >asked
run audit "http://$at/hop/3" --format json
ok "redirects are followed and counted" is 'r["redirects"], r["status"], r["size_bytes"]' '(3, 200, 5)'
ok "two or more are a chain" is '[f["kind"] for f in r["findings"]]' "['validator_ignored', 'redirect_chain']"
ok "in five requests at most" asked GET 5
ok "no cookie is kept" asked 'cookie=-' 5
run audit "http://$at/hop/1" --format json
ok "one is no chain" is '[f["kind"] for f in r["findings"]], r["redirects"]' "(['validator_ignored'], 1)"
: >asked
run audit "http://$at/loop" --format json
ok "a loop ends" is 'r["status"], r["redirects"], "redirect_chain" in [f["kind"] for f in r["findings"]]' '(302, 5, True)'
ok "after five requests" asked GET 5
run audit "http://$at/away" --format json
ok "a host that was not named is not asked" is 'r["status"], r["redirects"], "http://127.9.9.9:1/x, a host that was not named" in r["notes"][0]' '(302, 1, True)'
run audit "http://$at/file" --format json
ok "nor a file" is 'r["status"], "no URL of http or https" in r["notes"][0]' '(302, True)'

# ---- lists and sitemaps ----
: >asked
run audit "http://$at/sitemap.xml" --format json
ok "a sitemap, through an index and gzip" is 'sorted(x["url"][-6:] for x in d["rows"])' "['=1&b=2', 'inal?c']"
ok "images in it are no URLs" asked 'GET /no' 0
ok "other hosts in it are not asked, which is told" is '"of hosts that were not named" in d["notes"][0]' True
printf '# the shop\n\nhttp://%s/final\n  http://%s/hints  \r\n' "$at" "$at" >list
timeout 30 "$program" audit - --format json <list >out 2>err
status=$?
ok "a list from standard input" is 'len(d["rows"])' 2
printf '<urlset><url><loc>http://%s/final</loc></url></urlset>' "$at" >map.xml
run audit map.xml "http://$at/hints" --format json
ok "a sitemap in a file, and a URL" is 'len(d["rows"])' 2
run audit "audit:urls?requests_per_s=1000&urls_max=3" --format json
ok "at most so many" is 'len(d["rows"]), "more URLs were not asked" in d["notes"][0]' '(3, True)'

# ---- servers that are not what they should be ----
run audit "http://$at/old" --format json
ok "HTTP/1.0" is 'r["http_version"], r["fresh_private_s"]' "('1.0', 3600)"
refused "HTTP/0.9" "Received HTTP/0.9 when not allowed" audit "http://$at/older"
run audit "http://$at/hints" --format json
ok "early hints are not the answer" is 'r["status"], r["fresh_private_s"]' '(200, 60)'
run audit "http://$at/chunks" --format json
ok "chunks and trailers" is 'r["size_bytes"], r["fresh_private_s"], r["storable_private"]' '(11, 60, True)'
run audit "http://$at/garbage" --format json
ok "broken chunks" is 'r["size_bytes"], r["fresh_private_s"], r["notes"][0]' "(None, 60, 'Its body broke off.')"
run audit "http://$at/cut" --format json
ok "a body that is cut" is 'r["size_bytes"], r["timing"]["transfer_ns"], r["notes"][0]' "(100, None, 'Its body broke off.')"
run audit "http://$at/huge" --format json
ok "a gigabyte is not fetched" is 'r["size_bytes"], r["gzip_bytes"], "longer than 8 MiB" in r["notes"][0]' '(1073741824, None, True)'
run audit "http://$at/endless" --format json
ok "nor what never ends" is 'r["size_bytes"], "longer than 8 MiB" in r["notes"][0]' '(None, True)'
run audit "http://$at/fields" --format json
ok "more fields than are read" is '"more header fields" in r["notes"][0]' True
refused "a flood of them" "its header has more than 262 kB" audit "http://$at/flood"
run audit "http://$at/gz" --format json
ok "what is compressed is measured without" is 'r["size_bytes"] < 200, r["decoded_bytes"], r["brotli_bytes"] < r["gzip_bytes"] < 200' '(True, 17000, True)'
run audit "http://$at/badgz" --format json
ok "what says so and is not" is 'r["size_bytes"], r["decoded_bytes"], r["notes"][0]' "(16, None, 'Its Content-Encoding could not be undone.')"
run audit "http://$at/bomb" --format json
ok "a bomb" is 'r["decoded_bytes"], r["notes"][0]' "(None, 'Its Content-Encoding could not be undone.')"
run audit "audit:http://$at/slow?answer_within=300ms" --format json
ok "a slow body: its header is enough" is 'r["size_bytes"], r["fresh_private_s"], r["notes"][0]' "(1000000, 60, 'Its body did not come in time.')"
refused "a server that does not answer" "http://$at/never could not be fetched: no answer within 300 ms" audit "audit:http://$at/never?answer_within=300ms"
refused "one that closes" "could not be fetched: Empty reply from server" audit "http://$at/closed"
refused "nobody is there" "http://127.0.0.1:1/ could not be fetched: " audit http://127.0.0.1:1/
if [ -f tls_port ]; then
    refused "a certificate that nobody knows" "its certificate is not trusted" audit "https://127.0.0.1:$(cat tls_port)/final"
else
    echo "ok $((++count)) - # SKIP openssl is missing"
fi

# ---- exit status ----
run audit http://127.0.0.1:1/ "http://$at/final" --format json
ok "one of two could not be fetched" exited 1
ok "the other is printed" is 'len(d["rows"]), d["unread"] != []' '(1, True)'
ok "with one sentence" eval '[ "$(wc -l <err)" = 1 ] && grep -q "http://127.0.0.1:1/ could not be fetched" err'
refused "several, and none" "2 of 2 URLs could not be fetched, first http://127.0.0.1:1/" audit http://127.0.0.1:1/ http://127.0.0.1:1/b
refused "another scheme" "ftp://$at/ could not be fetched: it is neither a URL of http or https nor a file" audit "ftp://$at/"
refused "no URL at all" "bogus could not be fetched: it is neither a URL" audit bogus
: >empty
refused "an empty list" "there is no URL in it" audit empty
run audit </dev/null
ok "nothing" is_refusal "audit needs something to read: audit:https://HOST/PAGE"

# ---- recorded, replayed, compared ----
run record -o first.slowdive "audit:http://$at/final"
ok "an audit is recorded" exited 0
run audit first.slowdive --format json
ok "and printed from the recording" is 'r["url"], [f["kind"] for f in r["findings"]]' "('http://$at/final', ['validator_ignored'])"
run overview first.slowdive
ok "the overview names what is wrong" says out 'validator_ignored'
printf 'type :audit\nkey Enter Tab\nprint\n' >script
for size in 80x24 200x50; do
    run replay first.slowdive --script script --size $size
    ok "in the console, $size, the sentence of the row is read" says out 'It has an ETag, but'
done
run audit "http://$at/final" --baseline first.slowdive --format json
ok "beside a baseline" is '"changes" in d or "baseline" in d' True

"$program" audit "http://$at/never" >out 2>err &
waiting=$!
until grep -q 'GET /never' asked; do kill -0 $waiting || break; done
kill -INT $waiting
wait $waiting
ok "it can be interrupted while it waits" silent out
finish
