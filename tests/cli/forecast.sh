#!/usr/bin/env bash
# slowdive forecast: a series in a file, on standard input, and everything that is wrong about one.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

# weeks N: N weeks of traffic by the hour, with a quiet night and weekend.
weeks() {
    awk -v n="$1" 'BEGIN { print "time,value"; for (i = 0; i < n * 168; i++) {
        v = 100 * (1 + 0.5 * sin((i % 24 - 8) * 6.2831853 / 24)) * (int(i / 24) % 7 >= 5 ? 0.6 : 1)
        printf "%d,%.3f\n", 1772323200 + i * 3600, v * (1 + 0.02 * sin(i * i)) } }'
}
weeks 4 >traffic.csv

run forecast traffic.csv --horizon 48 --ceiling 200 --scenario campaign=2 --format json
ok 'a forecast has exit status 0' exited 0
ok 'it finds the day and the week' says out '"seasons":	[24, 168]'
ok 'it counts the values' says out '"points":	672'
ok 'its times go on' says out '"time":	"2026-03-29T00:00:00.000Z"'
ok 'a ceiling that is not reached is null' says out '"expected_time":	null'
ok 'a scenario that doubles it reaches it' grep -qE '"exhaustion_time":	"2026-03-29T0[789]' out
ok 'it says nothing else' silent err
cp out first
run forecast - --horizon 48 --ceiling 200 --scenario campaign=2 --format json <traffic.csv
ok 'standard input gives the same' cmp -s out first
run forecast traffic.csv --horizon 48 --ceiling 200 --scenario campaign=2 --format json -o file.json
ok '-o writes the same' cmp -s file.json first
run forecast traffic.csv
ok 'people read what matters first' grep -q 'from now\|ahead' out
run forecast traffic.csv --method ses --alpha 0.5 --format json
ok 'ses tells its figures' says out '"alpha":	0.5'
run forecast traffic.csv --method snaive --season 24 --format json --horizon 1
ok 'a season that is given is taken' says out '"seasons":	[24]'
printf 'time,value\n0,1\n60,2\n180,4\n240,\n300,6\n' >gaps.csv
run forecast gaps.csv --format json
ok 'gaps are counted' says out '"gaps":	2'
ok 'and a short history has no backtest' says out '"origins":	0'
weeks 1 | awk -F, 'NR == 1 { print; next } { print $1 ",7" }' >constant.csv
run forecast constant.csv --format json --horizon 1
ok 'a constant history has no width' says out '"lo_95":	7,'
run forecast constant.csv --horizon 10000 --format csv
ok 'ten thousand steps are fine' exited 0

# Three minutes of requests, more each minute.
awk 'BEGIN { for (i = 0; i < 180; i++) for (k = 0; k < 3 + i / 60; k++)
    printf "203.0.113.9 - - [20/Nov/2026:15:5%d:%02d +0000] \"GET /items HTTP/1.1\" 200 9 \"-\" \"ua\" rt=0.01\n", i / 60, i % 60 }' >access.log
run forecast log:access.log
ok 'a source lists its series' says out 'requests GET /items'
run forecast access.log
ok 'also a log by its name alone' says out 'requests GET /items'
weeks 3 >series.txt
run forecast series.txt --format json
ok 'a series need not be called .csv' says out '"points":	504'
awk 'BEGIN { print "time,value"; for (i = 0; i < 60; i++) printf "%d,%.6f\n", i * 10, 0.001 + 0.0005 * ((i * 7) % 10) / 10 }' >shares.csv
run forecast shares.csv --horizon 3 --ceiling 0.0012
ok 'shares are not rounded to nothing' grep -qE '^ +1 +1970-01-01T00:10:00.000Z +0\.001' out
ok 'and steps of seconds are told apart' says out 'UTC, at the earliest on 1970-01-01 00:10'
run forecast access.log --select 'requests GET /items' --format json --horizon 5
ok 'one of them is forecast' says out '"step_ns":	1000000000,'
ok 'as far as was asked' says out '"step":	5,'
refused 'one that is not there' 'There is no series nothing' forecast access.log --select nothing

printf 'time,value\n0,1\n60,2\n' >two.csv
refused 'two values are too few' 'needs 3 at least' forecast two.csv
printf 'time,value\n0,1\n60,2\n60,3\n' >still.csv
refused 'times rise' 'line 4: the times do not rise' forecast still.csv
printf 'time,value\n0,1\n60,2\n120,3\n150,3\n' >uneven.csv
refused 'steps are equal' 'line 5: the steps are not equal' forecast uneven.csv
printf 'time,value\n0,one\n' >word.csv
refused 'figures are numbers' 'line 2: this is no number: one' forecast word.csv
printf '\0\377\1' >bytes.csv
refused 'bytes are no series' 'bytes.csv' forecast bytes.csv
refused 'a file that is not there' 'nowhere.csv' forecast nowhere.csv
refused 'no series' 'needs SERIES' forecast
refused 'a horizon of nothing' '--horizon takes' forecast traffic.csv --horizon 0
refused 'a horizon without end' '--horizon takes' forecast traffic.csv --horizon 100000000000000000000
refused 'an unknown method' '--method magic is not known' forecast traffic.csv --method magic
refused 'a season of words' '--season takes' forecast traffic.csv --season day
refused 'a season of one' '--season takes' forecast traffic.csv --season 24,1
refused 'hw without a season' '--season' forecast gaps.csv --method hw
refused 'alpha of another method' '--method ses' forecast traffic.csv --alpha 0.3
refused 'alpha beyond 1' '--alpha takes' forecast traffic.csv --method ses --alpha 1.5
refused 'a ceiling of words' '--ceiling takes' forecast traffic.csv --ceiling full
refused 'a scenario without a factor' '--scenario takes' forecast traffic.csv --scenario twice
refused 'a scenario of nothing' '--scenario takes' forecast traffic.csv --scenario none=0
finish
