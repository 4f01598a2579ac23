#!/bin/bash
# The view of a front end's build, from records: what is printed, the contract's JSON, --why, --treemap, --baseline.
. "$(dirname "$0")/tap.bash"

at='"at":1795189898000000000'
# module ASSET PATH BYTES [PACKAGE [PART]]
module() {
    echo "{\"kind\":\"bundle_module\",$at,\"asset\":$1,\"path\":\"$2\",\"part\":\"${5:-module}\",\"size_bytes\":$(($3 * 2)),\"minified_bytes\":$3,\"gzip_bytes\":$(($3 / 4)),\"brotli_bytes\":$(($3 / 5)),\"estimated\":0,\"ignored\":0${4:+,\"package\":\"$4\"}}"
}
# build MAIN LODASH: the name of the script, and what lodash takes
build() {
    cat <<END
{"kind":"bundle",$at,"path":"dist/stats.json","build_kind":"webpack_stats","modules":5,"source_bytes":300000,"measured":1,"notes":["one file was left out"]}
{"kind":"bundle_asset",$at,"name":"$1","type":"js","size_bytes":$(($2 + 30000)),"gzip_bytes":210000,"brotli_bytes":180000,"initial":1}
{"kind":"bundle_asset",$at,"name":"late.js","type":"js","size_bytes":90000,"gzip_bytes":30000,"brotli_bytes":25000,"initial":0}
{"kind":"bundle_imports",$at,"modules":["src/index.js","src/late.js","node_modules/lodash/lodash.js","node_modules/old/node_modules/lodash/lodash.js"],"entries":[0],"importers":[0,0,1,1],"imported":[2,1,2,3],"how":[1,5,1,2]}
{"kind":"bundle_route",$at,"name":"main","assets":[0]}
{"kind":"bundle_route",$at,"name":"late","entry":"main","assets":[1,0]}
{"kind":"bundle_package",$at,"name":"lodash","versions":["3.10.1","4.17.21"]}
END
    module 0 src/index.js 29000
    module 0 node_modules/lodash/lodash.js "$2" lodash
    module 0 '(glue)' 1000 '' glue
    module 1 src/late.js 20000
    module 1 node_modules/old/node_modules/lodash/lodash.js 70000 lodash
    module 1 src/empty.js 0
}
build main.1f004f01.js 60000 >before.jsonl
build main.2f004f01.js 71000 >now.jsonl
for name in before now; do
    printf '#!/bin/sh\nexec cat %s.jsonl\n' "$name" >"$name"
    chmod +x "$name"
done
json() { python3 -c "import json,sys; d=json.load(open('out')); sys.exit(not ($1))"; }

run bundle exec:./now
ok "a build is printed" exited 0
ok "what exceeds the usual limits comes first" says out 'Over the usual limit (gzip): scripts 240 kB of 200 kB'
ok "what could be spared, with what to do" says out 'lodash is there 2 times: 70.0 kB could be spared'
ok "who brings the copies" says out '(own), old'
ok "its notes" says out 'one file was left out'
run bundle exec:./now --format md
ok "in Markdown" says out '## Packages'
run bundle exec:./now --format csv
ok "modules in CSV" says out 'node_modules/old/node_modules/lodash/lodash.js,lodash,late.js,module'
run packages exec:./now
ok "packages by weight" says out 'lodash'
run module exec:./now --select node_modules/old/node_modules/lodash/lodash.js
ok "a module and who imports it" says out 'import *'
run package exec:./now --select lodash
ok "a package and how it came in" says out 'src/index.js'
refused "a package that is not there" 'the build has no package left-pad' package exec:./now --select left-pad

if command -v python3 >/dev/null; then
    run bundle exec:./now --format json
    ok "totals" json "d['totals'] == {'assets': 2, 'size_bytes': 191000, 'gzip_bytes': 240000, 'brotli_bytes': 205000, 'modules': 5, 'source_bytes': 300000}"
    ok "modules of a file add up to it" json "all(sum(m['minified_bytes'] for m in d['modules'] if m['asset'] == a['name']) == a['size_bytes'] for a in d['assets'])"
    ok "packages add up to all" json "sum(p['minified_bytes'] for p in d['packages']) == 191000 and {p['name'] for p in d['packages']} == {'(own)', '(rest)', 'lodash'}"
    ok "duplicates" json "d['duplicates'] == [{'package': 'lodash', 'module': None, 'versions': ['3.10.1', '4.17.21'], 'copies': 2, 'wasted_bytes': 70000, 'importers': ['(own)', 'old']}]"
    ok "findings" json "{('heavy_package', 141000), ('duplicate_package', 70000)} <= {(f['kind'], f['bytes']) for f in d['findings']} and all(f['message'] and f['advice'] for f in d['findings'])"
    ok "first load" json "d['routes'][1] == {'name': 'late', 'entry': 'main', 'assets': ['late.js', 'main.2f004f01.js'], 'js_size_bytes': 191000, 'js_gzip_bytes': 240000, 'js_brotli_bytes': 205000, 'css_size_bytes': 0, 'css_gzip_bytes': 0, 'css_brotli_bytes': 0}"
    ok "notes are sentences" json "d['notes'] == ['one file was left out'] and d['sources'] == [{'path': 'dist/stats.json', 'kind': 'webpack_stats'}]"
    run bundle exec:./now --format json --limit 1
    ok "at most one row" json "len(d['modules']) == 1 and len(d['assets']) == 1"
    run bundle exec:./now --why node_modules/old/node_modules/lodash/lodash.js --format json
    ok "a shortest chain of imports" json "d['chain'] == ['src/index.js', 'src/late.js', d['path']]"
    run bundle exec:./now --treemap 60x40 --select late.js --format json
    ok "a layout" json "[c['path'] for c in d['cells']] == ['node_modules/old/node_modules/lodash/lodash.js', 'src/late.js'] and d['omitted'] == 1 and abs(d['cells'][0]['x1'] - 60 * 7 / 9) < 1e-9"
    run bundle exec:./now --baseline exec:./before --format json
    ok "what changed, by names without hashes" json "[(a['name'], a['change']) for a in d['assets']] == [('main.js', 'grown'), ('late.js', 'same')] and d['totals']['before_bytes'] == 180000"
    ok "modules that have grown" json "[(m['path'], m['before_bytes'], m['after_bytes'], m['moved']) for m in d['modules'] if m['change'] == 'grown'] == [('node_modules/lodash/lodash.js', 60000, 71000, False)]"
    ok "routes" json "[(r['name'], r['change'], r['after_js_bytes']) for r in d['routes']] == [('late', 'grown', 191000), ('main', 'grown', 101000)]"
    run bundle exec:./now exec:./before --format json
    ok "two builds are added" json "len(d['sources']) == 2 and d['totals']['assets'] == 4 and {m['asset'] for m in d['modules']} == {'main.1f004f01.js', 'main.2f004f01.js', 'late.js'}"
fi
run bundle exec:./now --baseline exec:./before
ok "the change in words" says out '11.0 kB larger'
refused "a module that is not there" 'the build has no module src/none.js' bundle exec:./now --why src/none.js
refused "a file that is not there" 'the build has no file none.js' bundle exec:./now --treemap 60x40 --select none.js
refused "no size" '--treemap 60 is no size' bundle exec:./now --treemap 60
run endpoints exec:./now --why x
ok "an option of the bundle alone" says err 'has no option --why'
finish
