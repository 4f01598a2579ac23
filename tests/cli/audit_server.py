#!/usr/bin/env python3
"""Answers with every kind of cache policy for tests/cli/audit.sh.

usage: audit_server.py FOLDER [CERT KEY]

Writes FOLDER/port, FOLDER/urls (a list of the cases, a line each) and each request to FOLDER/asked. With a
certificate a second server speaks TLS: FOLDER/tls_port. A case is a row of audit_cases.py.
"""
import gzip
import os
import socketserver
import ssl
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from audit_cases import CASES, date  # noqa: E402

folder = sys.argv[1]
lock = threading.Lock()
stopped = threading.Event()


def note(line):
    with lock, open(os.path.join(folder, "asked"), "a", encoding="utf-8") as f:
        f.write(line + "\n")


class Handler(socketserver.StreamRequestHandler):
    def head(self, status, fields, version="1.1"):
        lines = ["HTTP/%s %d Status" % (version, status)]
        lines += ["%s: %s" % (k, v) for k, v in fields]
        self.wfile.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def send(self, status, fields, body, version="1.1"):
        if not any(k.lower() in ("content-length", "transfer-encoding") for k, v in fields) and status != 304:
            fields = list(fields) + [("Content-Length", len(body))]
        self.head(status, fields, version)
        if status != 304:
            self.wfile.write(body)

    def handle(self):
        try:
            while self.one():
                pass
        except (BrokenPipeError, ConnectionResetError):
            pass

    def one(self):
        line = self.rfile.readline(65536).decode("latin-1").strip()
        if not line:
            return False
        method, path, _ = line.split(" ")
        given = {}
        while True:
            header = self.rfile.readline(65536).decode("latin-1").strip()
            if not header:
                break
            name, value = header.split(":", 1)
            given[name.lower()] = value.strip()
        note("%s %s ua=%s ae=%s cookie=%s inm=%s ims=%s" % (
            method, path, given.get("user-agent"), given.get("accept-encoding"), given.get("cookie", "-"),
            given.get("if-none-match", "-"), given.get("if-modified-since", "-")))
        bare = path.split("?")[0]
        case = CASES.get(bare)
        if case:
            return self.answer_case(case, given)
        special = getattr(self, "do_" + bare.strip("/").split("/")[0].replace(".", "_").replace("-", "_"), None)
        if special:
            return special(bare)
        self.send(404, [("Content-Type", "text/plain"), ("Cache-Control", "no-store")], b"nothing here")
        return True

    def answer_case(self, case, given):
        fields = [("Content-Type", case["type"])] if case["type"] else []
        if case["date"]:
            fields.append(("Date", date(0)))
        for k, v in case["headers"]:
            fields.append((k, v))
        names = {k.lower(): v for k, v in case["headers"]}
        if case["revalidates"]:
            etag = names.get("etag")
            if (etag and given.get("if-none-match") == etag) or \
                    ("last-modified" in names and given.get("if-modified-since") == names["last-modified"]):
                self.send(304, fields, b"")
                return True
        self.send(case["status"], fields, case["body"])
        return True

    # ---- what is no case of headers ----

    def do_hop(self, path):  # /hop/N: N redirects to /final
        n = int(path.rsplit("/", 1)[1])
        self.send(301, [("Location", "/hop/%d" % (n - 1) if n > 1 else "/final"), ("Set-Cookie", "a=b")], b"")
        return True

    def do_final(self, _):
        self.send(200, [("Content-Type", "text/plain"), ("Cache-Control", "max-age=60"), ("ETag", '"f"')], b"final")
        return True

    def do_loop(self, _):
        self.send(302, [("Location", "/loop")], b"")
        return True

    def do_away(self, _):
        self.send(302, [("Location", "http://127.9.9.9:1/x")], b"")
        return True

    def do_file(self, _):
        self.send(302, [("Location", "file:///etc/passwd")], b"")
        return True

    def do_never(self, _):
        stopped.wait(30)
        return False

    def do_slow(self, _):  # the header at once, the body a byte at a time
        self.head(200, [("Content-Type", "text/css"), ("Cache-Control", "max-age=60"), ("Content-Length", 1000000)])
        while not stopped.wait(0.02):
            self.wfile.write(b"x")
        return False

    def do_huge(self, _):
        self.head(200, [("Content-Type", "text/css"), ("Cache-Control", "no-store"), ("Content-Length", 1 << 30)])
        block = b"x" * (1 << 20)
        for _ in range(1 << 10):
            self.wfile.write(block)
        return False

    def do_endless(self, _):
        self.head(200, [("Content-Type", "text/css"), ("Cache-Control", "no-store"), ("Connection", "close")])
        block = b"x" * (1 << 20)
        while not stopped.is_set():
            self.wfile.write(block)
        return False

    def do_flood(self, _):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not stopped.is_set():
            self.wfile.write(b"X-Flood: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n" * 100)
        return False

    def do_fields(self, _):  # more fields than are read, but few bytes
        self.send(200, [("A", i) for i in range(2000)] + [("Cache-Control", "max-age=60")], b"many")
        return True

    def do_old(self, _):  # HTTP/1.0
        self.send(200, [("Content-Type", "text/plain"), ("Expires", date(3600)), ("Date", date(0)),
                        ("Last-Modified", date(-100))], b"old", version="1.0")
        return False

    def do_older(self, _):  # HTTP/0.9
        self.wfile.write(b"<html>just a body</html>")
        return False

    def do_chunks(self, _):
        self.head(200, [("Content-Type", "text/plain"), ("Cache-Control", "max-age=60"), ("ETag", '"c"'),
                        ("Transfer-Encoding", "chunked")])
        self.wfile.write(b"5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nCache-Control: no-store\r\n\r\n")
        return True

    def do_garbage(self, _):
        self.head(200, [("Content-Type", "text/plain"), ("Cache-Control", "max-age=60"), ("ETag", '"c"'),
                        ("Transfer-Encoding", "chunked")])
        self.wfile.write(b"zz\r\nhello\r\n")
        return False

    def do_cut(self, _):
        self.head(200, [("Content-Type", "text/plain"), ("Cache-Control", "max-age=60"), ("ETag", '"c"'),
                        ("Content-Length", 100)])
        self.wfile.write(b"half")
        return False

    def do_closed(self, _):
        return False

    def do_hints(self, _):
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nCache-Control: no-store\r\n\r\n")
        self.send(200, [("Content-Type", "text/plain"), ("Cache-Control", "max-age=60"), ("ETag", '"h"')], b"hints")
        return True

    def do_gz(self, _):
        self.send(200, [("Content-Type", "text/css"), ("Cache-Control", "public, max-age=31536000"), ("ETag", '"g"'),
                        ("Content-Encoding", "gzip")], gzip.compress(b"a { color: red }\n" * 1000))
        return True

    def do_badgz(self, _):
        self.send(200, [("Content-Type", "text/css"), ("Cache-Control", "public, max-age=31536000"), ("ETag", '"g"'),
                        ("Content-Encoding", "gzip")], b"this is not gzip")
        return True

    def do_bomb(self, _):
        self.send(200, [("Content-Type", "text/css"), ("Cache-Control", "public, max-age=31536000"), ("ETag", '"g"'),
                        ("Content-Encoding", "gzip")], BOMB)
        return True

    def do_sitemap_xml(self, _):
        host = "http://127.0.0.1:%d" % self.server.server_address[1]
        body = ('<?xml version="1.0"?><!-- <loc>no</loc> --><sitemapindex xmlns="x"><sitemap><loc>%s/pages.xml.gz'
                '</loc></sitemap><sitemap><loc>http://127.9.9.9:1/other.xml</loc></sitemap></sitemapindex>' % host)
        self.send(200, [("Content-Type", "application/xml")], body.encode())
        return True

    def do_pages_xml_gz(self, _):
        host = "http://127.0.0.1:%d" % self.server.server_address[1]
        body = ('<s:urlset xmlns:s="x" xmlns:image="y"><s:url><s:loc> %s/final?a=1&amp;b=2 </s:loc>'
                '<image:image><image:loc>%s/no</image:loc></image:image></s:url>'
                '<s:url><s:loc><![CDATA[%s/final?c]]></s:loc></s:url></s:urlset>' % (host, host, host))
        self.send(200, [("Content-Type", "application/gzip")], gzip.compress(body.encode()))
        return True


BOMB = gzip.compress(b"\0" * (60 << 20), 1)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, *_):
        pass


def put(name, text):
    with open(os.path.join(folder, name + ".new"), "w", encoding="utf-8") as f:
        f.write(text)
    os.rename(os.path.join(folder, name + ".new"), os.path.join(folder, name))


plain = Server(("127.0.0.1", 0), Handler)
if len(sys.argv) > 3:
    secure = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    threading.Thread(target=secure.serve_forever, daemon=True).start()
    put("tls_port", str(secure.server_address[1]))
put("urls", "".join("http://127.0.0.1:%d%s\n" % (plain.server_address[1], p) for p in CASES))
put("port", str(plain.server_address[1]))
plain.serve_forever()
