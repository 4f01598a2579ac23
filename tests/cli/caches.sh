#!/bin/bash
# The views of caches: what of 1,000 requests goes through, what needs a look, and one cache with its parts.
. "$(dirname "$0")/tap.bash"

# Records as a source gives them: totals of a server, which starts again once, and deltas of a log.
# redis SECOND HITS MISSES: a reading of a server
redis() {
    cat <<END
{"kind":"cache","at":$1,"layer":"application","name":"redis 10.0.0.1:6379","product":"redis","since":${4:-1},"hits":$2,"misses":$3,"evictions":$3,"writes":$3,"bytes_used":59000000,"bytes_max":60000000,"policy":"noeviction","connections":$3,"requests":$2,"troubles":["the last save failed"]}
END
}
{
    redis 1795181000000000000 5000 500
    redis 1795181010000000000 6000 1500
    redis 1795181020000000000 100 400 1020
    for t in 1795181000 1795181005 1795181010; do
        echo '{"kind":"cache","at":'$t'000000000,"interval_ns":5000000000,"layer":"proxy","name":"nginx access.log","product":"nginx","hits":150,"misses":50,"bypassed":10,"misses_expired":20}'
    done
    echo '{"kind":"cache_prefix","at":1795181020000000000,"cache":"redis 10.0.0.1:6379","prefix":"feed:*","kind":"prefix","keys":1000,"bytes":40000000,"hits":10,"misses":90,"misses_evicted":80,"misses_cold":10,"ttl_p50_ns":60000000000}'
    echo '{"kind":"cache_prefix","at":1795181020000000000,"cache":"redis 10.0.0.1:6379","prefix":"user:*","kind":"prefix","keys":5000,"bytes":10000000,"hits":900,"misses":10}'
    echo '{"kind":"cache_key","at":1795181020000000000,"cache":"redis 10.0.0.1:6379","key":"feed:all","prefix":"feed:*","type":"zset","bytes":70000000}'
    echo '{"kind":"cache_curve","at":1795181020000000000,"cache":"redis 10.0.0.1:6379","unit":"bytes","now":60000000,"sizes":[15000000,30000000,60000000,120000000],"miss_ratios":[0.8,0.6,0.4,0.1],"lookups":100000}'
} >records.jsonl
cat >source <<'END'
#!/bin/sh
exec cat records.jsonl
END
chmod +x source

run caches exec:./source --format json
ok "caches from records" exited 0
json() { python3 -c "import json,sys; d=json.load(open('out')); r={x['name']: x for x in d['rows']}; sys.exit(not ($1))"; }
if command -v python3 >/dev/null; then
    redis="r['redis 10.0.0.1:6379']" nginx="r['nginx access.log']"
    ok "a restart is bridged: growth until then, and what was counted since" json "$redis['hits'] == 1100 and $redis['misses'] == 1400"
    ok "and said" json "any('again 1 time' in n for n in $redis['notes'])"
    ok "intervals of a log add up" json "$nginx['hits'] == 450 and $nginx['misses'] == 150 and $nginx['bypassed'] == 30"
    ok "hits of all lookups" json "abs($nginx['hit_ratio'] - 0.75) < 1e-9"
    ok "what is not known is null" json "$nginx['bytes_max'] is None and $nginx['hit_p50_ns'] is None"
    ok "the order is that of the layers" json "[x['layer'] for x in d['rows']] == ['proxy', 'application']"
    ok "parts of a cache" json "[p['prefix'] for p in $redis['prefixes']] == ['feed:*', 'user:*'] and abs($redis['prefixes'][0]['hit_ratio'] - 0.1) < 1e-9"
    ok "the curve falls" json "[p['miss_ratio'] for p in $redis['mrc']] == [0.8, 0.6, 0.4, 0.1] and $redis['mrc'][0]['bytes'] == 15000000"
    ok "findings have a kind, a severity and a sentence" json "{'nearly_full', 'trouble', 'big_key', 'more_memory', 'prefix_misses'} <= {f['kind'] for f in $redis['findings']}"
    ok "of 1,000 requests" json "d['flow'][0]['lookups'] == 1000 and abs(d['flow'][0]['passed'] - 250) < 1e-6"
fi
run caches exec:./source
ok "the gravest is said" says out '59.0 MB of 60.0 MB are in use and the policy is noeviction'
ok "why it misses stands in the row" says out '40.0 % expired, 20.0 % bypassed'
ok "what goes on" says out 'proxy: 1000 requests, 750 kept, 250 go on'
run cache exec:./source --select 'redis 10.0.0.1:6379'
ok "one cache: its parts, the most misses first" says out '10.0 %'
ok "why a part misses" says out '11.1 % cold, 88.9 % evicted'
ok "what more memory would bring" says out 'twice the memory would bring misses from 40.0 % to 10.0 % of the lookups'
ok "keys that stand out" says out 'feed:all'
run cache exec:./source --select redis
ok "one that is not there" is_refusal 'No cache called "redis" is known'
run caches exec:./source --sample monitor
ok "a costly method is explained, not run" says err 'at most 1 % of its time; without --yes it is not done'
refused "a method that is not there" 'keys, monitor or detail' caches exec:./source --sample all --yes
refused "a confirmation of nothing" '--yes confirms --sample' caches exec:./source --yes
for format in md csv; do
    run caches exec:./source --format $format
    ok "printed as $format" says out 'redis 10.0.0.1:6379'
done
run record -o rec.slowdive exec:./source
run cache rec.slowdive --format json --select 'redis 10.0.0.1:6379'
ok "a recording shows the same" says out '"prefix":	"feed:*"'
run caches exec:./source --baseline rec.slowdive
ok "and is a baseline" exited 0
run overview rec.slowdive
ok "the overview names a cache that costs" says out 'noeviction'

# The specification of caching: the first report.
run report caching rec.slowdive "$root/tests/data/shop.slowdive"
ok "the report has its headings" exited 0
headings() { [ "$(grep '^#' out | tr '\n' ' ')" = '# Caching architecture ## Browser ## CDN ## Application ## Database ' ]; }
ok "in the order of the layers" headings
ok "a part of a cache, its names escaped" says out 'feed:\* of redis 10.0.0.1:6379'
ok "a statement to cache: its key and what removes it" says out 'INSERT, UPDATE or DELETE of orders'
ok "what is not known says what would tell" says out 'a duration log of the server tells'
ok "and is never a dash" eval '! grep -qE "\\| +- +\\|" out'
run report caching rec.slowdive --format json
ok "as JSON" says out '"key_pattern":	"feed:*"'
refused "a report that is not there" 'there is no report cash' report cash
refused "no report" 'which report' report

# From an endpoint to the cache in front of it.
for i in 1 2 3 4; do
    status=HIT seconds=0.001
    [ $i = 4 ] && status=MISS seconds=0.400
    echo "10.0.0.1 - - [20/Nov/2026:14:00:0$i +0000] \"GET /products/$i HTTP/1.1\" 200 512 \"-\" \"demo\" rt=$seconds cache=$status"
done >cached.log
run endpoint cached.log --select 'GET /products/:id'
ok "an endpoint has the cache in front of it" says out 'nginx cached.log'
ok "its hit rate, and what a hit and a miss take" grep -Eq 'nginx cached.log +75.0 % +3 +1 +1.00 ms +400 ms' out
run endpoint cached.log --select 'GET /products/:id' --format json
ok "as JSON" says out '"miss_mean_ns":	400000000'
printf 'key 2\nkey Enter\nkey o\n' >steps
run record -o cached.slowdive cached.log
run replay cached.slowdive --script steps --size 100x40
ok "o leads to it" says out 'the cache in front of it'
finish
