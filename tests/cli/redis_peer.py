#!/usr/bin/env python3
"""A server that says it is Redis and misbehaves, one port for each way.

    redis_peer.py FOLDER     writes FOLDER/ports, lines "way port"; every command that comes is appended to
                             FOLDER/asked as "way COMMAND WORD..."
"""
import os
import socket
import sys
import threading

folder = sys.argv[1]
lock = threading.Lock()
counts = {}

INFO = ("# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nrun_id:%(run)s\r\nuptime_in_seconds:100\r\n"
        "# Clients\r\nconnected_clients:2\r\nmaxclients:10000\r\n# Stats\r\ntotal_connections_received:9\r\n"
        "total_commands_processed:%(commands)d\r\nkeyspace_hits:%(hits)d\r\nkeyspace_misses:%(misses)d\r\n"
        "# Replication\r\nrole:master\r\n%(more)s")


def bulk(text):
    data = text.encode("utf-8", "surrogateescape")
    return b"$%d\r\n%s\r\n" % (len(data), data)


def info(run="a", hits=10, misses=5, commands=100, more=""):
    return bulk(INFO % dict(run=run, hits=hits, misses=misses, commands=commands, more=more))


def series(*rows):
    """The n-th INFO gets the n-th row, and the last one from then on."""
    return lambda n: info(**rows[min(n, len(rows) - 1)])


SLOW = (b"*2\r\n"
        b"*6\r\n:7\r\n:1700000000\r\n:20000\r\n*3\r\n$3\r\nSET\r\n$12\r\nuser:42:cart\r\n$9\r\ngeheim123\r\n"
        b"$14\r\n127.0.0.1:4242\r\n$4\r\nshop\r\n"
        b"*6\r\n:6\r\n:1700000000\r\n:30000\r\n*2\r\n$7\r\nSEKRETA\r\n$9\r\ngeheim456\r\n"
        b"$14\r\n127.0.0.1:4242\r\n$4\r\nshop\r\n")

# What INFO is answered with; a function gets the number of the INFO, from 0.
WAYS = {
    "noauth": b"-NOAUTH Authentication required.\r\n",
    "busy": b"-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n",
    "loading": b"-LOADING Redis is loading the dataset in memory\r\n",
    "masterdown": b"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
    "noperm": b"-NOPERM this user has no permissions to run the 'info' command\r\n",
    "renamed": b"-ERR unknown command `INFO`, with args beginning with: `all`, \r\n",
    "misconf": b"-MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk.\r\n",
    "integer": b":42\r\n",
    "array": b"*2\r\n:1\r\n:2\r\n",
    "nil": b"$-1\r\n",
    "nothing": bulk("hello\r\nworld:yes\r\n"),
    "huge_string": b"$9999999999\r\n",
    "huge_array": b"*2147483647\r\n",
    "negative": b"*-7\r\n",
    "nested": b"*1\r\n" * 64,
    "garbage": bytes(range(256)) * 8,
    "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "endless": b"+" + b"x" * 300000,
    "half": b"$100\r\nredis_version:7.0.15\r\n",
    "stops": b"$100\r\nredis_version:7.0.15\r\n",
    "hangs": b"",
    "good": info(more="cmdstat_get:calls=15,usec=30,usec_per_call=2.00,rejected_calls=0,failed_calls=0\r\n"
                      "cmdstat_info:calls=x\r\ncmdstat_\r\nunknown_to_all:1\r\nno colon\r\ndb0:keys=3,expires=1,avg_ttl=0\r\n"),
    "down": info(more="role:slave\r\nmaster_host:10.0.0.9\r\nmaster_port:6379\r\nmaster_link_status:down\r\n"
                      "master_link_down_since_seconds:42\r\nrdb_last_bgsave_status:err\r\nmaxmemory_policy:noeviction\r\n"),
    "hostile": info(more="maxmemory_policy:\x1b[31mred\r\nused_memory:99999999999999999999999\r\nmaxmemory:-5\r\n"
                         "latest_fork_usec:1e9\r\n"),
    "reset": series(dict(hits=1000, misses=100), dict(hits=1100, misses=110), dict(hits=5, misses=1, commands=3),
                    dict(hits=15, misses=3, commands=9)),
    "restart": series(dict(hits=1000, misses=100), dict(hits=1100, misses=110), dict(hits=1200, misses=150, run="b")),
}
CLOSES = {"half"}


def words(data):
    """The commands in what has come, and what is left."""
    out = []
    while True:
        at = data.find(b"\r\n")
        if at < 0 or data[:1] != b"*":
            return out, data
        n, rest, command = int(data[1:at]), data[at + 2:], []
        for _ in range(n):
            at = rest.find(b"\r\n")
            if at < 0:
                return out, data
            size = int(rest[1:at])
            if len(rest) < at + 2 + size + 2:
                return out, data
            command.append(rest[at + 2:at + 2 + size].decode("latin-1"))
            rest = rest[at + 4 + size:]
        out.append(command)
        data = rest


def reply(way, command):
    name = command[0].upper()
    with lock:
        with open(os.path.join(folder, "asked"), "a") as f:
            f.write(way + " " + " ".join(command) + "\n")
        n = counts.get(way, 0)
        if name == "INFO":
            counts[way] = n + 1
    if name == "INFO":
        answer = WAYS[way]
        return answer(n) if callable(answer) else answer
    if name == "CLIENT" and command[1].upper() == "LIST":
        return bulk("id=3 addr=127.0.0.1:4000 name=shop idle=3 flags=N omem=99000000 cmd=get\n")
    if name == "CLIENT":
        return b"+OK\r\n"
    if name == "SLOWLOG" and way == "good":
        return SLOW
    if name == "SLOWLOG" and way == "down":
        return b"-NOPERM this user has no permissions to run the 'slowlog|get' command\r\n"
    return b"-ERR unknown command\r\n"


def serve(way, s):
    data = b""
    with s:
        try:
            while True:
                got = s.recv(65536)
                if not got:
                    return
                commands, data = words(data + got)
                for c in commands:
                    s.sendall(reply(way, c))
                    if way in CLOSES and c[0].upper() == "INFO":
                        return
        except OSError:
            return


def listen(way, listener):
    while True:
        s, _ = listener.accept()
        if way == "closes":
            s.close()
        elif way == "denied":
            s.sendall(b"-DENIED Redis is running in protected mode because protected mode is enabled\r\n")
            s.shutdown(socket.SHUT_WR)
            serve("hangs", s)
        elif way == "full":
            s.sendall(b"-ERR max number of clients reached\r\n")
            s.shutdown(socket.SHUT_WR)
            serve("hangs", s)
        else:
            threading.Thread(target=serve, args=(way, s), daemon=True).start()


lines = []
for way in list(WAYS) + ["closes", "denied", "full"]:
    listener = socket.create_server(("127.0.0.1", 0))
    lines.append("%s %d\n" % (way, listener.getsockname()[1]))
    threading.Thread(target=listen, args=(way, listener), daemon=True).start()
with open(os.path.join(folder, "ports.new"), "w") as f:
    f.writelines(lines)
os.rename(os.path.join(folder, "ports.new"), os.path.join(folder, "ports"))
threading.Event().wait()
