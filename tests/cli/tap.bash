# tap.bash - for the tests that speak the user's language: a command and its output.
# Sourced by tests/cli/*.sh, which end with `finish`. $dir is an empty folder and the
# working one; slowdive is the program built, or $SLOWDIVE. Each check is a TAP line.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=${SLOWDIVE:-$root/build/slowdive}
dir=$(mktemp -d "${TMPDIR:-/tmp}/slowdive-cli.XXXXXX")
trap 'leave' EXIT
cd "$dir" || exit 1
export HOME=$dir LC_ALL=C.UTF-8 TZ=UTC
unset SLOWDIVE_CONFIG XDG_CONFIG_HOME XDG_STATE_HOME DATABASE_URL PGHOST PGPORT PGUSER PGDATABASE PGSERVICE
count=0 bad=0

# What runs in the background goes with the test, also one that is ended.
leave() {
    local left
    left=$(jobs -p)
    # shellcheck disable=SC2086
    [ -z "$left" ] || { kill -KILL $left; wait $left; } 2>/dev/null
    rm -rf "$dir"
}

# run ARGUMENTS...: runs slowdive; $status, and the files out and err hold what it said.
run() {
    timeout 30 "$program" "$@" >out 2>err
    status=$?
}
# ok WHAT CONDITION...: one test; the condition is a command.
ok() {
    local what=$1
    shift
    count=$((count + 1))
    if "$@"; then
        echo "ok $count - $what"
    else
        bad=$((bad + 1))
        echo "not ok $count - $what"
        echo "# wanted: $*; status $status"
        sed 's/^/# out: /' out | head -20
        sed 's/^/# err: /' err | head -20
    fi
}
# refused WHAT SENTENCE ARGUMENTS...: exit 2, nothing on standard output, one line on
# standard error that holds SENTENCE.
refused() {
    local what=$1 sentence=$2
    shift 2
    run "$@" </dev/null
    ok "$what" is_refusal "$sentence"
}
is_refusal() { [ "$status" = 2 ] && [ ! -s out ] && [ "$(wc -l <err)" = 1 ] && grep -qF -- "$1" err; }
says() { grep -qF -- "$2" "$1"; }       # FILE TEXT
silent() { [ ! -s "$1" ]; }             # FILE
exited() { [ "$status" = "$1" ]; }      # STATUS
# await CONDITION...: until it holds; false after two minutes, which only what hangs takes.
await() {
    local i
    for ((i = 0; i < 1200; i++)); do
        "$@" && return 0
        sleep 0.1
    done
    return 1
}
# catches SIGNAL PID: has it come so far? A signal before that is ignored, or ends it at once. The shell's own
# child that has ended catches nothing any more, and is no reason to wait.
catches() {
    local caught
    [ "/proc/$2/exe" -ef "/proc/$$/exe" ] && return 1
    caught=$(awk '$1 == "SigCgt:" { print $2 }' "/proc/$2/status" 2>/dev/null)
    [ -z "$caught" ] || [ $((0x$caught >> ($(kill -l "$1") - 1) & 1)) = 1 ]
}
# stop SIGNAL PID: ends a child of this shell; $status is what came of it.
stop() {
    [ "$1" = KILL ] || await catches "$1" "$2"
    kill -s "$1" "$2"
    status=0
    wait "$2" 2>/dev/null || status=$?
}
finish() {
    echo "1..$count"
    [ "$bad" = 0 ]
}

# line SECOND METHOD URL STATUS SECONDS: of an access log with request times.
line() {
    printf '203.0.113.9 - - [20/Nov/2026:15:51:%02d +0000] "%s %s HTTP/1.1" %s 123 "-" "ua" rt=%s\n' "$@"
}
