#!/usr/bin/env bash
# What receivers of alerts are sent: shown first, sent with --yes only, no secret anywhere; the heartbeat; playbooks.
. "$(dirname "$0")/tap.bash"

command -v python3 >/dev/null || { echo "1..0 # SKIP no python3"; exit 0; }
python3 "$root/tests/cli/alert_receiver.py" &
receiver=$!
trap 'kill $receiver 2>/dev/null; rm -rf "$dir"' EXIT
until [ -s port ]; do kill -0 $receiver || exit 1; done
port=$(cat port)

umask 077
printf 'R0UTINGKEY\n' >pd.key
cat >policy.yaml <<POLICY
receivers:
  chat: {type: slack, url: 'http://127.0.0.1:$port/services/S3CRETPATH'}
  page: {type: pagerduty, url: 'http://127.0.0.1:$port/pd', routing_key_file: $dir/pd.key}
  lead: {type: command, command: [sh, -c, 'cat >lead.json']}
  deadman: {type: webhook, url_env: DEADMAN_URL}
heartbeat: {to: deadman, every: 5m}
POLICY
export DEADMAN_URL=http://127.0.0.1:$port/deadman
for i in 0 1 2 3 4 5 6 7 8 9; do line $((i * 5)) GET /orders/1 200 0.250; done >access.log
no_secret() { ! grep -rqE 'S3CRETPATH|R0UTINGKEY' out err state 2>/dev/null; }
never() { [ ! -e got ] && [ ! -e lead.json ]; }
got() { [ "$(grep -cF -- "$1" got)" = "$2" ]; }

run alerts --policy policy.yaml --test api
ok "--test shows every step" exited 0
ok "the chat's request" says out "POST http://127.0.0.1:$port/***"
ok "its headers" says out "Idempotency-Key: test/api@"
ok "its body" says out '{"text":"[TEST] api warning: 400 ms, limit 200 ms, over 5m\n'
ok "PagerDuty without its key" says out '{"routing_key":"***","event_action":"trigger"'
ok "and closed again" says out '"event_action":"resolve"'
ok "a command gets the webhook's JSON" says out '{"receiver":"lead","status":"firing"'
ok "nothing is sent without --yes" never
ok "no secret is shown" no_secret
run alerts --policy policy.yaml --test api --format json
ok "as JSON" says out '"status":	"planned"'
ok "no secret is in it" no_secret

run alerts --policy policy.yaml --test api --yes
ok "with --yes it is sent" exited 0
ok "to the chat" got '/services/S3CRETPATH test/api@' 1
ok "to PagerDuty twice" got '"routing_key":"R0UTINGKEY"' 2
ok "to the command" says lead.json '"status":"firing"'
ok "no secret is shown then" no_secret
rm -f got lead.json

chmod 644 pd.key
run alerts --policy policy.yaml --test api
ok "a key that others can read" exited 1
ok "is refused" says out "can be read by others"
chmod 600 pd.key
refused "an alert that is not there" 'there is no alert apy; did you mean "api"?' alerts --policy policy.yaml --test apy
refused "--yes alone" "--yes is of --test" alerts --policy policy.yaml --yes
cp policy.yaml slowdive-policy.yaml
refused "the policy of a checkout" "no step of an escalation goes to a receiver" alerts --test api
run alerts --notify --state other --at 2026-11-20T15:52:00Z access.log
ok "sends nothing" never
rm slowdive-policy.yaml

for at in 15:53:00 15:54:00 15:58:00; do
    run alerts --notify --policy policy.yaml --state state --at 2026-11-20T${at}Z access.log
    ok "an evaluation at $at" exited 0
done
ok "the heartbeat went twice" got '/deadman heartbeat@2026-11-20T15:5' 2
ok "and says what it is" got 'heartbeat warning: slowdive evaluates its alerts' 2
ok "an alert went to the chat once" got '/services/S3CRETPATH api@2026-11-20T15:53:00.000Z/0/chat/firing' 1
ok "no secret is in the state" no_secret

run alerts --playbook response-time --at 2026-11-20T15:52:30Z access.log
ok "a playbook" exited 0
ok "its steps" says out "1. Is it a traffic spike?"
ok "what is seen" says out "requests at 0.03"
run playbook access.log --select api --format json
ok "of an alert" says out '"playbook":	"response-time"'
ok "what the data cannot tell is null" says out '"finding":	null'
refused "one that is not there" 'there is no playbook cpuu; did you mean "cpu"?' playbook access.log --select cpuu
finish
