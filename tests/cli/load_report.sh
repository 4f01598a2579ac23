#!/bin/bash
# What other load tools measured, as the command prints it; a scenario as a script for k6.
. "$(dirname "$0")/tap.bash"
data=$root/tests/data/loads
# figure KEY VALUE: the document holds it
figure() { tr -d ' \n\t' <out | grep -qF -- "\"$1\":$2"; }

run load report "$data/hey.txt"
ok "a report for people" exited 0
ok "says first what there was" says out '1000 requests of hey in 4.00 s, 250/s; 40 of them failed (4.0 %)'
ok "and how fast" says out 'half were answered within 12.0 ms, 95 % within 50.0 ms, 99 % within 210 ms'
ok "what is left out is told" says out 'Requests without an answer, which are in no percentile of hey: 20.'
run load report --format json "$data/jmeter.jtl"
ok "the document" figure view '"load_report","tool":"jmeter","requests":4,"failed":2,"error_share":0.5'
ok "of rounded values" figure values '"rounded","resolution_ns":1000000'
run load report --format json "$data/wrk.txt"
ok "unknown is null" figure p95_ns null
ok "statuses that are not told are null" figure statuses null
run load report --format json "$data/vegeta.ndjson" "$data/vegeta.csv"
ok "counts of several files add up" figure requests 7
ok "percentiles are of all of them" figure p50_ns 2500000
run load report --format json "$data/hey.txt" "$data/hey.csv"
ok "percentiles of a file that has no others are not mixed" figure p50_ns null
gzip -c "$data/k6.ndjson" >k6.ndjson.gz
run load report --format json k6.ndjson.gz
ok "a packed file" figure tool '"k6","requests":4'
run load report --format json - <"$data/gatling.log"
ok "standard input" figure tool '"gatling","requests":4'
run load report --format json -o report.json "$data/locust.csv"
ok "-o writes the document" says report.json '"load_report"'
run load report --format json report.json
ok "which is read again" figure requests 400
head -c 215 "$data/samples.csv" >cut.csv
run load report cut.csv
ok "a cut last line is left out, with a note" says out 'The last line is cut off, and left out.'

for file in "$data"/*; do
    run load-test --format json "load-result:$file"
    ok "$(basename "$file") in the console" says out '"load_report"'
done
run load-test "$data/k6.ndjson"
ok "what certainly is one is recognised" says out '4 requests of k6'

run load report --from JMeter "$data/jmeter.jtl"
ok "the tool in any case" says out '4 requests of jmeter'

{ head -1 "$data/samples.csv" && seq 1 1200 | sed 's|.*|&,/item/&,,&000,&000,&900,200,,10|'; } >many.csv
run load-test --format json many.csv
ok "of very many names the console has the most frequent" says out 'those of the fewest requests: 200.'

refused "no file" 'needs FILE...' load report
refused "no such format" 'there is no format xml' load report --format xml "$data/hey.csv"
refused "a file that is not there" 'missing.csv cannot be opened' load report missing.csv
refused "an empty file" 'is empty' load report /dev/null
echo hello >hello.txt
refused "something else" 'hello.txt is no result of a load tool that is known' load report hello.txt
refused "of a tool that it is not of" 'hello.txt is no result of wrk' load report --from wrk hello.txt
refused "of a tool that is not known" '--from takes one of wrk, wrk2, hey' load report --from jmetre hello.txt
printf '\0\0\0\0\0063.13.1\0\0\0\0' >simulation.log
refused "a binary log of Gatling" 'Gatling 3.12 or later' load report simulation.log
printf '\177\377\201\3\1\1\6Result\1\377\202\0\1\12\1\6Attack\1\14\0\1\7Latency\1\4\0' >results.bin
refused "a binary file of vegeta" 'vegeta encode' load report results.bin
refused "one bad file of two" 'hello.txt is no result' load report "$data/hey.csv" hello.txt

cat >shop.yaml <<'END'
target: http://127.0.0.1:8080
stages: [{for: 10s, rate: 100}]
timeout: 5s
connections: 20
requests:
  - {name: "a`${b}`\"\n</script>", method: GET, path: "/a?b='`${x}"}
thresholds: ["p99 < 200ms"]
END
run load export shop.yaml --to k6
ok "a script for k6" says out 'executor: "constant-arrival-rate"'
ok "with its thresholds" says out '"http_req_duration": ["p(99)<200"]'
# shellcheck disable=SC2016
ok "no text of the scenario stands as it is" eval '! grep -qF -e "\`" -e "</script>" -e "\${" out'
if command -v node >/dev/null; then
    cp out shop.mjs
    ok "node understands it" node --check shop.mjs
fi
run load export shop.yaml --to k6-operator --parallelism 4 -o shop-k6.yaml
ok "-o writes it" exited 0
ok "objects for the operator" says shop-k6.yaml 'kind: TestRun'
ok "in so many parts" says shop-k6.yaml '  parallelism: 4'
ok "with the script, four spaces in" says shop-k6.yaml '    import http from "k6/http";'
refused "--to is needed" 'needs --to k6' load export shop.yaml
refused "another engine" '--to takes k6 or k6-operator, not jmeter' load export shop.yaml --to jmeter
refused "no parts of one k6" 'goes with --to k6-operator' load export shop.yaml --to k6 --parallelism 2
refused "no parts" 'is not a number from 1' load export shop.yaml --to k6-operator --parallelism 0
refused "no scenario" 'missing.yaml' load export missing.yaml --to k6
finish
