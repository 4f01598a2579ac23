#!/bin/bash
# Reports of Lighthouse: what is said of files and folders of them, of a page loaded by a stand-in for the command
# `lighthouse`, and of what is no report.
. "$(dirname "$0")/tap.bash"
data=$root/tests/data/lighthouse
# value EXPRESSION: of the JSON in out, where d is the document, p its first page, r its first report.
value() {
    python3 -c 'import json
d = json.load(open("out"))
p = (d.get("pages") or [None])[0]
r = (d.get("reports") or [None])[0]
print(('"$1"'))'
}
is() { [ "$(value "$1")" = "$2" ]; }

# ---- files and folders ----
cp -r "$data/runs" reports
echo 'not JSON' >reports/notes.txt
echo '{"lighthouseVersion": "12.8.2", "audits": {' >reports/cut.json
run pages reports --format json
ok "a folder of reports is read" exited 0
ok "each is told with its path, in order" is '[x["path"] for x in d["reports"]]' "['reports/lhr-1.json', 'reports/lhr-2.json', 'reports/lhr-3.json', 'reports/lhr-4.json']"
ok "scores are recomputed, not copied" is '[(m["id"], m["score"], m["score_reported"]) for m in r["metrics"] if m["score"] != m["score_reported"]]' "[('tbt', 0.42, 0.41), ('cls', 0.84, 0.85)]"
ok "and so is the sum" is '[(x["score"], x["score_reported"]) for x in d["reports"]]' '[(0.61, 0.61), (0.69, 0.7), (0.82, 0.82), (None, None)]'
ok "a run that failed has no result, never 0" is '[(m["score"], m["value_ns"], m["value"]) for m in d["reports"][3]["metrics"]] + [d["reports"][3]["runtime_error"]]' "[(None, None, None), (None, None, None), (None, None, None), (None, None, None), (None, None, None), 'NO_FCP']"
ok "one row for the page" is 'len(d["pages"]), p["page"], p["form_factor"], p["runs"], p["no_result"], p["score"], p["median_run"]' "(1, 'https://shop.example/products/42', 'mobile', 3, 1, 0.69, 'reports/lhr-2.json')"
ok "median and spread of the runs" is '[(m["id"], m["median_ns"], m["low_ns"], m["high_ns"]) for m in p["metrics"]][1]' "('lcp', 4653187300, 4500000000, 4820250000)"
ok "the shift is a plain number" is '[(m["median"], m["low"], m["high"], m["median_ns"]) for m in p["metrics"] if m["id"] == "cls"]' '[(0.12, 0.02, 0.12, None)]'
ok "opportunities by time, bytes and name" is '[(o["audit"], o["saving_ns"], o["saving_bytes"]) for o in r["opportunities"]][1:4]' "[('render-blocking-resources', 640000000, 0), ('unused-javascript', 450000000, 187654), ('uses-text-compression', 450000000, 90000)]"
ok "the element of the largest paint" is 'r["lcp_element"]' 'main > img.hero'
ok "what moved, the largest first" is '[(x["element"], x["score"]) for x in r["cls_sources"]]' "[('aside > div.ad', 0.1), ('footer', 0.02)]"
ok "third parties" is 'r["third_parties"][0]' "{'entity': 'YouTube', 'transfer_bytes': 812345, 'main_thread_ns': 740500000, 'blocking_ns': 310250000}"
ok "files that are no report are told" is '[n in " ".join(d["notes"]) for n in ("notes.txt", "links.json", "cut.json")]' '[True, True, True]'
ok "and what is wrong with one" is '"cut.json cannot be read: the JSON is cut off" in " ".join(d["notes"])' True

run pages "$data/blank.json"
ok "without a result the cause is told" says out 'no result: NO_FCP'
run page reports
ok "one page: what it waits for" says out 'Largest paint  main > img.hero'
ok "what blocks it" says out 'app.css  Stylesheet'
ok "and what would spare a third party" says out 'lite-youtube-embed'
run page reports --select /products/:id --format json
ok "a page by its template" is 'd["page"]' https://shop.example/products/42
run page reports --select /nowhere
ok "one that is not there" says err 'No report of a page "/nowhere" is known'
for format in md csv; do
    run pages reports --format $format
    ok "as $format" says out '/products/42'
done
run overview reports
ok "a poor vital is a line of the overview" says out 'LCP 4.65 s in the lab, poor'
run record -o r.slowdive reports
run pages r.slowdive --format json
ok "a recording says the same" is 'p["score"], len(d["reports"])' '(0.69, 4)'
ln -s reports/lhr-1.json one
run pages one --format json
ok "a report is known by its content" is 'r["path"], p["runs"]' "('one', 1)"

for version in 6.4.0 7.0.0; do
    printf '{"lighthouseVersion": "%s", "finalUrl": "https://a/", "audits": {}, "configSettings": {"formFactor": "mobile", "emulatedFormFactor": "desktop"}}' $version >both.json
    run pages both.json --format json
    ok "what is emulated, by version $version" is 'r["form_factor"]' "$(test $version = 7.0.0 && echo mobile || echo desktop)"
done

# ---- what is no report ----
mkdir empty
refused "a folder without a report" 'is a folder; name a file in it' pages empty
refused "the same by its kind" 'empty holds no report of Lighthouse' pages lighthouse:empty
refused "a file that is cut" 'cannot be read: the JSON is cut off' pages lighthouse:reports/cut.json
refused "a file of something else" 'is no report of Lighthouse' pages lighthouse:reports/links.json
python3 -c 'print("{\"lighthouseVersion\":\"12\",\"audits\":" + "[" * 1000000)' >deep.json
refused "a million levels" 'is nested deeper' pages deep.json

# ---- loading a page ----
refused "a URL is not loaded unasked" 'loaded when you say how often: --runs 3' pages https://shop.example/
refused "runs of nothing" '--runs needs the URL of a page' pages reports --runs 2
mkdir bin none
cat >bin/lighthouse <<'EOF'
#!/bin/bash
echo "$@" >>asked
for a; do case $a in --output-path=*) to=${a#*=} ;; esac; done
dirname "$to" >folder
n=$(wc -l <asked)
case $FAKE in
good) cp "$DATA/runs/lhr-$n.json" "$to"; [ "$n" != 4 ] ;;
garbage) echo '<html>' >"$to" ;;
fails) echo 'Error: connect ECONNREFUSED' >&2; exit 1 ;;
stuck)
    sleep 1000 &
    echo $! >left
    setsid sleep 1000 &
    echo $! >>left
    trap '' INT
    while :; do read -r _ <>never; done
    ;;
hangs) read -r _ <>never & trap 'kill $!; echo stopped >>asked; exit 130' INT; echo $$ >left; wait ;;
esac
EOF
chmod +x bin/lighthouse
export DATA=$data
PATH=$dir/none "$program" pages https://shop.example/ --runs 1 >out 2>err
status=$?
ok "the command is not installed" is_refusal 'npm install -g lighthouse'
mkfifo never
export PATH=$dir/bin:$PATH
FAKE=good run pages 'https://shop.example/products/42?runs=7&a=b' --runs 4 --format json
ok "as many runs as asked, in one batch" is 'len(d["reports"]), p["runs"], p["no_result"], p["median_run"]' "(4, 3, 1, 'run 2')"
ok "the URL is given as it is" says asked 'https://shop.example/products/42?runs=7&a=b --output=json'
ok "the browser has no window" says asked '--headless=new'
ok "nothing stays behind" eval '[ ! -e "$(cat folder)" ]'
: >asked
FAKE=fails run pages https://shop.example/ --runs 3
ok "a run that fails: its words" says err 'wrote no report: Error: connect ECONNREFUSED'
ok "and no more runs" eval '[ "$(wc -l <asked)" = 1 ]'
: >asked
FAKE=garbage run pages https://shop.example/ --runs 1
ok "a report that is none" says err 'lighthouse wrote a report that'
: >asked
FAKE=hangs run pages 'lighthouse:https://shop.example/?run_within=1s'
ok "a run that hangs is ended" says err 'did not end within 1 s'
ok "politely, so that it ends its browser" says asked stopped
ok "and its folder is removed" eval '[ ! -e "$(cat folder)" ]'
FAKE=stuck run pages 'lighthouse:https://shop.example/?run_within=1s'
ok "one that does not end either" says err 'did not end within 1 s'
# All whose numbers are in left are gone; the net of 20 s is for those who do not end.
ended() {
    local gone=
    for _ in $(seq 200); do
        gone=yes
        for pid in $(cat left); do
            case $(ps -o stat= -p "$pid") in '' | Z*) ;; *) gone= ;; esac
        done
        [ -n "$gone" ] && return
        read -r -t 0.1 _ <>never
    done
    return 1
}
ok "its children end with it, of another session, too" ended
rm left
FAKE=hangs "$program" pages https://shop.example/ --runs 1 >out 2>err &
for _ in $(seq 200); do [ -s left ] && break || read -r -t 0.1 _ <>never; done
kill -TERM $!
wait $!
status=$?
ok "a signal ends slowdive" exited 143
ok "and the run with it" ended
finish
