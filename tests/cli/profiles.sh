#!/bin/bash
# Profile files as they are looked at: functions, sample types, and how what is no profile is refused.
. "$(dirname "$0")/tap.bash"

run_piped() { timeout 30 "$program" "$@" >out 2>err; }
lacks() { ! grep -qF -- "$2" "$1"; } # FILE TEXT

cat >stacks.txt <<'END'
main;serve;render;escape 60
main;serve;render 25
main;serve;query;read_[k] 10
main;idle 5
END
run functions stacks.txt
ok "folded stacks are recognised" exited 0
ok "functions stand by what they use alone" says out '60.0 %  60.0 %          60           60  escape'
ok "the whole is named" says out 'samples: 100, from stacks.txt'
run functions --format json --limit 0 stacks.txt
ok "JSON has the number of samples" says out '"samples":	100'
ok "a type of samples" says out '"sample_type":	"samples"'
ok "what cannot be told is null" says out '"lost":	null'
ok "self and total of a function" says out '"total_value":	85'
ok "its kind" says out '"kind":	"kernel"'
run functions folded:- <stacks.txt
ok "from standard input as well" says out 'render'
run functions - <stacks.txt
ok "and is recognised there by its content" says out 'escape'
cat stacks.txt | run_piped functions
ok "as it is in a pipe" says out 'escape'
run overview stacks.txt
ok "it is no error in the overview" exited 0

printf 'app 7 1.0: 1000 cpu-clock:\n\t1 slow+0x3 (/usr/bin/app)\n\t2 main (/usr/bin/app)\n\n' >script.txt
printf 'app 7 2.0: 1000 cycles:\n\t1 fast (/usr/bin/app)\n\n' >>script.txt
run functions script.txt
ok "the text of perf script is recognised, its first event shown" says out 'cpu-clock: 1.00 us'
run functions --sample-type cycles script.txt
ok "another event is chosen by name" says out 'fast'
run functions --sample-type wall script.txt
ok "one that is not there is refused with those that are" is_refusal "there are: cpu-clock, cycles"
run overview script.txt
ok "a function with much of the time is in the overview" says out 'slow'

# ---- the call tree, one function, other formats ----
run flame stacks.txt
ok "the call tree is printed, callees below their callers" says out '│ ├ render'
run calls stacks.txt
ok "the same with figures" says out '│ ├ render      85.0 %  25.0 %           85          25'
run flame --format folded stacks.txt
sort out >again.txt
ok "folded stacks come out as they went in" cmp -s again.txt <(sort stacks.txt)
run flame --format pprof stacks.txt
cp out stacks.pb.gz
run functions --format csv stacks.pb.gz
ok "as pprof they are read again" says out '0.6,0.6,60,60,escape'
run flame --format speedscope stacks.txt
ok "speedscope's own schema is named" says out 'speedscope.app/file-format-schema.json'
run flame --format svg stacks.txt
ok "the picture names each box with its share" says out '<title>escape: 60, 60.0 %</title>'
ok "and can be searched" says out 'new RegExp'
printf 'a<b&c"d;\033[31mred 3\n' >hostile.txt
run flame --format folded folded:hostile.txt
ok "control characters do not come out of folded stacks" lacks out $'\033'
run flame --format svg folded:hostile.txt
ok "nor out of the picture" lacks out $'\033'
ok "names cannot leave their place in it" says out 'a&lt;b&amp;c&quot;d'
run functions --format svg stacks.txt
ok "a table is no picture" is_refusal "svg is a format of flame graphs"
run function --select render stacks.txt
ok "who calls a function" says out '85.0 %  100 %     85  serve'
ok "what it calls, and what it takes itself" says out '25.0 %  29.4 %     25  (itself)'
ok "what it is worth, and that another one has the most of it" \
    says out 'Without it 85.0 % less samples. escape has 70.6 % of it: call that less often'
printf 'a;f 40\nb;f 60\nb;g;x 1\nb;g;y 1\nb;g;z 1\n' >spread.txt
run function --select f folded:spread.txt
ok "own code that several call" says out 'Own code, called from several places'
run function --select b folded:spread.txt
ok "what one call has" says out 'f has 95.2 % of it'
run function --select g folded:spread.txt
ok "what no single call has" says out 'No single call has the most of it'
run function --select f folded:spread.txt --format json
ok "in JSON, too" says out '"worth":	"Without it 97.1 % less samples. Own code'
run function --select nothing stacks.txt
ok "one that is not there is refused" is_refusal 'No function called "nothing" is in the profile'
run function stacks.txt
ok "without a name it is the one that takes most" says out 'escape'

# ---- a part of it, and what it is grouped by ----
run functions --focus render stacks.txt
ok "only the stacks through a function, with their share" says out 'Functions only through render  85.0 % of all'
ok "shares are of these" says out '70.6 %  70.6 %          60           60  escape'
run functions --focus nothing stacks.txt
ok "one that no stack goes through is refused" is_refusal 'No stack goes through nothing'
run flame --hide idle --hide query stacks.txt
ok "hidden ones are named, with what they took" says out 'Flame graph without idle and 1 more  15.0 % hidden'
ok "they are not drawn" lacks out read_
run functions --hide idle --format json stacks.txt
ok "JSON has them" says out '"hidden":'
ok "and their share" says out '"hidden_share":	0.05'
printf 'a;net/http.serve;net/http.read 3\na;net/http.serve;main.work 2\n' >go.txt
run calls --fold net/http go.txt
ok "a package is one" says out 'net/http      100 %  60.0 %'
run functions --by thread stacks.txt
ok "no threads are made up" says out 'does not tell which threads'
run functions --by nothing stacks.txt
ok "a group that is none is refused with those there are" is_refusal 'expected function, package, module, process, thread'
run functions --by process stacks.txt
ok "without names of processes it is by outermost frame" says out 'By outermost frame'
printf 'app 7/8 1.0: 3 cycles:\n\t1 f (/bin/a)\n\napp 7/9 1.0: 1 cycles:\n\t1 g (/bin/a)\n\n' >threads.txt
run functions --by thread threads.txt
ok "threads of perf script" says out '75.0 %  75.0 %           3            3  app (8)        1'
run functions --focus 'app (9)' threads.txt
ok "a thread can be in focus" says out '100 %  100 %           1            1  g '

run functions --focus 'app (9)' --by thread threads.txt
ok "and is the one thread then" says out '100 %  100 %           1            1  app (9)'

# ---- two profiles beside each other ----
sed 's/escape 60/escape 61/; s/query;read_/query;index_[k] 2000\n&/' stacks.txt >later.txt
for f in stacks.txt later.txt; do sed -E 's/([0-9]+)$/\100/' "$f" >"big-$f"; done
run functions --baseline big-stacks.txt --format json big-later.txt
ok "a new function is called so" says out '"change":	"new"'
ok "the others are the same" says out '"change":	"same"'
run functions --baseline big-later.txt big-stacks.txt
ok "one that is gone has a row" says out 'index_[k]' 'gone'
run functions --baseline big-stacks.txt big-stacks.txt
ok "of the same nothing changed" says out '0 of 4 functions with enough samples changed'

run functions --baseline stacks.txt script.txt
ok "a baseline of another sample type is named" says out 'Not compared: the baseline has no samples of this type'

# ---- what grew ----
printf 'global;Cache;Array;Session 100\nglobal;Cache;Array;Session;(string) 50\nglobal;Pool;Buffer 900\n' >before.txt
printf 'global;Cache;Array;Session 9100\nglobal;Cache;Array;Session;(string) 1050\nglobal;Pool;Buffer 950\n' >after.txt
run growth after.txt --baseline before.txt
ok "what grew most is on top, with what holds it" says out 'high     10.0 k  99.5 %     150  10.2 k  Session   Array ‹ Cache ‹ global'
ok "what grew a little is no suspect" lacks out Buffer
run growth after.txt
ok "without a baseline it says what is missing" says out 'Two profiles are needed'
run growth before.txt --baseline after.txt
ok "what became less is no growth" says out 'Nothing grew'

gzip -k stacks.txt
run functions stacks.txt.gz
ok "gzip is looked into" says out 'escape'
head -c 60 stacks.txt.gz >cut.gz
run functions folded:cut.gz
ok "cut gzip is refused" is_refusal "cannot read the profile cut.gz: its gzip data is cut or broken"
printf '2ELIFREP%020d' 0 >perf.data
run functions perf.data
ok "perf.data of another byte order is refused with what converts it" is_refusal "convert it with: perf script -i FILE > FILE.txt"
cp "$root/tests/fuzz/corpus/profile/perf-data" perf.data
run functions perf.data
ok "perf.data is read, its functions are the modules" says out '[libc.so.6]'
run functions --format json perf.data
ok "with what was lost" says out '"lost":	3'
run functions pprof:stacks.txt
ok "a forced format that it is not is refused" is_refusal "cannot read the profile stacks.txt"
run functions folded:missing.txt
ok "a file that is not there is refused" is_refusal "cannot open missing.txt"

cat >node.cpuprofile <<'END'
{"nodes":[{"id":1,"callFrame":{"functionName":"(root)","url":"","lineNumber":-1},"children":[2]},
{"id":2,"callFrame":{"functionName":"render","url":"file:///srv/app.js","lineNumber":4},"hitCount":2}],
"startTime":0,"endTime":3000,"samples":[2,2],"timeDeltas":[1000,2000]}
END
run functions node.cpuprofile
ok "a profile of V8 is recognised, its time shown" says out 'time: 2.00 ms, 2 samples, in 3.00 ms'
run functions --sample-type samples cpuprofile:- <node.cpuprofile
ok "its samples are the other type, and it can be forced" says out 'samples: 2'
sed 's/"hitCount":2/"hitCount":2,"positionTicks":[{"line":7,"ticks":1},{"line":9,"ticks":1}]/' node.cpuprofile >lines.cpuprofile
run function --select render lines.cpuprofile
ok "lines of a function, by the ticks of V8" says out 'Its lines  /srv/app.js'
ok "what would tell the endpoint is said" says out 'no label http.route, endpoint, controller or span_id'
run functions pprof:node.cpuprofile
ok "forced to be another it is refused" is_refusal "cannot read the profile node.cpuprofile"
finish
