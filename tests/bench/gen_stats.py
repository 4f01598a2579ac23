"""A webpack stats.json like a large one: gen_stats.py MODULES > stats.json. 95,000 modules make about 300 MB."""
import json
import sys

MODULES = int(sys.argv[1])
CHUNKS = 40
out = sys.stdout.write


def module(i):
    package = "package-%d" % (i // 40)
    name = "./node_modules/%s/lib/part-%d/file-%d.js" % (package, i % 7, i)
    importers = [i // 3, max(0, i - 1), i // 7] if i else []
    reasons = [{"moduleIdentifier": "/home/build/project/file-%d.js" % r, "module": "./node_modules/package-%d/lib/part-%d/file-%d.js" % (r // 40, r % 7, r),
                "moduleName": "./node_modules/package-%d/lib/part-%d/file-%d.js" % (r // 40, r % 7, r),
                "resolvedModuleIdentifier": "/home/build/project/file-%d.js" % r, "resolvedModule": "./file-%d.js" % r,
                "type": kind, "active": True, "explanation": "", "userRequest": "./file-%d.js" % i, "loc": "%d:0-%d" % (k + 1, 40 + k),
                "moduleId": r, "resolvedModuleId": r}
               for r in importers for k, kind in enumerate(("harmony side effect evaluation", "harmony import specifier"))]
    return {"type": "module", "moduleType": "javascript/auto", "layer": None, "size": 500 + i * 37 % 9000, "sizes": {"javascript": 500 + i * 37 % 9000},
            "built": True, "codeGenerated": True, "identifier": "/home/build/project/file-%d.js" % i, "name": name, "nameForCondition": name, "index": i,
            "preOrderIndex": i, "index2": i, "postOrderIndex": i, "cacheable": True, "optional": False, "orphan": False, "dependent": False,
            "issuer": None, "issuerName": None, "failed": False, "errors": 0, "warnings": 0, "id": i, "chunks": [i % CHUNKS], "assets": [],
            "reasons": reasons, "usedExports": ["a", "b"], "providedExports": ["a", "b", "c"], "optimizationBailout": [], "depth": 5}


out('{"version":"5.97.1","hash":"0","outputPath":"/none","assets":%s,"chunks":%s,"entrypoints":{"chunk-0":{"name":"chunk-0","chunks":[0],"assets":[{"name":"chunk-0.js"}]}},"modules":[' % (
    json.dumps([{"name": "chunk-%d.js" % c, "size": 5000 * (MODULES // CHUNKS), "chunks": [c]} for c in range(CHUNKS)]),
    json.dumps([{"id": c, "initial": c == 0, "entry": c == 0, "files": ["chunk-%d.js" % c], "names": ["chunk-%d" % c]} for c in range(CHUNKS)])))
for i in range(MODULES):
    out(("," if i else "") + json.dumps(module(i), separators=(",", ":")))
out("]}")
