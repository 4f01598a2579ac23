#!/bin/bash
# `scale`: a trace replayed against policies, beside a simulation of its own; exit statuses and refusals.
. "$(dirname "$0")/tap.bash"
here=$root/tests/cli

# is EXPRESSION TEXT: of the JSON in out, d; r has its rows by policy.
is() { [ "$(python3 -c 'import json; d = json.load(open("out")); r = {x["policy"]: x for x in d["rows"]}; print(('"$1"'))')" = "$2" ]; }

python3 "$here/scale_made.py" make trace.csv policy.yaml
run scale trace.csv --policy policy.yaml --format json
ok "a trace is replayed" exited 0
ok "its keys in order" is '" ".join(d)' 'view step_ns steps rows decisions trend verdict'
ok "and those of its rows" is '" ".join(d["rows"][0])' 'policy violations violation_share overload_share instance_hours cost peak_instances actions'
ok "and of decisions" is '" ".join(d["decisions"][0])' 'time policy instances reason'
python3 "$here/scale_made.py" check trace.csv policy.yaml out >checked
sed 's/^/# /' checked
ok "as a simulation of single instances has it" says checked 'the same'
ok "predictive: a quarter of the violations, 1.3 times the cost" is 'r["predictive"]["violations"] <= r["reactive"]["violations"] / 4, r["predictive"]["cost"] <= 1.3 * r["reactive"]["cost"]' '(True, True)'
ok "none in the event" says checked 'in the event: 0'
run scale - --policy policy.yaml <trace.csv
ok "of standard input, for people" says out 'Predictive:'
run capacity estimate:trace.csv?policy=policy.yaml --format text
ok "as a pane" says out 'Predictive:'

run capacity 'estimate:trace.csv?horizon=12&ceiling=100000' --format text
ok "without a policy it is a series to be forecast" says out Forecast

refused "no policy" 'needs --policy' scale trace.csv
echo 'instance: {rate: 100, start: 5m}' >bad.yaml
refused "no moment to begin" 'bad.yaml:1:1: a policy has no from' scale trace.csv --policy bad.yaml
sed 's/^from: .*/from: 2020-01-01T00:00:00Z/' policy.yaml >early.yaml
refused "no history" 'at least one step of history' scale trace.csv --policy early.yaml
sed 's/^from: .*/from: 2036-01-01T00:00:00Z/' policy.yaml >late.yaml
refused "nothing left" 'nothing is left' scale trace.csv --policy late.yaml
sed '2000s/,.*/,-1/' trace.csv >negative.csv
refused "a negative rate" 'is negative' scale negative.csv --policy policy.yaml
sed '5000s/,.*/,/' trace.csv >gap.csv
refused "unknown where it is judged" 'what is not known cannot be judged' scale gap.csv --policy policy.yaml
sed '100s/,.*/,/' trace.csv >gap.csv
run scale gap.csv --policy policy.yaml --format json
ok "unknown before is a gap" exited 0
finish
