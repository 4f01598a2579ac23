#!/bin/bash
# What a history keeps in a form of its own: views of it say what those of the recording do.
# shellcheck source=tests/cli/tap.bash
. "${0%/*}/tap.bash"
servers=$root/contrib/private-clickhouse
stores=history:$dir/all.db
if command -v clickhouse-server >/dev/null; then
    trap '"$servers" stop "$dir/ch"; rm -rf "$dir"' EXIT
    eval "$("$servers" start "$dir/ch" --with $$)"
    stores+=" clickhouse://default@127.0.0.1:$CH_PORT_1/default"
else
    ok "in ClickHouse # SKIP there is no clickhouse-server" true
fi

cat >made.py <<'END'
import json
T, S = 1795190400 * 10**9, 10**9
def say(kind, at, **more):
    print(json.dumps({"kind": kind, "at": at, **more}).replace("Infinity", "1e999"))
for i in range(120):
    say("cache", T + 5 * i * S, interval_ns=5 * S, layer="proxy", name="nginx access.log", product="nginx",
        hits=100 + i, misses=50, bypassed=10, misses_expired=20)
    say("latency", T + 5 * i * S, interval_ns=5 * S, method="GET", route="/orders", rule="classic",
        evidence="http_seconds", count=10, errors=1, total_ns=2.5e9, lower_ns=[0, 1e8, 5e8],
        upper_ns=[1e8, 5e8, float("inf")], counts=[4, 5, 1])
for rule, scale, route in (("exponential", 3, "/otlp"), ("native", 5, "/prometheus")):
    for i in range(120):
        ends = [2 ** (k / 2**scale) * 1e9 for k in range(-60 - i % 20, -20 + i % 7)]
        say("latency", T + 5 * i * S, interval_ns=5 * S, method="GET", route=route, rule=rule, evidence="h",
            count=len(ends) - 1, errors=0, total_ns=1e9, lower_ns=ends[:-1], upper_ns=ends[1:],
            counts=[1] * (len(ends) - 1))
for at, name, size in ((T + 30 * S, "main.1.js", 90000), (T + 330 * S, "main.2.js", 101000)):
    say("bundle", at, path="dist/stats.json", build_kind="webpack_stats", modules=2, measured=1)
    for asset, size, initial in (("late.js", 3000, 0), (name, size, 1)):
        say("bundle_asset", at, name=asset, type="js", size_bytes=size, gzip_bytes=size // 3,
            brotli_bytes=size // 4, initial=initial)
for i in range(61):
    say("statement", T + 10 * i * S, query_id=7, database="d", role="r", text="select 1", calls=10 * i)
    say("table", T + 10 * i * S, database="d", schema="public", name="seldom_taken", seq_scan=10 * i)
    say("metric", T + 10 * i * S, name="a_gauge", unit="count", value=i % 7)
names = ["main", "serve"] + ["leaf%d" % i for i in range(100)]
for s in range(120):
    samples = [0, 1] + [(30 if i < 20 else 1) if (i + s) % 3 else 0 for i in range(100)]
    at = T + (s + 1) * S
    say("profile", at, name="app", format="perf", types=["cpu"], units=["ns"], values=[sum(samples) * 1e7],
        type="cpu", samples=sum(samples), duration_ns=S, functions=len(names), left_out=0, series=1)
    for name in names:
        say("profile_function", at, name=name, module="app.so")
    say("profile_tree", at, parents=[-1, 0] + [1] * 100, functions=list(range(len(names))), samples=samples,
        self=[n * 1e7 for n in samples])
END
cat >same.py <<'END'
import json, sys
view = sys.argv[1]
a, b = json.load(open("a.json")), json.load(open("b.json"))
if view == "functions":
    a, b = ({r["name"]: r for r in d["rows"]} for d in (a, b))
    keys = ("self_value", "total_value", "self_samples", "total_samples")
    exact = ["main", "serve"] + ["leaf%d" % i for i in range(20)]
    for name in exact:
        assert [a[name][k] for k in keys] == [b[name][k] for k in keys], (a[name], b[name])
    assert sum(r["self_value"] for r in a.values()) == sum(r["self_value"] for r in b.values())
    assert all(b[n]["self_value"] <= a[n]["self_value"] for n in b if n != "(other)")
else:
    keys = {"caches": ("name", "layer", "hits", "misses", "bypassed", "misses_expired", "hit_ratio"),
            "endpoints": ("method", "route", "count", "error_share", "mean_ns", "p50_ns", "p99_ns", "timed")}
    a, b = (sorted([r[k] for k in keys[view]] for r in d["rows"]) for d in (a, b))
    assert a and a == b, (a, b)
END
printf '#!/bin/sh\nexec python3 made.py\n' >source
chmod +x source
run record -o made.slowdive exec:./source
ok "a recording is made" exited 0
run functions made.slowdive
ok "every profile that a program told is whole in it" says out "cpu: 9.09 min, 54.5 k samples"

for view in caches endpoints functions; do
    run $view made.slowdive --format json --limit 0
    mv out $view.json
done
same() { # VIEW, of the recording and of the history, after what
    run "$1" "$all" --format json --limit 0
    sed '/"source":/d' out >"$1-${2// /-}-$store" # which differs
    cp out b.json
    cp "$1.json" a.json
    python3 same.py "$1" >out 2>err
}
compared() { # after what
    ok "$store: counts of intervals of a cache $1" same caches "$1"
    ok "$store: durations in buckets of someone else $1" same endpoints "$1"
    ok "$store: functions $1" same functions "$1"
}
as_many_endpoints() { # as the view has rows, those of others' histograms among them
    run history "$all" --format json
    python3 - <<'END'
import json
rows = json.load(open("endpoints.json"))["rows"]
said = json.load(open("out"))["endpoints"]
assert said == len({(r["method"], r["route"]) for r in rows}), said
END
}
short() { # VIEW TEXT: a minute within the steps
    run "$1" "$all" --at 2026-11-20T16:01:35Z --window 1m
    says out "$2"
}
narrow() { # in what steps, WHAT it has of REQUESTS, LOOKUPS and CALLS
    ok "$store: a minute of requests within $1" short endpoints "$2"
    ok "$store: a minute of a cache's intervals within $1" short caches "$3"
    ok "$store: a minute of functions within $1" short functions leaf10
    ok "$store: a minute of totals within $1" short queries "$4"
    ok "$store: a minute of readings within $1" short metrics a_gauge
    ok "$store: a minute without what is seldom taken within $1" short tables seldom_taken
}
for all in $stores; do
    store=${all%%:*}
    run history "$all" --import made.slowdive --at 2026-11-20T18:00:00Z
    ok "$store: imported" exited 0
    compared "as they came"
    ok "$store: endpoints are counted, also where others kept their histograms" as_many_endpoints
    narrow "ten seconds" "2/s" "last 60 s" "  60 "
    run history "$all" --import made.slowdive --at 2026-11-20T18:00:00Z
    compared "imported twice"
    run history "$all" --compact --at 2026-11-24T00:00:00Z
    compared "in minutes"
    run cache "$all" --select 'nginx access.log'
    ok "$store: one cache" says out '76.1 %'
    run bundle "$all"
    ok "$store: the files of the last build" eval 'says out main.2.js && says out late.js && ! says out main.1.js && says out "not the modules"'
    run flame "$all"
    ok "$store: the tree of calls" says out 'leaf1'
    run history "$all" --compact --at 2026-12-20T00:00:00Z
    compared "in steps of ten minutes"
    narrow "ten minutes" "1200" "last 10 min" " 600 "
    run history "$all" --verify
    ok "$store: it is as it should be" exited 0
done
# Profiles of a minute beside requests of ten seconds: neither keeps the other from a short window.
cat >made.py <<'END'
import json
T, S = 1795190400 * 10**9, 10**9
def say(kind, at, **more):
    print(json.dumps({"kind": kind, "at": at, **more}))
for i in range(240):
    say("http", T + i * S, interval_ns=S, method="GET", route="/x", count=2, errors=0, status_2xx=2, timed=2,
        total_ns=4e6, min_ns=2000000, max_ns=2000000)
    if i % 60 < 59:
        continue
    at = T + (i + 1) * S
    say("profile", at, name="app", format="perf", types=["cpu"], units=["ns"], values=[6e9], type="cpu",
        samples=600, duration_ns=60 * S, functions=2, left_out=0, series=1)
    for name in ("main", "part%d" % (i // 60)):
        say("profile_function", at, name=name, module="app.so")
    say("profile_tree", at, parents=[-1, 0], functions=[0, 1], samples=[0, 600], self=[0, 6e9])
END
run record -o coarse.slowdive exec:./source
run history history:coarse.db --import coarse.slowdive --at 2026-11-20T18:00:00Z
beside() { # AT PART: 20 s before it
    run endpoints history:coarse.db --at "2026-11-20T16:$1Z" --window 20s
    says out '  40   2/s' || return 1
    run functions history:coarse.db --at "2026-11-20T16:$1Z" --window 20s
    says out "$2" && says out 'in 1 min'
}
for at in 01:33 01:30 02:00; do
    ok "requests of 20 s to $at and the profile of the minute" beside $at part1
done
ok "requests of 20 s behind it" beside 02:10 part2
ok "and in the last one" beside 03:24 part3
all_equal() {
    for file in *-history; do
        cmp "$file" "${file%history}clickhouse" || return 1
    done
}
[ "$stores" = "$all" ] || ok "both stores answer the same" all_equal
finish
