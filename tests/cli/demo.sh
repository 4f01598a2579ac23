#!/bin/bash
# The incident that comes with slowdive: its recording shows all nine places, and the keys of contrib/demo/TOUR.md lead
# to what it says.
. "$(dirname "$0")/tap.bash"
tour=$root/contrib/demo/TOUR.md
recording=$root/contrib/demo/incident.slowdive
small() { [ "$(wc -c <"$recording")" -lt 3000000 ]; }
: >out
ok "the recording is there, and smaller than 3 MB" small

# ---- all nine places, with nothing but the recording ----
for place in 1 2 3 4 5 6 7 8 9; do
    # From the map: a place's digit goes on within it.
    printf 'key 0\nkey %s\nprint\n' "$place" >steps
    run replay --demo --script steps
    mv out place-$place
done
: >out
seen() { grep -qF -- "$2" "place-$1"; } # PLACE TEXT
ok "Home: an alert fires" seen 1 'fires:'
ok "Web: the slow endpoint" seen 2 '/customers/:id/orders'
ok "DB: its statement" seen 3 'SELECT id, placed_at'
ok "Code: the hot function" seen 4 'text_length'
ok "Cache: the application's" seen 5 'application'
ok "Pages: real users" seen 6 'Real users, by page'
ok "Load: the load test before the deploy" seen 7 'before-the-deploy.csv'
ok "Goals: what is missed" seen 8 'missed'
ok "Data: the sources" seen 9 'deploys.json'

# ---- the tour ----
# Its keys as steps, a screen at the end of each part, and what this is to show: "PART TEXT".
python3 - "$tour" <<'PY'
import re, sys
steps, wanted, part = [], [], 0
shown = False
for line in open(sys.argv[1]):
    said = re.match(r"> (.*)", line)
    if said:
        if not shown:
            part += 1
            steps.append("print")
        wanted.append(f"{part} {said.group(1)}")
        shown = True
        continue
    for key in re.findall(r"<kbd>(.*?)</kbd>", line):
        shown = False
        steps.append("key " + key)
open("steps", "w").write("\n".join(steps) + "\n")
open("wanted", "w").write("\n".join(wanted) + "\n")
PY
run replay --demo --script steps
ok "the keys of the tour exist" exited 0
# A screen of 24 lines each, an empty one between them.
awk 'BEGIN { n = 1 } { print > ("screen-" n); if (++line == 24) { line = -1; n++ } }' out
while read -r part text; do
    ok "tour, screen $part: $text" grep -qF -- "$text" "screen-$part"
done <wanted
# What needs a terminal or a server is refused here, but as that: the keys are those.
tail -n 1 steps | grep -qx 'key Q' || echo "# the tour does not end with Q"
for key in y:'There is no terminal to copy to' P:'there is no server'; do
    grep -q "[\`>]${key%%:*}[\`<]" "$tour" || echo "# ${key%%:*} is not in the tour"
    printf ': caches\nkey Down\nkey Enter\nkey %s\nprint\n' "${key%%:*}" >more
    run replay --demo --script more
    ok "key ${key%%:*} of the tour" says out "${key#*:}"
done
ok "it has eleven steps" [ "$(grep -c '^## [0-9]' "$tour")" = 11 ]

# ---- how it is asked for ----
refused "a file beside it" 'replay --demo takes no file' replay --demo x.slowdive --script steps
refused "the last flight beside it" 'one of --last and --demo' replay --demo --last --script steps
echo 'kpis: []' >own.yaml
printf 'key 8\nprint\n' >steps
run replay --demo --policy own.yaml --script steps
ok "a policy of one's own is used in place of the demo's" eval '! says out "feeds are fast"'
cp "$program" slowdive
program=$dir/slowdive
refused "a program without it says so" 'the recording of the demo is not installed' replay --demo --script steps
mkdir -p bin share/slowdive/demo
cp slowdive bin/
cp "$recording" "${recording%/*}/policy.yaml" share/slowdive/demo/
program=$dir/bin/slowdive
run replay --demo --script steps
ok "one finds it where it is installed beside it" says out 'feed'
finish
