#!/bin/bash
# The alerts of the console: what it shows of the state that evaluations have written, and what a person does
# about them there.
# shellcheck source=tests/cli/tap.bash
. "${0%/*}/tap.bash"

awk 'BEGIN { for (s = 0; s < 3600; s += 5) { m = s / 60
    printf "203.0.113.9 - - [20/Nov/2026:15:%02d:%02d +0000] \"GET /orders/%d HTTP/1.1\" 200 123 \"-\" \"ua\" rt=%.3f\n",
        m, s % 60, s % 7, (m >= 40) ? 0.300 : 0.050 } }' >access.log
run record -o rec.slowdive - <access.log
ok "a recording" exited 0
cat >policy.yaml <<'END'
kpis:
  - {name: api, signal: http.latency, quantile: 0.95, window: 2m, target: 100ms, alert: {above: 2x}, playbook: response-time}
  - {name: errors, signal: http.errors, target: 0.001, alert: {above: 0.01, severity: critical}}
escalations:
  default: [{after: 0s, to: chat}, {after: 5m, to: page}, {after: 10m, to: lead}]
receivers:
  chat: {type: command, command: [sh, -c, 'cat >>chat.got']}
  page: {type: command, command: [sh, -c, 'cat >>page.got']}
  lead: {type: pagerduty, url: 'http://127.0.0.1:1/events', routing_key: abcdefgh12345678}
END
evaluate() { # MINUTE STATE
    run alerts --policy policy.yaml --notify --state "$2" --at "2026-11-20T15:$1:00Z" access.log
}
console() { # STEPS, a line each: on the recording, with the state
    printf '%s\n' ': alerts' "$@" print >steps
    run replay rec.slowdive --policy policy.yaml --state state --size 120x40 --script steps
}
says_not() { ! grep -qF -- "$2" "$1"; }

# ---- without a state ----

mkdir state
console
ok "without a state the data alone is shown" says out 'no state, from the data alone'
ok "and what fires" says out 'api'
console 'key i'
ok "nothing is acknowledged without one" says out 'no evaluation has written a state into state'
ok "reading writes nothing" [ -z "$(ls state)" ]

# ---- reading it ----

evaluate 45 state
evaluate 50 state
cp state/alerts.json before.json
console
ok "the state is named by its moment" says out 'state of 15:50:00'
ok "the key of the incident is the state's" says out 'api@2026-11-20T15:45:00.000Z'
ok "and who was told" says out 'chat 15:45:00, page 15:50:00'
ok "and who is next" says out 'lead, at the next evaluation'
ok "reading writes nothing" cmp -s before.json state/alerts.json
console ': at 15:48:00'
ok "before its last evaluation it says what was known by then" says out 'chat 15:45:00'
ok "and not what came later" says_not out 'page 15:50:00'
ok "a step that came later is the next" says out 'page at 15:50:00'
console ': at 15:42:00'
ok "before the incident the data alone counts" says_not out 'T15:45:00.000Z'

# ---- a person ----

console 'key i' 'type eve' 'key Enter' 'key y'
ok "an alert is acknowledged" says out 'Acknowledged: no further steps are sent of it'
ok "and the view says by whom" says out 'acknowledged by eve'
ok "as the state does" grep -q '"acked_by":"eve"' state/alerts.json
console 'key i'
ok "twice is once" says out 'acknowledged already'
evaluate 58 state
ok "the next evaluation obeys" [ "$(grep -c lead state/alerts.json)" = 0 ]
console 'key ~' 'type deploy of the index' 'key Enter' 'key n'
ok "a silence that was not wanted" says out 'Nothing was done'
ok "is none" grep -q '"silences":\[\]' state/alerts.json
console ': silence 2h deploy' 'key y'
ok "a silence" says out 'Nothing is sent about it until 17:58:00: silence s1'
ok "is shown with its reason" says out 'silenced until 17:58:00: deploy'
console ': silence soon'
ok "a silence of no length" says out 'is no duration above 0'
console 'key ^' 'key y'
ok "a silence is ended" says out 'The silence s1 is over'
console 'key ^'
ok "once" says out 'Nothing silences this alert'
exec 9>state/alerts.lock
flock -n 9
console ': silence 2h deploy' 'key y'
ok "while another one evaluates it is refused" says out 'another slowdive evaluates the alerts of the state'
exec 9>&-
head -c 300 state/alerts.json >cut.json
cp state/alerts.json whole.json
cp cut.json state/alerts.json
console
ok "a damaged state is said, and the data shown" says out 'the state of the alerts is damaged'
cp whole.json state/alerts.json

# ---- the way to the receivers ----

console 'key @'
ok "the requests of a test are shown" says out 'POST http://127.0.0.1:1/***'
ok "without their secrets" says_not out abcdefgh12345678
ok "and how many would be sent" says out 'y sends these 4 requests now, marked [TEST]'
rm -f chat.got
console 'key @' 'key n'
ok "no sends nothing" [ ! -e chat.got ]
console 'key @' 'key y'
ok "nor does a script" says out 'A script sends nothing'

finish
