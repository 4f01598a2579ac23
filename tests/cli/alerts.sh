#!/bin/bash
# Alerts: what fires as of a moment, who is told of it once, and that a simulation says the same as
# evaluations one after the other.
# shellcheck source=tests/cli/tap.bash
. "${0%/*}/tap.bash"

# An hour of requests, one every 5 s: slow from minute 10 to 25, on and off until 35.
awk 'BEGIN { for (s = 0; s < 3600; s += 5) {
    m = s / 60
    slow = (m >= 10 && m < 25) || (m >= 25 && m < 35 && s % 240 < 120)
    printf "203.0.113.9 - - [20/Nov/2026:15:%02d:%02d +0000] \"GET /orders/%d HTTP/1.1\" 200 123 \"-\" \"ua\" rt=%.3f\n",
        m, s % 60, s % 7, slow ? 0.300 : 0.050 } }' >access.log
cat >policy.yaml <<'END'
kpis:
  - {name: api, signal: http.latency, quantile: 0.95, window: 2m, target: 100ms,
     alert: {above: 2x, for: 1m, keep_firing: 3m}, playbook: response-time}
  - {name: errors, signal: http.errors, target: 0.001, alert: {above: 0.01, severity: critical}}
slos:
  - {name: fast, objective: 0.9, window: 1d, signal: http.latency, good_below: 200ms, min_events: 10,
     pairs: [{long: 10m, short: 2m, factor: 2, severity: critical}]}
escalations:
  default: [{after: 0s, to: chat}, {after: 5m, to: page}, {after: 10m, to: lead}]
receivers:
  chat: {type: command, command: [sh, -c, 'cat >>chat.got']}
  page: {type: command, command: [sh, -c, 'cat >>page.got']}
  lead: {type: command, command: [sh, -c, 'cat >>lead.got']}
END

at() { # MINUTE ARGUMENTS...: one evaluation
    local minute=$1
    shift
    run alerts --policy policy.yaml --at "$(printf '2026-11-20T15:%02d:00Z' "$minute")" "$@" access.log
}

# ---- a simulation and a series ----

run alerts --policy policy.yaml --simulate --every 2m --format json --at 2026-11-20T15:50:00Z access.log
ok "a simulation ends with nothing that fires" exited 0
cp out simulated.json
: >series
for minute in $(seq 0 2 50); do
    at "$minute" --notify --state state --format json --every 2m
    [ "$status" = 0 ] || echo "# minute $minute: $status $(cat err)"
    cat out >>series
done
cat >compare.py <<'END'
import json
simulated = json.load(open("simulated.json"))
text, at, series = open("series").read(), 0, []
while text[at:].strip():
    document, end = json.JSONDecoder().raw_decode(text[at:].lstrip())
    at += len(text[at:]) - len(text[at:].lstrip()) + end
    series.append(document)
def plain(notices):
    return [{k: v for k, v in n.items() if k != "status"} for n in notices]
told = [n for d in series for n in plain(d["notifications"])]
assert len(series) == 26, len(series)
assert told == plain(simulated["notifications"]), (told, simulated["notifications"])
assert series[-1]["rows"] == simulated["rows"], (series[-1]["rows"], simulated["rows"])
keys = "alert kind severity state instance value value_unit threshold window_ns since fired_at resolved_at nodata acked_by acked_at silenced incident step next_step next_step_at playbook reason"
assert list(simulated["rows"][0]) == keys.split()
assert list(told[0]) == "at incident alert severity kind step receiver type attempts instances error".split()
assert list(simulated["timeline"][0]) == "at alert instance from to value".split()
states = {}
for line in simulated["timeline"]:
    assert states.get(line["alert"], "inactive") == line["from"]
    states[line["alert"]] = line["to"]
last = {}
for document in series:
    for row in document["rows"]:
        changes = [l for l in simulated["timeline"] if l["alert"] == row["alert"] and l["at"] <= document["at"]]
        assert row["state"] == (changes[-1]["to"] if changes else "inactive"), (document["at"], row)
api = [(n["at"][11:16], n["kind"], n["receiver"]) for n in told if n["alert"] == "api"]
first = api[0][0]
minute = int(first[3:])
assert api[:3] == [("15:%02d" % (minute + m), "firing", to) for m, to in ((0, "chat"), (6, "page"), (10, "lead"))], api
assert sorted(k for _, k, _ in api) == ["firing"] * 3 + ["resolved"] * 3, api
assert len({n["incident"] for n in told if n["alert"] == "api"}) == 1
END
ok "it says what one evaluation after the other says" python3 compare.py
ok "flapping was one incident: each receiver got two messages about it" \
    [ "$(grep -o '"groupKey": *"[^"]*api@' chat.got page.got lead.got | wc -l)" = 6 ]

# ---- the clock ----

cp state/alerts.json before.json
refused "an earlier moment" 'the clock of alerts only goes forward' \
    alerts --policy policy.yaml --notify --state state --at 2026-11-20T15:20:00Z access.log
ok "the state is untouched" cmp -s before.json state/alerts.json
refused "also without --notify" 'the clock of alerts only goes forward' \
    alerts --policy policy.yaml --state state --at 2026-11-20T15:20:00Z access.log
ok "the state is the user's alone" [ "$(stat -c %a state/alerts.json)" = 600 ]
rm -f ./*.got
at 15 --notify --state again
cp chat.got once.got
at 15 --notify --state again
ok "the same moment again sends nothing new" cmp -s chat.got once.got
ok "and says nothing" silent out

# ---- a crash ----

sed "s/cat >>chat.got/cat >>chat.got; kill -9 \$PPID/" policy.yaml >crash.yaml
rm -f ./*.got
run alerts --policy crash.yaml --notify --state crash --at 2026-11-20T15:15:00Z access.log 2>killed
ok "a program that was killed while it sent" exited 137
keys() { grep -o '"groupKey": *"[^"]*"' chat.got | grep -c fast; }
ok "had begun to send" [ "$(keys)" = 1 ]
at 16 --notify --state crash
ok "sends what it had begun again" [ "$(keys)" = 2 ]
ok "with the same key" [ "$(grep -o '"groupKey": *"[^"]*fast[^"]*"' chat.got | sort -u | wc -l)" = 1 ]
at 17 --notify --state crash
ok "and then no more" [ "$(keys)" = 2 ]

# ---- people ----

at 16 --notify --state people
run alerts --policy policy.yaml --state people --ack api --by eve --at 2026-11-20T15:16:30Z
ok "what is pending cannot be acknowledged" exited 2
run alerts --policy policy.yaml --state people --ack fast/critical --by eve --at 2026-11-20T15:16:30Z
ok "an incident is acknowledged" exited 0
at 17 --state people --format json
ok "by whom is told" says out '"acked_by":	"eve"'
run alerts --policy policy.yaml --state people --silence alert=api --for 1h --why deploy --at 2026-11-20T15:17:00Z
id=$(awk '{ print $NF }' out)
ok "the last word of a silence is its id" [ "$id" = s1 ]
rm -f ./*.got
at 18 --notify --state people --format json
ok "what is silenced is said" says out 'silenced: deploy'
for minute in 20 24 30; do at "$minute" --notify --state people; done
ok "and nobody is told" [ ! -e page.got ]
run alerts --policy policy.yaml --state people --unsilence "$id" --at 2026-11-20T15:31:00Z
ok "a silence is ended" exited 0
refused "a silence that is none" 'there is no silence s7' alerts --state people --unsilence s7
refused "a silence without an end" '--silence needs --for' alerts --state people --silence alert=api
refused "a silence of nothing" 'a silence names what it matches' alerts --state people --silence api --for 1h
refused "a key that is none" 'a silence has no key colour' alerts --state people --silence colour=red --for 1h

# ---- who may evaluate, and what is refused ----

exec 9>people/alerts.lock
flock -n 9
refused "a second evaluator" 'another slowdive evaluates the alerts' \
    alerts --policy policy.yaml --notify --state people --at 2026-11-20T15:40:00Z access.log
exec 9>&-
head -c 300 state/alerts.json >people/alerts.json
refused "a damaged state" 'people/alerts.json: the state of the alerts is damaged: it is cut or no JSON' \
    alerts --policy policy.yaml --notify --state people --at 2026-11-20T15:40:00Z access.log
refused "two things at once" '--notify and --simulate do not go together' alerts --notify --simulate access.log
refused "a part alone" '--by is of --ack, which is missing' alerts --by eve access.log

# ---- a source that cannot be read ----

cat >missing.yaml <<'END'
kpis:
  - {name: pool, signal: 'metric:pool.used', target: 0.5, alert: {above: 0.8, missing: fire}}
  - {name: api, signal: http.latency, quantile: 0.95, target: 100ms, alert: {above: 2x}}
escalations: {default: [{after: 0s, to: chat}]}
receivers:
  chat: {type: command, command: [sh, -c, 'cat >>dead.got']}
END
dead=prometheus:http://127.0.0.1:1/metrics
run alerts --policy missing.yaml --notify --state dead --format json access.log "$dead"
ok "an evaluation goes on without a server that is dead, and its status says so" exited 1
ok "why is said" says err 'cannot ask http://127.0.0.1:1/metrics'
ok "and in the document" says out '"unread":'
ok "what is missing fires with missing: fire" grep -q '"alertname":"pool"' dead.got
ok "its clock is the present, as when the server answers" says out "\"at\":	\"$(date -u +%Y-)"
run alerts --policy missing.yaml --state dead2 access.log "$dead"
ok "also without --notify" exited 1
refused "a word that is no source" 'cannot open nosource' alerts --policy missing.yaml --state dead access.log nosource

# ---- a folder's policy ----

# What a checkout holds does not send.
mkdir checkout && cd checkout || exit 1
cp ../policy.yaml slowdive-policy.yaml
run alerts --notify --state s --at 2026-11-20T15:16:00Z ../access.log
ok "the policy of a folder sends nothing" [ ! -e chat.got ]
run alerts --simulate ../access.log --at 2026-11-20T15:16:00Z --format json
ok "and a simulation says that it is withheld" says out '"status":	"withheld"'

finish
