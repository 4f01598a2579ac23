#!/bin/bash
# A real Varnish in a private folder, in front of a small server: its counters through varnishstat.
. "$(dirname "$0")/../cli/tap.bash"
chmod 755 "$dir"
export PATH=$PATH:/usr/sbin
command -v varnishd >/dev/null && command -v varnishstat >/dev/null && command -v python3 >/dev/null ||
    { echo "1..0 # SKIP no varnish or no python3"; exit 0; }
cat >origin.py <<'END'
import http.server, os
class Origin(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(b"hello")
    def log_message(self, *a):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
open("port.new", "w").write(str(server.server_port))
os.rename("port.new", "port")
server.serve_forever()
END
python3 origin.py &
origin=$!
varnish=''
trap 'kill $varnish $origin 2>/dev/null; wait $varnish 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
for _ in $(seq 200); do [ -s port ] && break; sleep 0.05; done
cat >default.vcl <<END
vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "$(cat port)"; }
sub vcl_recv { if (req.url ~ "^/pass") { return (pass); } }
END
varnishd -F -n "$dir/v" -a "$dir/v.sock" -f "$dir/default.vcl" -s malloc,8m -j none -T none -p vcc_allow_inline_c=off >varnishd.log 2>&1 &
varnish=$!
cat >get.py <<'END'
import socket, sys, time
def get(path):
    s = socket.socket(socket.AF_UNIX)
    s.connect("v.sock")
    s.sendall(("GET %s HTTP/1.0\r\nHost: a\r\n\r\n" % path).encode())
    got = b""
    while True:
        b = s.recv(4096)
        if not b:
            return b" 200 " in got.split(b"\r\n")[0] + b" "
        got += b
for _ in range(300):
    try:
        if get("/first"):
            break
    except OSError:
        time.sleep(0.1)
else:
    sys.exit(1)
for _ in range(9):
    get("/first")
for i in range(4):
    get("/other/%d" % i)
    get("/pass")
END
python3 get.py || { echo "1..0 # SKIP varnishd does not run here: $(tail -1 varnishd.log)"; exit 0; }
json() { python3 -c "import json,sys; d=json.load(open('out')); r=d['rows'][0]; sys.exit(not ($1))"; }

run caches "varnish:$dir/v" --format json
ok "a Varnish by its folder" json "r['layer'] == 'proxy' and r['name'] == 'varnish $dir/v'"
ok "hits and misses; passes are neither" json "r['hits'] >= 9 and r['misses'] == 5 and r['bypassed'] == 4"
ok "its storage has a limit" json "0 < r['bytes_used'] < r['bytes_max'] == 8388608"
varnishstat -n "$dir/v" -j -t 5 >stats.json
run caches stats.json --format json
ok "the same of what varnishstat printed" json "r['hits'] >= 9 and r['misses'] == 5 and r['bypassed'] == 4 and r['bytes_max'] == 8388608"
run caches "varnish:$dir/nosuch" --for 2s
ok "one that does not run has a sentence" says err "is it running"
finish
