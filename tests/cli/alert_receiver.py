#!/usr/bin/env python3
"""A receiver of alerts: writes path, Idempotency-Key and body of each POST to the file `got`, and its port to `port`."""
import http.server
import os


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        with open("got", "ab") as f:
            f.write(b"%s %s %s\n" % (self.path.encode(), self.headers.get("Idempotency-Key", "").encode(), body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
with open("port.new", "w") as f:
    f.write(str(server.server_port))
os.rename("port.new", "port")
server.serve_forever()
