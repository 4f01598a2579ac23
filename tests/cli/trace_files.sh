#!/bin/bash
# Files with spans, by their content: packed or not, in lines with broken ones between, folders of them, and what is no such
# file.
. "$(dirname "$0")/tap.bash"

gen() { python3 "$root/tests/bench/gen_trace.py" "$@"; }
# A figure of the first row: first KEY
first() { python3 -c 'import json, sys
print(json.load(open("out"))["rows"][0][sys.argv[1]])' "$1"; }
is() { [ "$(first "$1")" = "$2" ] || { echo "# $1: $(first "$1"), not $2"; false; }; }

for form in jaeger zipkin otlp ndjson proto; do
    gen $form 900 3 >$form
    run endpoints $form --format json
    ok "$form: requests of servers" is count 300
    ok "$form: by method and route" is route /orders/:id
    ok "$form: failed by their status" is error_share 0.01
    run queries $form --format json
    ok "$form: calls of the database" is calls 102
    ok "$form: its name" is database shop
    run traces $form --format json
    ok "$form: spans of a trace" is spans 300
done
run endpoint otlp --select 'GET /orders/:id'
ok "an endpoint's queries by the spans" says out 'database spans'
ok "which no server has counted since its reset" eval '! grep -q reset out'
gzip -k jaeger && gzip -k proto
run endpoints jaeger.gz proto.gz --format json
ok "packed with gzip, two files" is count 600
if command -v zstd >/dev/null; then
    zstd -q ndjson -o ndjson.zst
    run endpoints ndjson.zst --format json
    ok "with zstd" is count 300
fi
run endpoints - --format json <zipkin
ok "standard input" is count 300

(head -n 3 ndjson; echo '{"resourceSpans":[{"cut'; echo '{"resourceLogs":[]}'; tail -n +4 ndjson) >mixed
run endpoints mixed --format json
ok "lines that are whole are read" is count 300
ok "that one is not is told" says out "1 of 11 lines could not be read; of the first, in mixed, line 4: The JSON is cut off"
ok "and that one is about something else" says out "1 part holds metrics, logs or profiles"
run traces mixed
ok "above the list, too" says out "1 of 11 lines could not be read; of the first, in mixed, line 4: The JSON is cut off"
gzip -c ndjson ndjson | head -c $(($(gzip -c ndjson | wc -c) + 100)) >cut.gz
run traces cut.gz
ok "a packed file that is cut shows what is there" says out 'GET '
ok "and says so above the list" says out 'cut.gz was not read to its end: its gzip data is cut'
ok "and on standard error" says err 'cut.gz was not read to its end: its gzip data is cut'

mkdir folder
cp jaeger folder/a.json
cp ndjson.zst folder/b 2>/dev/null || cp ndjson folder/b
echo '[1]' >folder/c.json
head -c 5000 zipkin >folder/d.json
run endpoints folder --format json
ok "a folder" is count 600
ok "what has no spans is named" says out "c.json: no spans are in it."
ok "what is cut, too" says out "d.json: The JSON is cut off"

refused "a cut document" "d.json: The JSON is cut off at byte" traces trace:folder/d.json
printf '{"data":null,"errors":[{"code":404,"msg":"trace not found"}]}' >answer
refused "an answer that something failed" "answer: it is an answer of Jaeger that something failed: trace not found" traces trace:answer
printf '[{"traceId":"1","id":"2","binaryAnnotations":[]}]' >v1
refused "Zipkin's old format" "v1: it is of Zipkin's old format v1" traces v1
printf '{"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"spans":[{"traceId":"%032d","spanId":"%016d","name":"x"}]}]}]}' 1 2 >nameless
refused "spans of nobody" "nameless: none of its spans says of which service it is" traces nameless
mkdir empty
refused "a folder without any" "no file in empty has spans" traces trace:empty
refused "a file that is not there" "missing: it cannot be opened" traces trace:missing
python3 -c 'print("[" * 1000000)' >deep
refused "a million lists in each other" "deep: The JSON is nested deeper than 512" traces trace:deep
printf '{"data":[{"traceID":"1","spans":[{"spanID":"2","startTime":1e300,"duration":-5},{"spanID":"3","startTime":9223372036854775807,"duration":9223372036854775807},{"operationName":"lost"}]}]}' >absurd
run traces absurd --format json
ok "absurd times are listed" is spans 2
ok "a span without an id is told" says out "1 span was left out: a span has no id, or one that is zero."
finish
