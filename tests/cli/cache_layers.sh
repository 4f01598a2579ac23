#!/bin/bash
# Caches in files: the statuses in a log of nginx, and what varnishstat printed.
. "$(dirname "$0")/tap.bash"
command -v python3 >/dev/null || { echo "1..0 # SKIP no python3"; exit 0; }
json() { python3 -c "import json,sys; d=json.load(open('out')); r=d['rows'][0]; sys.exit(not ($1))"; }

# entry N PATH STATUS SECONDS: a line of a log with a column of nginx's cache.
entry() {
    printf '203.0.113.9 - - [20/Nov/2026:15:%02d:%02d +0000] "GET %s HTTP/1.1" 200 100 "-" "ua" %s %s\n' \
        $(($1 / 60)) $(($1 % 60)) "$2" "$4" "$3"
}
for ((i = 0; i < 100; i++)); do
    case $((i % 10)) in
    0) entry $i "/feed/$i" MISS 0.400 ;;
    1) entry $i "/feed/$i" EXPIRED 0.400 ;;
    2) entry $i /cart BYPASS 0.400 ;;
    3) entry $i "/products/$i" STALE 0.002 ;;
    4) entry $i "/products/$i" UPDATING 0.002 ;;
    5) entry $i "/products/$i" REVALIDATED 0.002 ;;
    6) entry $i /logo.svg - 0.001 ;;
    *) entry $i "/products/$i" HIT 0.002 ;;
    esac
done >access.log
run caches access.log --format json
ok "a log with statuses of a cache is a layer" json "len(d['rows']) == 1 and r['layer'] == 'proxy' and r['name'] == 'nginx access.log'"
ok "its hits and misses" json "r['hits'] == 60 and r['misses'] == 30 and abs(r['hit_ratio'] - 2 / 3) < 1e-9"
ok "what was bypassed, and what had expired" json "r['bypassed'] == 10 and r['misses_expired'] == 10"
ok "what hits and misses take" json "abs(r['hit_p50_ns'] - 2e6) < 1e5 and abs(r['miss_p99_ns'] - 400e6) < 2e7"
ok "routes are its parts" json "{p['prefix']: (p['hits'], p['misses']) for p in r['prefixes']} == {'GET /products/:id': (60, 0), 'GET /feed/:id': (0, 20), 'GET /cart': (0, 10)}"
ok "what a log does not tell is null, with the reason" json "r['evictions'] is None and r['bytes_used'] is None and any('access log' in n for n in r['notes'])"
run caches - --format json <access.log
ok "from standard input" json "r['name'] == 'nginx standard input' and r['hits'] == 60"
sed 's/ [A-Z-]*$//' access.log >plain.log
run caches plain.log --format json
ok "a log without the column is no cache" eval '! grep -q nginx out'
run endpoints access.log --format json
ok "the endpoints are the same" eval "grep -q '\"timed\":[[:space:]]*60' out"

cat >new.json <<'END'
{
  "version": 1,
  "timestamp": "2026-11-20T15:51:38",
  "counters": {
    "MGT.uptime": {"description": "Management process uptime", "flag": "c", "format": "d", "value": 100},
    "MAIN.uptime": {"description": "Child process uptime", "flag": "c", "format": "d", "value": 100},
    "MAIN.client_req": {"description": "Good requests", "flag": "c", "format": "i", "value": 1100},
    "MAIN.cache_hit": {"description": "Cache hits", "flag": "c", "format": "i", "value": 900},
    "MAIN.cache_hit_grace": {"description": "Grace hits", "flag": "c", "format": "i", "value": 20},
    "MAIN.cache_hitpass": {"description": "Hits for pass", "flag": "c", "format": "i", "value": 5},
    "MAIN.cache_hitmiss": {"description": "Hits for miss", "flag": "c", "format": "i", "value": 7},
    "MAIN.cache_miss": {"description": "Misses", "flag": "c", "format": "i", "value": 100},
    "MAIN.s_pass": {"description": "Passes", "flag": "c", "format": "i", "value": 93},
    "MAIN.n_lru_nuked": {"description": "LRU", "flag": "c", "format": "i", "value": 11},
    "MAIN.n_expired": {"description": "Expired", "flag": "c", "format": "i", "value": 30},
    "MAIN.backend_fail": {"description": "Failures", "flag": "c", "format": "i", "value": 3},
    "SMA.s0.g_bytes": {"description": "Used", "flag": "g", "format": "B", "value": 1000000},
    "SMA.s0.g_space": {"description": "Free", "flag": "g", "format": "B", "value": 3000000},
    "SMA.Transient.g_bytes": {"description": "Used", "flag": "g", "format": "B", "value": 5000},
    "SMA.Transient.g_space": {"description": "Free", "flag": "g", "format": "B", "value": 0}
  }
}
END
python3 - <<'END'
import json
d = json.load(open("new.json"))
flat = {"timestamp": d["timestamp"]}
flat.update({k: dict(v, type="MAIN") for k, v in d["counters"].items()})
json.dump(flat, open("flat.json", "w"), indent=1)
END
for form in new flat; do
    run caches $form.json --format json
    ok "$form: what varnishstat printed is recognised" json "r['name'] == 'varnish $form.json' and r['layer'] == 'proxy'"
    ok "$form: hits and misses; passes are neither" json "r['hits'] == 900 and r['misses'] == 100 and r['hit_ratio'] == 0.9 and r['bypassed'] == 100"
    ok "$form: evictions, storage with a limit" json "r['evictions'] == 11 and r['expired'] == 30 and r['bytes_used'] == 1000000 and r['bytes_max'] == 4000000"
    ok "$form: failures of backends are said" says out "3 connections to backends failed"
done
run caches varnish:- --format json <flat.json
ok "from standard input" json "r['name'] == 'varnish standard input' and r['hits'] == 900"
head -c 900 new.json >cut.json
run caches varnish:cut.json
ok "a cut one is refused with a sentence" says err "it is no JSON object, or a cut one"
finish
