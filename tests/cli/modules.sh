#!/bin/bash
# Sources as modules: a program without any source, and modules beside it, each with what it needs.
. "$(dirname "$0")/tap.bash"

late=${SLOWDIVE_LATE:-$root/build/tests/modules/slowdive}
modules=${SLOWDIVE_MODULES:-$root/build/modules}
static=$program
needed() { readelf -d "$1" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p'; }
lacks() { # FILE LIBRARY...
    local file=$1 lib
    shift
    for lib; do ! needed "$file" | grep -q "^$lib\." || return 1; done
}

for i in $(seq 0 9); do line "$i" GET "/orders/$i" 200 0.010; done >good.log
mkdir some
cp "$modules"/{log,exec,postgres,history}.so some/
chmod 755 some
chmod 644 some/*

ok "the program needs no library of a source" \
    lacks "$late" libpq libcurl libhiredis libssl libsqlite3 libnghttp2 libdw libelf liblzma
ok "log.so needs none of another source" lacks "$modules/log.so" libpq libcurl libhiredis libssl libsqlite3 libdw

program=$static
run sources
mv out wanted
run endpoints good.log --format json
sed 's/"version": *"[^"]*"//' out >wanted.json
program=$late
run sources --set module_path="$modules"
grep -v '^ *from /' out >listed
ok "all modules give what the one program has" cmp -s listed wanted
run endpoints good.log --format json --set module_path="$modules"
ok "a log is read by its module" [ "$status" = 0 ]
sed 's/"version": *"[^"]*"//' out >listed.json
ok "with the same answer" cmp -s listed.json wanted.json

run sources --set module_path="$dir/some"
ok "what is not here is said, with its package" \
    says out "redis      not here: the module redis.so is not installed; on Debian it is in the package slowdive-source-redis"
run endpoints good.log --set module_path="$dir/some"
ok "which is nothing to whom does not ask for it" [ "$status" = 0 -a ! -s err ]
refused "to whom does it is one sentence" "there is no source redis here: the module redis.so is not installed" \
    status redis://127.0.0.1:1 --set module_path="$dir/some"
refused "of a kind in front, too" "there is no source perf here: the module perf.so is not installed" \
    functions perf:1 --set module_path="$dir/some"
printf 'target: http://127.0.0.1:1\nstages: [{for: 1s, rate: 1}]\nrequests: [{name: a, path: /}]\n' >scenario.yaml
refused "load without its module" "the module load.so is not installed" \
    load run scenario.yaml --set module_path="$dir/some"
echo "what is this" >odd.file
refused "what no source knows says which are not here" "as in log:odd.file; not installed: profile, profile_url, perf, audit" \
    functions odd.file --set module_path="$dir/some"
run history history:"$dir/h.db" --import good.log --set module_path="$dir/some"
ok "a history is written by its module" [ "$status" = 0 -a -s "$dir/h.db" ]
run endpoints history:"$dir/h.db" --at 2026-11-20T15:52:00Z --set module_path="$dir/some"
ok "and read" says out "/orders/"
run history history:"$dir/h.db" --format json --set module_path="$dir/some"
ok "and described" says out '"rows"'
mkdir none
refused "without it there is no history" "the module history.so is not installed; on Debian it is in the package slowdive-source-history" \
    history history:"$dir/h.db" --set module_path="$dir/none"

# Every function that the program looks for is in its module.
tr -d '\n' <"$root/src/app/late.c" | grep -o 'LATE("[a-z]*", [^,]*, *[a-z_]*,' |
    sed 's/LATE("\([a-z]*\)".*[ ,]\([a-z_]*\),$/\1 \2/' >wanted
while read -r module name; do
    nm -D --defined-only "$modules/$module.so" | grep -q " T $name$" || echo "$module.so has no $name"
done <wanted >out
ok "the modules have the functions that the program calls" [ ! -s out -a "$(wc -l <wanted)" -ge 16 ]

# A module that does not belong to this program.
if cc -shared -fPIC -o some/notify.so -xc - <<<'const char slowdive_part[] = "0.0.1";' && chmod 644 some/notify.so; then
    printf 'receivers:\n  r: {type: webhook, url: "http://127.0.0.1:1/"}\nescalations:\n  default: [{after: 0s, to: r}]\n' >policy.yaml
    run alerts --yes --test api --policy policy.yaml --set module_path="$dir/some"
    ok "a module of another version is not used" grep -q "notify.so belongs to slowdive 0.0.1, this is" out err
fi

# What is a command is hidden from the list of processes before any module is loaded.
"$late" status 'exec:sleep 5; : secret-word' --for 3s --set module_path="$dir/some" >/dev/null 2>&1 &
pid=$!
for _ in $(seq 200); do grep -qaF 'exec:sleep' /proc/$pid/cmdline && ! grep -qa secret-word /proc/$pid/cmdline && break; done
ok "a command is hidden" bash -c "! grep -qa secret-word /proc/$pid/cmdline"
kill $pid 2>/dev/null
wait $pid 2>/dev/null
finish
