#!/bin/bash
# Histories: what is imported is there once; the state, upkeep and refusals of the verb. What recorders write is
# in history_record.sh, how exact percentiles are in history_views.sh.
# shellcheck source=tests/cli/tap.bash
. "${0%/*}/tap.bash"

# Ten minutes of requests to three endpoints.
python3 - <<'END'
import time
now = int(time.time()) // 10 * 10 - 600
for name, start in (("new.log", now), ("old.log", now - 86400 * 30), ("ancient.log", now - 86400 * 500)):
    with open(name, "w") as f:
        for i in range(600):
            at = time.strftime("%d/%b/%Y:%H:%M:%S", time.gmtime(start + i))
            f.write('203.0.113.9 - - [%s +0000] "GET /r%d HTTP/1.1" %d 100 "-" "ua" rt=0.%03d\n'
                    % (at, i % 3, 500 if i % 50 == 0 else 200, i % 400 + 1))
END
cat >fields.py <<'END'
import json, sys
d = json.load(open("out"))
want = "view url schema size_bytes hosts endpoints oldest newest tiers gaps lost".split()
missing = [k for k in want if k not in d]
tiers = [k for t in d["tiers"] for k in "step_ns keep_ns rows size_bytes oldest newest".split() if k not in t]
assert not missing and not tiers, (missing, tiers)
assert [t["step_ns"] for t in d["tiers"]] == [10 * 10**9, 60 * 10**9, 600 * 10**9, 3600 * 10**9]
assert [t["keep_ns"] for t in d["tiers"]] == [n * 86400 * 10**9 for n in (2, 14, 90, 400)]
for key, value in (a.split("=") for a in sys.argv[1:]):
    assert str(eval("d" + key)) == value, (key, eval("d" + key), value)
END

# ---- import ----

refused "there is no history yet" "h.db" history history:h.db
run history history:h.db --import new.log --host web1 --format json
ok "a log is imported" exited 0
ok "into the finest tier, by its host" python3 fields.py "['endpoints']=3" "['hosts']=1" \
    "['by_host'][0]['host']=web1" "['import']['refused']=0" "['tiers'][1]['rows']=0"
ok "the file is the user's alone" [ "$(stat -c %a h.db)" = 600 ]
cp out first
run history history:h.db --import ./new.log --host web1 --format json
cat >same.py <<'END'
import json
a, b = json.load(open("first")), json.load(open("out"))
assert [t["rows"] for t in a["tiers"]] == [t["rows"] for t in b["tiers"]]
assert [(t["oldest"], t["newest"]) for t in a["tiers"]] == [(t["oldest"], t["newest"]) for t in b["tiers"]]
END
ok "the same again changes nothing" python3 same.py
run history history:h.db --import old.log --host web1 --format json
ok "what is older than there was goes into the tier for its age" python3 fields.py "['tiers'][1]['rows']=0" \
    "['tiers'][2]['rows']>0=True" "['import']['refused']=0"
run history history:h.db --import new.log --host web2 --format json
ok "the same log of another host is another run" python3 fields.py "['hosts']=2"
refused "data that is too old for every tier" "records are older" history history:h.db --import ancient.log
refused "a source that is not there" "nothing.log" history history:h.db --import nothing.log
run history history:h.db --verify --format json
ok "all of it is sound" python3 fields.py "['sound']=True"
run history history:h.db
ok "for people it says what matters first" says out "hosts 2, endpoints 3"

# An import of several puts that nothing lies between.
python3 - <<'END'
import time
with open("pauses.log", "w") as f:
    for i in range(20000):
        at = time.strftime("%d/%b/%Y:%H:%M:%S", time.gmtime(1795190400 + i * 300))
        f.write('203.0.113.9 - - [%s +0000] "GET /r%d HTTP/1.1" 200 100 "-" "ua" rt=0.%03d\n' % (at, i % 50, i % 400 + 1))
END
run history history:pauses.db --import pauses.log --host web1 --at 2027-01-30T00:00:00Z --format json
ok "pauses in a log are no gaps" python3 fields.py "['gaps']=[]" "['import']['refused']=0"

# A recording is a source like another one.
run record -o r.slowdive --for 2s new.log
run history history:rec.db --import r.slowdive --host web1 --format json
ok "a recording is imported" python3 fields.py "['endpoints']=3" "['import']['refused']=0"

# ---- compaction, the clock is --at ----

run history history:c.db --import new.log --host web1
run history history:c.db --compact --at "$(date -u -d '+3 days' +%Y-%m-%dT%H:%M:%SZ)" --format json
ok "three days later it is in the second tier" python3 fields.py "['tiers'][0]['rows']=0" "['tiers'][1]['rows']>0=True"
run history history:c.db --compact --at "$(date -u -d '+500 days' +%Y-%m-%dT%H:%M:%SZ)" --format json
ok "500 days later it is gone" python3 fields.py "['tiers'][3]['rows']=0" "['oldest']=None"

# ---- refusals ----

refused "two things at once" "do not go together" history history:h.db --compact --verify
refused "an import needs its source" "needs a value" history history:h.db --import
refused "the host is of an import" "--host is of --import" history history:h.db --host web1
refused "a moment that is none" "--at" history history:h.db --compact --at nonsense
refused "a history is named by its URL" "history:PATH" history h.db --compact
echo "no database" >text
chmod 600 text
refused "another file is no history" "text" history history:text
refused "a folder is none" "history" history history:/tmp --compact
cat >bad.yaml <<'END'
history: {tiers: {10s: 2d, 15s: 3d}}
END
refused "tiers that do not fit each other" "bad.yaml:1" history history:h.db --policy bad.yaml
run history history:h.db --print-schema
ok "the statements of its tables" says out "CREATE TABLE"
head -c 9000 h.db >cut.db
chmod 600 cut.db
run history history:cut.db --verify
ok "a file that is cut is damaged" exited 1

finish
