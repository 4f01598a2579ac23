#!/bin/bash
# The policy file: where it is found, what is refused, what is odd about it.
# shellcheck source=tests/cli/tap.bash
. "${0%/*}/tap.bash"

{
    line 1 GET /orders/1 200 0.100
    line 2 GET /orders/2 200 0.200
} >access.log

run --print-policy
ok "the default is printed with its comments" says out '# What is measured, and how good it must be.'
cp out default.yaml
run endpoints access.log --policy default.yaml
ok "and is read back" exited 0
ok "without a word" silent err
sed 's/#  - /  - /; s/^#  \([a-z]\)/  \1/; s/: \[\]$/:/; s/^receivers: {}/receivers:/; s/^# \(costs\|heartbeat\): /\1: /; s/# url:/url:/; s/^#    /    /' \
    default.yaml >all.yaml
run endpoints access.log --policy all.yaml
ok "its examples are right as well" exited 0
ok "but for what they do not show" [ "$(cat err)" = 'slowdive: heartbeat: there is no receiver "deadman"; it is not sent' ]

printf '{"kpis": [{"name": "a", "signal": "http.errors", "target": 0.01}],\n "slos": []}\n' >policy.json
run endpoints access.log --policy policy.json
ok "JSON is YAML" exited 0
run endpoints access.log --policy - <policy.json
ok "also from standard input" exited 0

printf 'kpis: []\nslos:\n  - {name: up, objective: 0.999, signal: http.errors, window: 30}\n' >bad.yaml
refused "a mistake" 'bad.yaml:3:63: window is not understood' endpoints access.log --policy bad.yaml
printf 'kpi: []\n' >bad.yaml
refused "a misspelt section" 'bad.yaml:1:1: unknown key "kpi" in a policy; did you mean "kpis"?' \
    endpoints access.log --policy bad.yaml
printf 'receivers: {a: {type: slack, url: [https://hooks.example.com/hunter2]}}\n' >bad.yaml
refused "a secret in the wrong place" 'url is a list; expected a text' endpoints access.log --policy bad.yaml
ok "is not told" [ "$(grep -c hunter2 err)" = 0 ]
printf 'a: &x 1\nb: [*x, *x]\n' >bad.yaml
refused "a reference" 'references such as *x are not supported' endpoints access.log --policy bad.yaml
head -c 9000000 /dev/zero | tr '\0' '#' >bad.yaml
refused "a file that is too large" 'is larger than 8' endpoints access.log --policy bad.yaml
printf 'kpis: [{name: "\033[31m", signal: x}]\n' >bad.yaml
refused "control characters" 'bad.yaml:1:' endpoints access.log --policy bad.yaml
ok "do not reach the terminal" [ "$(tr -d '\n' <err | tr -d '[:print:]' | wc -c)" = 0 ]
refused "a file that is not there" 'none.yaml' endpoints access.log --policy none.yaml
printf 'kpis: []\n' >open.yaml
chmod 666 open.yaml
refused "a file that others may write to" 'open.yaml' endpoints access.log --policy open.yaml

# Where it is found.
mkdir -p .config/slowdive
echo 'kpis: 1' >.config/slowdive/policy.yaml
refused "the user's own policy is read" '.config/slowdive/policy.yaml:1:7: kpis is not understood' \
    endpoints access.log
refused "by check as well" '.config/slowdive/policy.yaml:1:7:' check access.log
echo 'kpis: []' >slowdive-policy.yaml
run endpoints access.log
ok "before it the folder's, for a printed view" exited 0
refused "but not for others" '.config/slowdive/policy.yaml:1:7:' record -o x.slowdive access.log
run endpoints access.log --policy policy.json
ok "--policy before both" exited 0
echo 'kpis: 2' >slowdive-policy.yaml
refused "a mistake in the folder's" 'slowdive-policy.yaml:1:7: kpis is not understood' endpoints access.log
rm slowdive-policy.yaml
mkfifo slowdive-policy.yaml
refused "a pipe in its place is not waited for" 'slowdive-policy.yaml is no regular file' endpoints access.log
rm slowdive-policy.yaml
echo 'kpis: []' >slowdive-policy.yaml
chmod 666 slowdive-policy.yaml
run endpoints access.log
ok "it may be anybody's: nothing is sent or run by it" exited 0
rm slowdive-policy.yaml .config/slowdive/policy.yaml

# Objectives of other programs.
cat >openslo.yaml <<'END'
apiVersion: openslo/v1
kind: SLO
metadata: {name: up}
spec:
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.05}]
END
run endpoints access.log --policy openslo.yaml
ok "OpenSLO is read" exited 0
ok "a pair that can never fire is said" \
    says err 'slo up: pair 1 can never fire: at an objective of 0.05 no burn rate is above 1.053, and its factor is 14.4'
sed -i 's/Occurrences/Timeslices/' openslo.yaml
refused "another budgeting method" \
    'openslo.yaml:6:20: budgetingMethod Timeslices is not supported; expected Occurrences' \
    endpoints access.log --policy openslo.yaml
finish
