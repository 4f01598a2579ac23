#!/bin/bash
# Builds of front ends as they are given: folders and files, what describes them, and how what is no build is refused.
. "$(dirname "$0")/tap.bash"

# json EXPRESSION: true of the document `d` in out.
json() { python3 -c "import json,sys; d=json.load(open('out')); m={x['path']: x for x in d.get('modules',[])}; a={x['name']: x for x in d.get('assets',[])}; sys.exit(not ($1))"; }
# sums: the modules of every asset add up to it, in all sizes that are known.
sums() {
    python3 - <<'PY'
import json, sys
d = json.load(open("out"))
for a in d["assets"]:
    for k, of in (("minified_bytes", "size_bytes"), ("gzip_bytes", "gzip_bytes"), ("brotli_bytes", "brotli_bytes")):
        if a[of] is not None and sum(m[k] for m in d["modules"] if m["asset"] == a["name"]) != a[of]:
            sys.exit("%s: %s" % (a["name"], k))
PY
}

mkdir -p assets/js
printf 'ab\nc' >assets/js/app.js
printf '{"version":3,"sources":["webpack://x/./src/a.ts","../node_modules/left-pad/index.js"],"mappings":"AAAA,CCAA"}' >assets/js/app.js.map
printf 'body{color:red}' >assets/app.css
printf '<p>' >assets/index.html
printf 'nothing' >assets/LICENSE.txt
echo '{"lockfileVersion":3,"packages":{"node_modules/left-pad":{"version":"1.3.0"}}}' >package-lock.json
run bundle assets --format json
ok "a folder of assets is a build" exited 0
ok "its files are those that are shipped" json "sorted(a) == ['app.css', 'index.html', 'js/app.js']"
ok "of the kind assets" json "d['sources'][0]['kind'] == 'assets'"
ok "a source map beside a file tells its modules" json "m['src/a.ts']['minified_bytes'] == 1 and m['node_modules/left-pad/index.js']['package'] == 'left-pad'"
ok "they add up" sums
ok "what the map does not tell is a row" json "m['(line ends)']['minified_bytes'] == 1 and m['(unmapped)']['kind'] == 'unmapped'"
ok "gzip has 18 bytes of header and trailer" json "a['js/app.js']['gzip_bytes'] == 24"
run bundle assets/js/app.js --format json
ok "a file is a build of its own" json "list(a) == ['app.js'] and 'src/a.ts' in m"
run bundle --format json bundle:assets
ok "bundle: forces it" json "d['totals']['assets'] == 3"

printf '{"version":2}' >assets/js/app.js.map
run bundle assets --format json
ok "a map that cannot be used leaves a note" json "len(d['notes']) == 1 and 'app.js' in d['notes'][0]"
ok "and the file unmapped" json "'src/a.ts' not in m"
printf 'x\n//# sourceMappingURL=/etc/passwd\n' >assets/js/app.js
rm assets/js/app.js.map
run bundle assets --format json
ok "a comment that names a file elsewhere opens none" json "len(d['notes']) == 1 and 'root:' not in str(d)"
ln -s /etc/hosts assets/js/app.js.map
ln -s /etc/hosts assets/other.js
run bundle assets --format json
ok "no symbolic link is followed" json "'other.js' not in a and 'localhost' not in str(d) and any('symbolic link' in n for n in d['notes'])"

mkdir pack
printf '(()=>{var e={7:(e,t)=>{t.a=1},8:e=>{e.exports=2}},t={};r(7)})();' >pack/main.js
printf 'a' >pack/stray.js
cat >pack/my-stats.json <<'END'
{"hash":"1","assetsByChunkName":{"main":"main.js"},"assets":[{"name":"main.js","size":64},{"name":"gone.js","size":40}],
"chunks":[{"id":1,"initial":true,"files":["main.js"]},{"id":2,"initial":false,"files":["gone.js"]}],
"entrypoints":{"main":{"chunks":[1],"assets":[{"name":"main.js"}]}},
"modules":[{"identifier":"a","name":"./a.js","id":7,"size":50,"chunks":[1],"reasons":[{"type":"entry"}]},
{"identifier":"b","name":"./b.js","id":8,"size":20,"chunks":[1,2],"reasons":[{"moduleIdentifier":"a","type":"cjs require"}]}]}
END
run bundle pack --format json
ok "webpack's stats are seen by what is in them" json "d['sources'][0]['kind'] == 'webpack_stats'"
ok "only their assets are listed, the others told of" json "sorted(a) == ['gone.js', 'main.js'] and any('1 other file' in n for n in d['notes'])"
ok "a file that is not there has the size of its description" json "a['gone.js']['size_bytes'] == 40 and a['gone.js']['gzip_bytes'] is None"
ok "its modules share it, as an estimate" json "[x['minified_bytes'] for x in d['modules'] if x['asset'] == 'gone.js' and x['estimated']] == [40] or sum(x['minified_bytes'] for x in d['modules'] if x['asset'] == 'gone.js') == 40"
ok "functions in the file are measured" json "[x for x in d['modules'] if x['path'] == 'a.js'][0]['minified_bytes'] == 14"
ok "all adds up" sums
ok "modules are counted once" json "d['totals']['modules'] == 2 and d['totals']['source_bytes'] == 70"
run bundle pack/my-stats.json --format json
ok "the stats alone are the same build" json "sorted(a) == ['gone.js', 'main.js']"

mkdir -p vite/.vite vite/assets
printf 'a' >vite/assets/i.js
printf 'b' >vite/assets/l.js
echo '{"index.html":{"file":"assets/i.js","src":"index.html","isEntry":true,"dynamicImports":["l.ts"]},"l.ts":{"file":"assets/l.js","src":"l.ts","isDynamicEntry":true}}' >vite/.vite/manifest.json
run bundle vite --format json
ok "a build by Vite" json "d['sources'][0]['kind'] == 'vite_build' and a['assets/i.js']['initial'] and not a['assets/l.js']['initial']"
ok "its lazy part is a route of its entry" json "[r['entry'] for r in d['routes']] == [None, 'index.html']"
mkdir -p next/.next/static
printf 'a' >next/.next/static/a.js
echo '{"pages":{"/":["static/a.js"]},"rootMainFiles":[],"polyfillFiles":[]}' >next/.next/build-manifest.json
run bundle next --format json
ok "a build by Next.js, in the folder of the project" json "d['sources'][0]['kind'] == 'next_build' and list(a) == ['static/a.js']"

mkdir -p meta
printf 'aaaaaaaaaa' >meta/a.js
printf '{}' >meta/a.js.map
echo '{"inputs":{"src/a.ts":{"bytes":30,"imports":[]}},"outputs":{"out/a.js.map":{"bytes":2,"inputs":{},"imports":[],"exports":[]},"out/a.js":{"bytes":10,"inputs":{"src/a.ts":{"bytesInOutput":7}},"imports":[],"exports":[],"entryPoint":"src/a.ts"}}}' >meta/meta.json
run bundle meta --format json
ok "a metafile of esbuild, whose source maps are no assets" json "d['sources'][0]['kind'] == 'esbuild_metafile' and list(a) == ['a.js']"
ok "what is around the modules is a row" json "m['src/a.ts']['minified_bytes'] == 7 and m['(glue)']['minified_bytes'] == 3"

# How else they may be written.
mkdir few sorted old
echo '{"assets":[{"name":"a.js","size":9}],"chunks":[{"id":1,"files":["a.js"]}],"modules":[{"identifier":"a","name":"./a.js","size":5,"chunks":[1]}]}' >few/stats.json
run bundle few --format json
ok "stats of assets, chunks and modules alone" json "d['sources'][0]['kind'] == 'webpack_stats' and m['a.js']['size_bytes'] == 5"
echo "{\"errors\":[],\"children\":[$(cat few/stats.json)]}" >few/stats.json
run bundle few --format json
ok "those of the first of several builds" json "d['sources'][0]['kind'] == 'webpack_stats' and m['a.js']['size_bytes'] == 5"
echo '{"outputs":{"a.js":{"bytes":10,"inputs":{"a.ts":{"bytesInOutput":7}}}},"inputs":{"a.ts":{"bytes":30,"imports":[]}}}' >sorted/meta.json
run bundle sorted --format json
ok "a metafile in another order" json "d['sources'][0]['kind'] == 'esbuild_metafile' and m['a.ts']['minified_bytes'] == 7"
echo '{"nodeMetas":{"u":{"id":"/a.ts","moduleParts":{"a.js":"p"}}},"nodeParts":{"p":{"renderedLength":7}},"options":{"sourcemap":true},"tree":{"name":"root","children":[{"name":"a.js"}]},"version":2}' >sorted/meta.json
run bundle sorted --format json
ok "raw data of the visualizer in another order" json "d['sources'][0]['kind'] == 'rollup_visualizer' and m['a.ts']['minified_bytes'] == 7"
echo '{"_s.1.js":{"file":"s.1.js"},"main.ts":{"file":"m.js","src":"main.ts","isEntry":true,"imports":["_s.1.js"]}}' >old/manifest.json
printf 'a' >old/m.js
printf 'b' >old/s.1.js
run bundle old --format json
ok "a manifest of Vite whose first chunk has a file only" json "d['sources'][0]['kind'] == 'vite_build' and a['s.1.js']['initial'] is True"
rm old/manifest.json
echo '{"pages":{"/":["m.js"]}}' >old/build-manifest.json
run bundle old --format json
ok "a manifest of Next.js that lists pages alone" json "d['sources'][0]['kind'] == 'next_build' and list(a) == ['m.js']"

mkdir -p look/f
printf '@font-face{src:url(f/x.otf);font-display:swap}' >look/a.css
printf 'OTTO\0\0\0\0\0\0\0\0' >look/f/x.otf
printf 'GIF89a\003\000\002\000\000\000\000;' >look/f/i.gif
run bundle look
ok "what a font and an image are" says out 'otf'
ok "how a font is shown while it loads" says out 'font-display: swap'
ok "the size of an image" says out 'gif'

# ---- built anew while it is followed ----
# told NAME: waits until the recording has a build with that file
told() {
    for _ in $(seq 300); do
        "$program" bundle again.slowdive --format json 2>/dev/null | grep -qF "\"$1\"" && return
        read -rt 0.1 <> <(:)
    done
    return 1
}
mkdir live
echo 'let first = 1' >live/first.js
"$program" record -o again.slowdive --for 60s bundle:live >/dev/null 2>&1 &
recorder=$!
ok "a build is recorded" told first.js
mkdir newer
echo 'let second = 1' >newer/second.js
mv live older && mv newer live
ok "another one in its place is read" told second.js
kill -INT $recorder
wait $recorder
run bundle again.slowdive --format json
ok "and is the newest" json "list(a) == ['second.js']"

mkdir empty reports
refused "an empty folder is no build" "is a folder" bundle empty
refused "nor is one of reports of Lighthouse" "" bundle bundle:reports
refused "a file that is not there" "cannot open" bundle bundle:missing/app.js
head -c 200 pack/my-stats.json >cut.json
refused "cut stats" "cut off" bundle cut.json
echo '{"hash":"1","assetsByChunkName":{},"assets":[{"name":"a.js","size":-5}]}' >minus.json
refused "a negative size" "no whole number of bytes" bundle minus.json
python3 -c "print('{\"hash\":\"1\",\"assetsByChunkName\":' + '[' * 1000000)" >deep.json
refused "stats nested without an end" "nested deeper than 512" bundle deep.json
finish
