# shellcheck shell=bash
# What a recorder of an engine keeps in the spool, for tests that have sourced tap.bash.

spool() { # SQL EXPRESSION: it is true of the first value
    python3 - "$@" <<'END' 2>/dev/null
import glob, sqlite3, sys
path = [p for p in glob.glob(".local/state/slowdive/waiting-*") if not p.endswith(("-wal", "-shm"))][0]
assert eval(sys.argv[2])(sqlite3.connect(path, timeout=20).execute(sys.argv[1]).fetchone()[0])
END
}
# The place of a log is kept with what waits for the server.
read_to_end() { spool "SELECT place FROM place" "lambda place: place.split()[2] == '$(stat -c %s live.log)'"; }
all_sent() { spool "SELECT count(*) FROM put" "lambda n: n == 0"; }
some_wait() { spool "SELECT count(*) FROM put" "lambda n: n > 0"; }
# must_await CONDITION...: without it the rest of the test would only wait.
must_await() {
    await "$@" && return
    ok "wait until $1" false
    finish
    exit 1
}
