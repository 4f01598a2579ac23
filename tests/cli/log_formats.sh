#!/bin/bash
# Access logs of many servers, each by its first lines and as it is named; what stands around lines; GoAccess's
# notation; going on where the last run stopped.
. "$(dirname "$0")/tap.bash"

# sums FILE ARGUMENTS...: "COUNT TIMED SECONDS BYTES UNPARSED", summed over the endpoints of a log.
sums() {
    local file=$1
    shift
    run endpoints "log:$file" --format json "$@"
    python3 - <<'P'
import json
try:
    d = json.load(open("out"))
    s = lambda k: sum(r[k] or 0 for r in d["rows"])
    print(s("count"), s("timed"), "%.6g" % (s("total_ns") / 1e9), s("bytes"), d["lines_unparsed"])
except Exception:
    print("no document:", open("err").read().strip())
P
}
# reads WHAT WANTED FILE ARGUMENTS...
reads() {
    local what=$1 wanted=$2
    shift 2
    ok "$what" [ "$(sums "$@")" = "$wanted" ]
}
first() { sed -n 's/.*"'"$1"'":[[:space:]]*"\{0,1\}\([^",]*\).*/\1/p' out | head -1; }

# ---- servers ----
cat >haproxy.log <<'L'
Mar 12 09:15:01 lb haproxy[9]: 203.0.113.7:33317 [12/Mar/2026:09:15:01.655] fe~ be/web1 0/5/1/68/74 200 2750 - - ---- 1/1/3/1/0 0/0 "GET /orders/812?page=2 HTTP/1.1"
Mar 12 09:15:02 lb haproxy[9]: 203.0.113.7:33318 [12/Mar/2026:09:15:02.100] fe~ be/web2 10/0/30/69/109 200 50 - - ---- 1/1/1/1/0 0/0 {a b|Mozilla (X11)} {} "GET /a#22b HTTP/1.1"
Mar 12 09:15:03 lb haproxy[9]: 203.0.113.8:51000 [12/Mar/2026:09:15:03.001] fe be/<NOSRV> 0/-1/-1/-1/30001 503 213 - - sQ-- 1/1/7/0/0 0/41 "POST /pay HTTP/1.1"
Mar 12 09:15:04 lb haproxy[9]: 203.0.113.9:51001 [12/Mar/2026:09:15:04.001] fe fe/<NOSRV> -1/-1/-1/-1/10000 -1 +212 - - cR-- 2/2/0/0/0 0/0 "<BADREQ>"
Mar 12 09:15:05 lb haproxy[9]: Server be/web2 is DOWN, reason: Layer4 connection problem.
Mar 12 09:15:05 lb haproxy[9]: 203.0.113.9:51002 [12/Mar/2026:09:15:05.001] tcp be/db 0/1/44 511 -- 1/1/1/1/0 0/0
L
reads "HAProxy's httplog behind syslog" "4 4 40.184 3225 2" haproxy.log
ok "a time without a zone is this machine's" [ "$(first first_at)" ]
sed 's/^.*: \(203\)/\1/' haproxy.log >bare.log
reads "and without" "4 4 40.184 3225 2" bare.log
reads "named" "4 4 40.184 3225 2" bare.log --log-format haproxy
TZ=Europe/Berlin reads "in another zone" "4 4 40.184 3225 2" bare.log
cat >heroku.log <<'L'
2026-03-12T09:15:01.123456+00:00 heroku[router]: at=info method=GET path="/o/1?x=2" host=a.example request_id=0a1b fwd="203.0.113.7" dyno=web.1 connect=1ms service=254ms status=200 bytes=5120 protocol=https
2026-03-12T09:15:02.000000+00:00 heroku[router]: at=error code=H12 desc="Request timeout" method=POST path="/pay" host=a.example request_id=0a1c fwd="" dyno=web.2 connect=0ms service=30000ms status=503 bytes=0 protocol=https
2026-03-12T09:15:03.000000+00:00 heroku[router]: at=error code=H10 method=GET path="/" host=a.example dyno= connect= service= status=503 bytes= protocol=http
2026-03-12T09:15:06.000000+00:00 app[web.1]: method=GET in the application's own words
L
reads "Heroku's router: connecting and the answer" "3 2 30.255 5120 1" heroku.log
cat >lograge.log <<'L'
I, [2026-03-12T09:15:01.123456 #4211]  INFO -- : method=GET path=/o/1 format=html controller=O action=show status=200 duration=254.32 view=200.43 db=15.26
I, [2026-03-12T09:15:02.000000 #4211]  INFO -- : [0a1b] method=POST path=/pay format=*/* controller=P action=c status=500 error='x: "t" status=200' duration=3002.11 view=0.00 db=1.10
L
reads "lograge behind a logger's prefix, milliseconds" "2 2 3.25643 0 0" lograge.log
echo 'time=2026-03-12T09:15:01Z level=info msg="GET /x" method=GET uri=/x status=200 took=1.5s bytes=7' >fmt.log
reads "logfmt of a logger" "1 1 1.5 7 0" fmt.log
cat >iis.log <<'L'
#Software: Microsoft Internet Information Services 10.0
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken
2026-03-12 09:15:01 10.4.1.9 GET /o/1 page=2 443 - 203.0.113.7 Mozilla/5.0+(x) - 200 0 0 254
#Fields: date time cs-method cs-uri-stem sc-status sc-bytes time-taken
2026-03-12 09:20:01 GET /o/2 404 5120 31
L
reads "W3C, whose fields change in the middle" "2 2 0.285 5120 0" iis.log
printf '#Version: 1.0\n#Fields: date\ttime\tx-edge-location\tsc-bytes\tcs-method\tcs-uri-stem\tsc-status\tx-edge-result-type\ttime-taken\n2026-03-12\t09:15:01\tFRA\t7\tGET\t/a\t200\tHit\t0.25\n2026-03-12\t09:15:02\tFRA\t7\tGET\t/a\t000\tMiss\t1\n' >cloudfront.log
reads "CloudFront: seconds, tabs" "2 2 1.25 14 0" cloudfront.log
run cache log:cloudfront.log --format json
ok "and what its cache did" says out "cloudfront cloudfront.log"
alb='h2 2026-03-12T09:15:01.186641Z app/s/50 203.0.113.7:2817 10.4.1.9:8080'
cat >alb.log <<L
$alb 0.001 0.254 0.002 200 200 412 5120 "GET https://a.example:443/o/1 HTTP/2.0" "curl" C T arn:a "Root=1-58337262-36d228ad5d99923122bbe354" "a.example" "arn" 0 2026-03-12T09:15:00.9Z "forward" "-" "-"
$alb -1 -1 -1 503 - 412 190 "GET https://a.example:443/none HTTP/1.1" "curl" C T arn:a "Root=1-65f0-aabb" "a.example" "arn" 0 2026-03-12T09:15:00.9Z "forward" "-" "-"
2026-03-12T09:15:03.9Z my-lb 192.0.2.39:2817 10.0.0.1:80 0.000073 0.001 0.000057 200 200 0 29 "GET http://a.example:80/ HTTP/1.1" "curl" - -
2026-03-12T09:15:04.9Z my-lb 192.0.2.39:2817 10.0.0.1:80 0.001 0.000028 0.000041 - - -1 -1 "- - - " "-" - -
L
reads "ALB and the classic ELB in one file: the sum, unknown where a part is -1" "4 3 0.259199 5339 0" alb.log
cat >envoy.log <<'L'
[2026-03-12T09:15:01.123Z] "GET /o/1 HTTP/1.1" 200 - 0 5120 254 253 "203.0.113.7" "curl" "9b1de2a0-1111-4222-8333-944445555666" "a.example" "10.4.1.9:8080"
[2026-03-12T09:15:02.000Z] "POST /pay HTTP/2" 0 DC 980 91 3002 - "-" "o" "9b" "a.example" "-"
L
reads "Envoy's default" "2 2 3.256 5211 0" envoy.log
cat >uwsgi.log <<'L'
[pid: 4211|app: 0|req: 17/90] 203.0.113.7 () {40 vars in 741 bytes} [Thu Mar 12 09:15:01 2026] GET /o/1?x => generated 5120 bytes in 254 msecs (HTTP/1.1 200) 7 headers in 241 bytes (2 switches on core 0)
[pid: 4211|app: 0|req: 18/91] 203.0.113.7 () {40 vars in 741 bytes} [Mon Mar  9 09:15:03 2026] GET /t => generated 2 bytes in 812 micros (HTTP/1.1 200) 7 headers in 241 bytes (2 switches on core 0)
L
reads "uWSGI's default, milliseconds and microseconds" "2 2 0.254812 5122 0" uwsgi.log
cat >squid.log <<'L'
1773306901.123    254 203.0.113.7 TCP_MEM_HIT/200 5120 GET http://a.example/x - HIER_NONE/- text/html
1773306902.000     12 203.0.113.7 TCP_MISS/404 20 GET http://a.example/y - HIER_DIRECT/10.0.0.1 text/html
L
reads "Squid's native form" "2 2 0.266 5140 0" squid.log
echo '79a59df9 bkt [12/Mar/2026:09:15:01 +0000] 192.0.2.3 79a5 3E57427F REST.GET.OBJECT k "GET /bkt/k HTTP/1.1" 200 - 5120 5120 70 10 "-" "S3" -' >s3.log
reads "S3" "1 1 0.07 5120 0" s3.log
printf '[12/Mar/2026 09:15:01] "GET /a/ HTTP/1.1" 200 5120\n\033[33m[12/Mar/2026 09:15:05] "GET /b HTTP/1.1" 404 2301\033[0m\n' >django.log
reads "Django's server, in colours" "2 0 0 7421 0" django.log
cat >cloudflare.log <<'L'
{"ClientRequestHost":"a.example","ClientRequestMethod":"GET","ClientRequestURI":"/a","EdgeStartTimestamp":1773306901123000000,"EdgeEndTimestamp":1773306901377000000,"EdgeResponseBytes":7,"EdgeResponseStatus":200,"CacheCacheStatus":"hit","RayID":"6b0a"}
{"ClientRequestHost":"a.example","ClientRequestMethod":"GET","ClientRequestURI":"/a","EdgeStartTimestamp":1773306902123000000,"EdgeEndTimestamp":1773306902124000000,"EdgeResponseBytes":7,"EdgeResponseStatus":200,"CacheCacheStatus":"dynamic","RayID":"6b0b"}
L
reads "Cloudflare: between its two moments" "2 2 0.255 14 0" cloudflare.log
run cache log:cloudflare.log --format json
ok "and its cache" says out "cloudflare cloudflare.log"
echo '{"timestamp":"2026-03-12T09:15:01+0000","host":"a.example","url":"/a","request_method":"GET","response_state":"HIT-CLUSTER","response_status":200,"response_body_size":9,"time_elapsed":2500,"fastly_server":"cache-fra"}' >fastly.log
reads "Fastly: microseconds" "1 1 0.0025 9 0" fastly.log
run cache log:fastly.log --format json
ok "and its cache" says out "fastly fastly.log"

# ---- JSON with names of one's own ----
echo '{"when":"2026-03-12T09:15:01Z","verb_used":"GET","where":{"asked":"/x/1"},"code_sent":200,"ticks":1500,"sent":5}' >own.log
refused "keys nobody knows" "is not an access log of a known format" endpoints log:own.log
cat >own.yaml <<'Y'
sources:
  - source: log:own.log
    fields:
      time: when
      method: verb_used
      path: where.asked
      status: code_sent
      duration: ticks
      duration_unit: us
      bytes: sent
Y
run endpoints --config own.yaml --format json
ok "are named in the configuration" says out '"/x/:id"'
ok "with the unit" [ "$(first total_ns)" = 1500000 ]
refused "a field that is none" 'The field "tme=when" is none of time, method' endpoints 'log:own.log?fields=tme=when'

# ---- GoAccess ----
echo '203.0.113.7 - - [12/Mar/2026:09:15:01 +0000] "GET /a HTTP/1.1" 200 5 "-" "u" 254321' >us.log
reads "GoAccess's notation" "1 1 0.254321 5 0" us.log --log-format '%h %^[%d:%t %^] "%r" %s %b "%R" "%u" %D' --date-format %d/%b/%Y \
    --time-format %H:%M:%S
reads "its names" "1 1 0.254321 5 0" us.log --log-format TRAEFIKCLF
reads "AWSALB" "4 3 0.259199 5339 0" alb.log
reads "W3C" "2 2 0.285 5120 0" iis.log --log-format W3C
echo '{"ts":1773306901.5,"request":{"method":"GET","uri":"/a"},"duration":0.25,"size":9,"status":200}' >caddy.log
reads "CADDY" "1 1 0.25 9 0" caddy.log --log-format CADDY
reads "GoAccess's form of JSON" "1 1 0.25 9 0" caddy.log --log-format \
    '{ "ts": "%x.%^", "request": { "method": "%m", "uri": "%U" }, "duration": "%T", "size": "%b", "status": "%s" }'
refused "what does not fit is told with its field" '%s cannot be read at byte 68' endpoints log:us.log --log-format '%h %l %u %t "%r" %b %>s x'
refused "no specifier" "%Q is no specifier of GoAccess" endpoints log:us.log --log-format '%d %Q'
{ cat us.log us.log && echo 'nonsense'; } >some.log
run endpoints log:some.log --log-format '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %D'
ok "also when most lines fit" says out "does not fit the given format"

# ---- around lines ----
plain='203.0.113.7 - - [12/Mar/2026:09:15:01 +0000] "GET /a HTTP/1.1" 200 5 "-" "u" rt=0.254'
json_of() { printf '%s' "$1" | sed 's/"/\\"/g'; }
printf '{"log":"%s\\n","stream":"stdout","time":"2026-03-12T09:15:01.5Z"}\n' "$(json_of "$plain")" >docker.log
reads "Docker's json-file" "1 1 0.254 5 0" docker.log
ok "which is said" says out "taken out of Docker"
{
    echo "2026-03-12T09:15:01.1Z stdout P ${plain:0:50}"
    echo "2026-03-12T09:15:01.1Z stderr F something else"
    echo "2026-03-12T09:15:01.1Z stdout F ${plain:50}"
    echo "2026-03-12T09:15:01.1Z stdout F $plain"
} >cri.log
reads "CRI, one line in two parts" "2 2 0.508 10 1" cri.log
for ((i = 0; i < 300; i++)); do
    echo "2026-03-12T09:15:01.1Z stdout P ${plain:0:50}"
    echo "2026-03-12T09:15:01.1Z stderr F something else"
    echo "2026-03-12T09:15:01.1Z stdout F ${plain:50}"
done >many.log
reads "more of them than are looked at to know the form" "300 300 76.2 1500 300" many.log
printf '__CURSOR=s=1\n__REALTIME_TIMESTAMP=1773306901500000\n_HOSTNAME=h\nMESSAGE=%s\n_PID=1\n\n' "$plain" >export.log
reads "the journal's export" "1 1 0.254 5 0" export.log
printf '{"__REALTIME_TIMESTAMP":"1773306901500000","MESSAGE":"%s","_PID":"1"}\n' "$(json_of "$plain")" >journal.log
reads "and its JSON" "1 1 0.254 5 0" journal.log
echo "[pod/web-1/nginx] 2026-03-12T09:15:01.123456789Z $plain" >kubectl.log
reads "kubectl logs --prefix --timestamps" "1 1 0.254 5 0" kubectl.log
echo "web-1  | $plain" >compose.log
reads "docker compose" "1 1 0.254 5 0" compose.log
echo "2026-03-12T09:15:01.1Z stdout F method=GET path=/a status=200 duration=5ms" >time.log
reads "a line without a time has that of its container" "1 1 0.005 0 0" time.log
ok "in the document" [ "$(first first_at)" = 2026-03-12T09:15:01.100Z ]

# ---- numbers that nothing names ----
numbers() { for ((i = 0; i < 30; i++)); do printf '203.0.113.7 - - [12/Mar/2026:09:15:%02d +0000] "GET /a HTTP/1.1" 200 5 "-" "u" %s%d\n' $i "$1" $((i % 9 + 1)); done; }
numbers 0.012 >four.log
reads "four digits behind the point are seconds" "30 30 0.3741 150 0" four.log
ok "which is said" says out "number 1 behind the user agent is assumed to be seconds (0.0121 to 0.0129)"
numbers 12.345 >ms.log
reads "or milliseconds, by their size" "30 30 0.370364 150 0" ms.log
numbers 1.345 >either.log
reads "or nobody knows" "30 0 0 150 0" either.log
ok "which is said, too" says out "Durations are not read: the log does not tell whether number 1 behind the user agent (1.3451 to 1.3459) is one"
numbers 3.4 >ratio.log
reads "two are a ratio" "30 0 0 150 0" ratio.log

# ---- as GoAccess names them, without what their writers put around ----
printf '2026-03-12T09:15:01.%sZ lb 203.0.113.7:2817 10.0.0.1:80 0.001 %s 0.002 200 200 0 50 "GET http://a.example:80/o/1?x=2 HTTP/1.1" "u" - -\n' 123456 0.250 234567 -1 >elb.log
reads "a classic load balancer, told" "2 1 0.253 100 0" elb.log
reads "and as GoAccess names it" "2 1 0.253 100 0" elb.log --log-format AWSELB
reads "in any case" "2 1 0.253 100 0" elb.log --log-format awselb
lines='203.0.113.7 - - [12/Mar/2026:09:15:01 +0000] "GET /a HTTP/1.1" 200 5 "-" "u"'
printf '%s\n' "$lines" "$lines rt=0.254" "$lines" "$lines rt=0.100" >both.log
for name in combined COMBINED; do
    reads "$name, with further fields and without" "4 2 0.354 20 0" both.log --log-format $name
    reads "and with the form of its time" "4 0 0 20 0" both.log --log-format $name --date-format %d/%b/%Y --time-format %H:%M:%S
done
sed 's/ "-" "u"//' both.log >short.log
reads "common, too" "4 2 0.354 20 0" short.log --log-format COMMON
refused "another time" '%d cannot be read at byte 18' endpoints log:both.log --log-format COMBINED --date-format %Y-%m-%d --time-format %T
reads "a format whose time is always the same" "2 1 0.253 100 0" elb.log --log-format AWSELB --date-format %Y-%m-%d --time-format %T
cloud() { printf '2026-03-12\t09:15:01\tFRA2-C1\t5120\t203.0.113.7\tGET\td.cloudfront.net\t/a\t200\t-\tu\tx=1\t-\tHit\tid==\ta.example\thttps\t61\t0.254%s\n' "$1"; }
cloud "" >cloud.log
cloud "$(printf '\t-\tTLSv1.3\tc\tHit\tHTTP/2.0\t-\t-\t11040\t0.250\tHit\ttext/html\t78\t-\t-\tanother')" >>cloud.log
reads "CloudFront's columns, old and new, without their header" "2 2 0.508 10240 0" cloud.log --log-format CLOUDFRONT
refused "columns that nothing names" "No #Fields line stands before the line" endpoints log:cloud.log --log-format W3C
refused "a name of nothing, with those that are" "envoy, istio, uwsgi, squid, django." endpoints log:cloud.log --log-format envoi
echo '203.0.113.7 - - [12/Mar/2026:09:15:01 +0000] "GET /a HTTP/1.1" 200 5 "http://r" "u" "0.1, 0.2"' >wrong.log
go='%h %^[%d:%t %^] "%r" %s %b'
refused "what is no number is told by its specifier" '%L cannot be read at byte 70, where the line has ""http://r"' endpoints log:wrong.log --log-format "$go %L"
reads "a list of times in quotes" "1 1 0.3 5 0" wrong.log --log-format "$go \"%R\" \"%u\" \"%T\""
sed -i 's/"0.1, 0.2"/0.1, 0.2 : 0.3/' wrong.log
reads "and without them, at the end" "1 1 0.6 5 0" wrong.log --log-format "$go \"%R\" \"%u\" %T"
sed -E 's/ - - .*\] / 2026-03-12T09:15:01 /' wrong.log >whole.log
reads "the date and the time as one" "1 1 0.6 5 0" whole.log --log-format '%h %x "%r" %s %b "%R" "%u" %T' --datetime-format %Y-%m-%dT%H:%M:%S
echo '{"@timestamp":"2026-03-12T09:15:01Z","http":{"request":{"path":"/a","method":"GET"},"response":{"bytes":5,"status_code":200}},"latency_ms":254}' >nested.log
reads "request and answer as objects of http" "1 1 0.254 5 0" nested.log
echo '{"ts":"2026/03/12 09:15:01.254","request":{"method":"GET","uri":"/a"},"status":200,"duration":0.254,"size":5}' >wall.log
reads "Caddy with time_format wall_milli" "1 1 0.254 5 0" wall.log
ok "at that time" [ "$(first first_at)" = 2026-03-12T09:15:01.254Z ]
echo 'time="2026-03-12T09:15:01Z" http_method=GET http_path="/a" http_status=200 response_bytes=5 duration_ms=254' >keys.log
reads "response_bytes" "1 1 0.254 5 0" keys.log

# ---- files ----
lines() { for ((i = $1; i < $2; i++)); do printf '203.0.113.7 - - [12/Mar/2026:09:%02d:%02d +0000] "GET /a HTTP/1.1" 200 5 "-" "u" rt=0.1\n' $((i / 60)) $((i % 60)); done; }
lines 0 30 | gzip >a.log.gz
lines 30 40 >a.log
reads "a pattern of files" "40 40 4 200 0" 'a.log*'
refused "one that nothing matches" "no file matches" endpoints 'log:b.log*'
if command -v zstd >/dev/null; then
    lines 0 30 | zstd -q >z.log.zst
    reads "zstd" "30 30 3 150 0" z.log.zst
else
    echo "# zstd is not here: not tried"
fi
lines 0 30 >s.log
reads "a first run keeps its place" "30 30 3 150 0" s.log --state place
reads "the next has nothing new" "0 0 0 0 0" s.log --state place
lines 30 33 >>s.log
printf '203.0.113.7 - - [12/Mar/2026:09:' >>s.log
reads "then what was added, without the line that is not whole" "3 3 0.3 15 0" s.log --state place
printf '15:01 +0000] "GET /b HTTP/1.1" 200 5 "-" "u" rt=0.1\n' >>s.log
lines 34 36 >>s.log
mv s.log s.log.1
lines 36 40 >s.log
reads "through a rotation: the rest of the old file, then the new" "7 7 0.7 35 0" s.log --state place
lines 40 42 >>s.log
mv s.log s.log.2
gzip s.log.2
lines 42 43 >s.log
reads "also a packed one" "3 3 0.3 15 0" s.log --state place
lines 43 45 >>s.log
cp s.log s.log.3
lines 45 46 >s.log
reads "and one that was copied and truncated" "3 3 0.3 15 0" s.log --state place
rm s.log*
lines 0 2 >s.log
refused "the file of the place is gone" "the file it was then is gone; remove the state file" endpoints log:s.log --state place
echo else >foreign
refused "a file of something else" "foreign is no state file of slowdive" endpoints log:s.log --state foreign
ok "which stays as it was" [ "$(cat foreign)" = else ]
refused "a pipe has no place" "standard input is none" endpoints - --state place

finish
