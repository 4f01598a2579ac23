#!/bin/bash
# Access logs of many shapes: which number is a duration, what is a request, what is said of the rest.
. "$(dirname "$0")/tap.bash"

# common N TARGET STATUS BYTES REST...: line N of a log in the common format, with REST behind it.
common() {
    printf '198.51.100.7 - - [20/Nov/2026:15:%02d:%02d +0000] "GET %s HTTP/1.1" %s %s%s\n' $(($1 / 60)) $(($1 % 60)) \
        "$2" "$3" "$4" "${5:+ $5}"
}
# combined N TARGET STATUS BYTES REST: the same, combined.
combined() { common "$1" "$2" "$3" "$4" "\"-\" \"ua 1.0\"${5:+ $5}"; }
# many NAME KIND COUNT EXPRESSION: a log of COUNT lines whose rest is the EXPRESSION, in which i counts them.
many() {
    local i rest
    for ((i = 0; i < $3; i++)); do
        eval "rest=\"$4\""
        "$2" "$i" /thing 200 $((500 + i * 7 % 90)) "$rest"
    done >"$1"
}
# one KEY: the value under KEY of the JSON document, the first one.
one() { sed -n 's/.*"'"$1"'":[[:space:]]*"\{0,1\}\([^",]*\).*/\1/p' out | head -1; }
# is KEY VALUE FILE...: the value under KEY in the endpoints of a log.
is() {
    local key=$1 value=$2
    shift 2
    run endpoints --format json "$@"
    [ "$(one "$key")" = "$value" ]
}

# ---- which number is the duration, and its unit ----
many us.log combined 40 '$((20000 + i * 3000))'
ok "tens of thousands behind a combined line are microseconds" is total_ns 3140000000 us.log
ok "which is said to be assumed" says out "is assumed to be microseconds (20000 to 137000)"
ok "with the way to tell it otherwise" says out "log:PATH?unit=ms"
run endpoints us.log
ok "the printed view says it too" says out "number 1 behind the user agent is assumed to be microseconds"
run overview us.log
ok "and so does the overview" says out "is assumed to be microseconds"
ok "a unit that is given wins" is total_ns 3140000000000 'log:us.log?unit=ms'
ok "and nothing is assumed then" is notes '[]' 'log:us.log?unit=ms'
ok "a log may be said to have no durations" is timed 0 'log:us.log?unit=none'
refused "a unit that is none" 'The unit "min" is none of s, ms, us, ns and none' endpoints 'log:us.log?unit=min'
many ms.log common 40 '$((3 + i * 9))'
ok "a few to some hundred are milliseconds" is total_ns 7140000000 ms.log
ok "as is said" says out "behind the bytes is assumed to be milliseconds"
many fast.log combined 40 '$((i % 4))'
ok "0 to 3 may be seconds or milliseconds: none is read" is timed 0 fast.log
ok "and the candidate is named" says out "(0 to 3) is one, nor its unit"
many slow.log combined 40 '$((220 + i * 5))'
ok "220 to 415 may be milliseconds, microseconds or bytes: none is read" is timed 0 slow.log
ok "as is said" says out "Durations are not read"
many io.log combined 40 '$((400 + i % 9)) $((780 + i * 7 % 90))'
ok "bytes in and out are no durations" is timed 0 io.log
many ratio.log combined 40 '\\\"2.$((10 + i))\\\"'
ok "nor is a ratio" is timed 0 ratio.log
many msec.log combined 40 '17951898$((10 + i)).125 0.$((100 + i))'
ok "nor a moment; what stands behind it is" is total_ns 4780000000 msec.log
many two.log combined 40 '0.$((100 + i)) 0.$((300 + i))'
ok "of two times the longer is the request's" is total_ns 12780000000 two.log
many dt.log combined 40 '$((200000 + i * 100000)) $(((200000 + i * 100000) / 1000000))'
ok "%D %T: the finer of a pair" is total_ns 86000000000 dt.log
ok "nothing is assumed, for the other one proves it" is notes '[]' dt.log
many td.log combined 40 '**$(((200000 + i * 100000) / 1000000))/$((200000 + i * 100000))**'
ok "%T/%D between stars" is total_ns 86000000000 td.log
many word.log combined 40 '- $((i + 5)).250 ms'
ok "a unit may be a word of its own" is total_ns 990000000 word.log
many keyed.log combined 40 'took=$((i + 5))ms'
ok "or stand with the number" is total_ns 980000000 keyed.log
many label.log combined 40 'x=1 D=$((20000 + i))'
ok "D=%D is microseconds" is total_ns 800780000 label.log
many before.log common 40 ''
sed -i 's/:\([0-9][0-9]\) +0000\] "/:\1 +0000] 210\1 "/' before.log
ok "a number between time and request" is total_ns 840780000 before.log
many pid.log combined 40 '$((21000 + i % 8))'
ok "numbers of a few processes are no durations" is timed 0 pid.log
many port.log combined 40 '$((33000 + i * 611))'
ok "nor are ports" is timed 0 port.log
objects_of_pino() {
    for ((i = 10; i < 40; i++)); do
        echo "{\"level\":30,\"time\":17951898${i}000,\"req\":{\"method\":\"GET\",\"url\":\"/a\"},\"res\":{\"statusCode\":200},\"responseTime\":2}"
    done
}
objects_of_pino >pino.log
ok "pino: request and answer one level down, milliseconds" is total_ns 60000000 pino.log
many tomcat.log common 30 '$((4 + i % 9))'
ok "%D below a tenth of a millisecond is doubted" is timed 30 tomcat.log --log-format '%h %l %u %t "%r" %s %b %D'
ok "in a sentence" says out "Tomcat before version 10 writes milliseconds"
ok "its unit can be given" is total_ns 231000000 'log:tomcat.log?unit=ms' --log-format '%h %l %u %t "%r" %s %b %D'
one_line='198.51.100.7 - - [20/Nov/2026:15:00:00 +0000] "GET /a HTTP/1.1" 200 5 "" "" 33317 655 "fe~" "be" "web1" 10 0 30 69 109 "----" 1 1 0 0 0 0 0 "" ""'
echo "$one_line" >haproxy.log
ok "HAProxy's CLF: the last of its timers, milliseconds" is total_ns 109000000 haproxy.log

# ---- formats that are given ----
many given.log common 10 '$((1000 + i))'
sed -i 's/:00 +0000\]/:00.250 +0000]/' given.log
ok "a time in pieces, as strftime writes it" is first_at 2026-11-20T15:00:00.250Z given.log \
    --log-format '%h %l %u [%{%d/%b/%Y:%T}t.%{msec_frac}t %{%z}t] "%r" %>s %b %D'
printf '9 2026-11-20 15:51:38 GET /x 200\n' >pieces.log
ok "also without a fraction" is first_at 2026-11-20T15:51:38.000Z log:pieces.log --log-format '%D %{%F %T}t %m %U %s'
refused "a time that cannot be read" "the time %{%Q}t cannot be read" endpoints log:pieces.log \
    --log-format '%{%Q}t %r'
many unicorn.log combined 10 '$((20000 + i))'
ok "gunicorn's notation" is total_ns 200045000 unicorn.log \
    --log-format '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %(D)s'

# ---- JSON and labels ----
# objects NAME TEXT...: a log of 30 objects each, i stands for the number of the line.
objects() {
    local name=$1 i text
    shift
    for ((i = 10; i < 40; i++)); do
        for text; do echo "{\"time\":\"2026-11-20T15:00:${i}Z\",${text//@/$i}}"; done
    done >"$name"
}
objects both.log '"request":"GET /shop/@ HTTP/1.1","uri":"/index.php","status":200,"request_time":0.1'
ok "what was requested comes before what it became" is route /shop/:id both.log
objects job.log '"method":"GET","path":"/a","status":200,"duration":0.25' '"status":"done","path":"/srv/f-@","duration":9'
ok "an object without a method and a number for its status is no request" is lines_unparsed 30 job.log
ok "and takes no time" says out '"total_ns":	7500000000'
run endpoints job.log
ok "the view says how many lines were not read" says out "30 requests, 30 of 60 lines not read"
ok "so does the overview" eval 'run overview job.log; says out "30 of 60 lines not read"'
ok "and the endpoint" eval 'run endpoint --select "GET /a" job.log; says out "30 of 60 lines not read"'
ok "and its status codes" eval 'run statuses --select "GET /a" job.log; says out "30 of 60 lines not read"'
objects go.log '"method":"GET","path":"/a","status":200,"duration":"1m2.5s"' '"method":"GET","path":"/a","status":200,"duration":"850.2µs"'
ok "durations of Go are texts with units" is max_ns 62500000000 go.log
objects lograge.log '"method":"GET","path":"/a","controller":"A","action":"b","status":200,"duration":0.5,"view":0.1'
ok "lograge writes milliseconds" is total_ns 15000000 lograge.log
objects envoy.log '"method":"GET","path":"/a","response_code":200,"response_flags":"-","duration":@'
ok "Envoy too" is total_ns 735000000 envoy.log
objects echo.log '"method":"GET","uri":"/a","status":200,"latency":52013,"latency_human":"52.013µs"'
ok "of the same duration twice, the one with a unit" is total_ns 1560390 echo.log
objects camel.log '"method":"GET","url":"/a","statusCode":200,"responseTimeMs":@'
ok "a name may end in its unit" is total_ns 735000000 camel.log
objects dash.log '"request":"GET /a HTTP/1.1","status":200,"request_time":0.1,"upstream_response_time":-' \
    '"request":"GET /\x22b HTTP/1.1","status":200,"request_time":0.1,"upstream_response_time":}'
sed -i 's/:}}/:}/' dash.log
ok "a bare - for a value that is absent is read, and nginx's own escapes" is lines_unparsed 0 dash.log
objects nested.log '"nginx":{"request":"GET /a HTTP/1.1","status":200,"request_time":0.1}'
ok "all of it may stand one level down" is total_ns 3000000000 nested.log
for i in $(seq 10 39); do
    printf 'time:20/Nov/2026:15:00:%s +0000\treq:GET /a HTTP/1.1\tstatus:200\tsize:9\treqtime:0.%s\tapptime:-, 0.05\n' "$i" "$i"
done >ltsv.log
ok "LTSV is read by its labels" is total_ns 7350000000 ltsv.log
ok "with the bytes" says out '"bytes":	270'

# ---- what is around a line ----
many plain.log combined 30 'rt=0.100'
jsonish() { sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/{"log":"&\\n","stream":"stdout","time":"2026-11-20T15:00:00.1Z"}/'; }
jsonish <plain.log >docker.log
ok "Docker's json-file" is total_ns 3000000000 docker.log
for prefix in '2026-11-20T15:00:00.123456789Z stdout F ' '<190>Nov 20 15:00:00 web1 nginx: ' 'Nov 20 15:00:00 web1 nginx[12]: ' \
    '<190>1 2026-11-20T15:00:00.1Z web1 nginx 12 - - ' 'web-1  | ' '[pod/web-1/nginx] '; do
    sed "s#^#$prefix#" both.log >wrapped.log
    ok "JSON behind \"$prefix\"" is route /shop/:id wrapped.log
    sed "s#^#$prefix#" plain.log >wrapped.log
    ok "a combined line behind it" is total_ns 3000000000 wrapped.log
done
{ printf '\xef\xbb\xbf'; cat both.log; } >bom.log
ok "a byte order mark is no part of the first line" is lines_unparsed 0 bom.log
iconv -f UTF-8 -t UTF-16LE plain.log >utf16.log
refused "UTF-16 is named, with what to do" "is UTF-16 text, which is not read; convert it: iconv -f UTF-16" endpoints utf16.log
{ head -c 6000000 /dev/zero; cat plain.log; } >hole.log
ok "a hole of NUL bytes before the first line" is lines_unparsed 0 hole.log
ok "is said" says out "6.00 MB of NUL bytes were skipped"
{ head -3 plain.log; printf '198.51.100.7 - - [20/No'; head -c 3000000 /dev/zero; tail -27 plain.log; } >torn.log
ok "a hole behind a torn line costs no other line" is count 30 torn.log

# ---- routes ----
for i in $(seq 0 1199); do combined 1 "/old-$(printf '%04d' "$i" | tr 0-9 g-p).php" 404 9 rt=0.001; done >scan.log
many shop.log combined 50 'rt=0.500'
cat shop.log >>scan.log
ok "a scanner does not push out the route that answers" is route /thing scan.log
ok "whose time is all its own" says out '"p50_ns":	500'
ok "what was not found is one line" says out '"route":	"(not found)"'
many socket.log combined 30 'rt=0.200'
for i in $(seq 0 9); do combined "$i" /live 101 9 rt=1800.000; done >>socket.log
ok "a connection that was upgraded does not rank" is route /thing socket.log
ok "nor share in the time" is share 1 socket.log
ok "it is counted, with how long it was open" says out '"total_ns":	18000000000000'
ok "and has no percentile" eval '[ "$(grep -c "\"p50_ns\":	null" out)" = 1 ]'

# ---- lines that almost fit ----
sed 's/"GET /x y "GET /; s/HTTP.1.1" /&  /' plain.log >odd.log
refused "what is unusual is named" "more than a blank stands between the time and the request" endpoints log:odd.log
sed 's/HTTP.1.1" /&up=1 /' plain.log >odd.log
refused "so is what stands before the status" "the request is not followed by a blank and the status" endpoints log:odd.log
echo '{"msg":"started","level":"info"}' >odd.log
refused "and JSON without requests" "The JSON object is not a request: it has no status" endpoints log:odd.log

# ---- when ----
ok "a time of day is one of the log's day" is count 11 --at 15:00:10 plain.log
ok "with a window too" is count 5 --at 15:00:10 --window 5s plain.log
ok "a time with its day is what it was" is count 11 --at '2026-11-20 15:00:10' plain.log
printf '{"time":"2026-10-25T%s","method":"GET","uri":"/a","status":200}\n' 02:30:00+02:00 02:30:00+01:00 12:00:00+01:00 >night.log
export TZ=CET-1CEST,M3.5.0,M10.5.0/3
ok "the second 02:30 of a night in which the clock is set back" is count 2 --at 02:30 night.log
ok "and the first one" is count 1 --at '02:30 CEST' night.log
export TZ=UTC

finish
