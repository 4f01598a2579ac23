#!/usr/bin/env python3
"""What is watched is not slowed: pgbench, redis-benchmark and wrk on private servers, with slowdive and without.

bench_watched.py [ROUNDS [SECONDS]]      (60 rounds, 2 s for each figure); needs pgbench, redis-server, nginx, wrk
bench_watched.py --shares 1 SECONDS      no tool runs: only which share of a core each server spends on slowdive, as
                                         "NAME_share PERCENT %" lines; with pgbouncer installed PostgreSQL's share
                                         behind it (transaction mode: nothing can be prepared), too

One slowdive, on a terminal of 200x50 with its defaults, watches all three servers: statements and sessions of
PostgreSQL, the figures of Redis, the access log of nginx. Each tool runs without a pause, and slowdive by turns: a round
is SECONDS with it and SECONDS in which it is stopped (SIGSTOP); which comes first alternates. So the two figures of a
round are of the same moment: what else the machine does comes and goes slower than that. The servers and the tools share
one core (WATCHED_CPU, 0; "" pins nothing), where the kernel puts slowdive is its affair. Printed are the medians, the
median of the ratios with / without of all rounds, and its 95 % interval by drawing rounds anew; the same of the processor
time that the server needed for one request. In front of each stands the share of a core that the server spends on slowdive
alone, while no tool runs. Bar: within 1 %.
"""
import os
import pwd
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "../soak"))
import peers
import terminal

ROOT = os.path.realpath(os.path.join(HERE, "../.."))
# Rounds, and seconds of each figure.
SHARES = "--shares" in sys.argv
NUMBERS = [a for a in sys.argv[1:] if a != "--shares"]
ROUNDS, SECONDS = (int(a) for a in (NUMBERS + ["60", "2"][len(NUMBERS):])[:2])
CPU = os.environ.get("WATCHED_CPU", "0")
PIN = ["taskset", "-c", CPU] if CPU else []
DRAWS = 4000


def output(*command, env=None):
    return subprocess.run(PIN + list(command), check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env).stdout


def children(pid):
    return list(map(int, subprocess.run(["pgrep", "-P", str(pid)], stdout=subprocess.PIPE, text=True).stdout.split()))


def run_time(pid):
    """Seconds that a process and its children, as they are now, have run, in the kernel's nanoseconds and not in ticks."""
    total = 0
    for process in [pid, *children(pid)]:
        try:
            for thread in os.listdir(f"/proc/{process}/task"):
                with open(f"/proc/{process}/task/{thread}/schedstat") as f:
                    total += int(f.read().split()[0])
        except OSError:
            continue
    return total / 1e9


def has_user(name):
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


class Servers:
    def __init__(self, folder):
        self.folder, self.log = folder, folder + "/access.log"
        for tool in "pgbench", "redis-server", "redis-benchmark", "nginx", "wrk":
            if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin"):
                sys.exit(f"bench_watched: {tool} is not installed")
        self.nginx = self.redis = self.pooler = None
        os.environ["PATH"] += ":/usr/sbin"
        self.start_postgres()
        self.start_redis()
        self.start_nginx()

    def start_postgres(self):
        out = output(ROOT + "/contrib/private-postgres", "start", self.folder + "/pg", "--with", str(os.getpid()))
        self.set = dict(line.split("=", 1) for line in out.splitlines())
        self.env = {**os.environ, **self.set, "PGSSLMODE": "disable"}
        output("pgbench", "-i", "-q", "-s", "5", "postgres", env=self.env)
        output("psql", "-qc", "create extension pg_stat_statements", "postgres", env=self.env)

    def postmaster(self):
        """Its pid: the parent of its sessions."""
        place = self.folder + "/pg"
        if os.path.exists(place + "/place"):
            with open(place + "/place") as f:
                place = f.read().strip()
        with open(place + "/data/postmaster.pid") as f:
            return f.readline().strip()

    def start_pooler(self):
        """A pgbouncer in front of PostgreSQL: its URL, or None where it is not installed."""
        if not shutil.which("pgbouncer"):
            return None
        port, owner = peers.free_port(), next((u for u in ("postgres", "nobody") if has_user(u)), "")
        with open(self.folder + "/users", "w") as f:
            f.write(f'"{self.set["PGUSER"]}" ""\n')
        with open(self.folder + "/pooler.ini", "w") as f:
            f.write(f"""[databases]
postgres = host=127.0.0.1 port={self.set["PGPORT"]}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {self.folder}/users
admin_users = {self.set["PGUSER"]}
pool_mode = transaction
""")
        # Root's refuses to run.
        command = ["setpriv", "--reuid", owner, "--clear-groups"] if os.getuid() == 0 else []
        self.pooler = subprocess.Popen(PIN + command + ["pgbouncer", "-q", self.folder + "/pooler.ini"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return f"postgres://{self.set['PGUSER']}@127.0.0.1:{port}/postgres"

    def start_redis(self):
        self.redis_port = peers.free_port()
        self.redis = subprocess.Popen(PIN + ["redis-server", "--bind", "127.0.0.1", "--port", str(self.redis_port), "--save", "",
                                             "--appendonly", "no"], stdout=subprocess.DEVNULL, cwd=self.folder)

    def start_nginx(self):
        self.nginx_port = port = peers.free_port()
        os.makedirs(self.folder + "/html")
        with open(self.folder + "/html/index.html", "w") as f:
            f.write("x" * 612)
        with open(self.folder + "/nginx.conf", "w") as f:
            f.write(("user root;\n" if os.getuid() == 0 else "") + f"""daemon off; master_process off; worker_processes 1;
pid {self.folder}/nginx.pid; error_log {self.folder}/error.log;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
    log_format timed '$remote_addr - - [$time_local] "$request" $status $body_bytes_sent "-" "-" rt=$request_time';
    access_log {self.log} timed;
    keepalive_requests 1000000000;
    server {{ listen 127.0.0.1:{port}; root {self.folder}/html; }}
}}
""")
        os.makedirs(self.folder + "/t")
        self.nginx = subprocess.Popen(PIN + ["nginx", "-p", self.folder, "-e", self.folder + "/error.log", "-c",
                                             self.folder + "/nginx.conf"], stdout=subprocess.DEVNULL)

    # ---- the tools: a command that runs for some seconds, and how often its server was asked ----

    def pgbench(self, seconds):
        return ["pgbench", "-n", "-S", "-c2", "-j1", f"-T{seconds}", "-P1", "postgres"], self.env

    def redis_benchmark(self, seconds):
        return ["redis-benchmark", "-p", str(self.redis_port), "-c", "20", "-n", str(10**9), "-t", "get", "-r", "10000", "-q"], None

    def wrk(self, seconds):
        return ["wrk", "-t1", "-c20", f"-d{seconds}s", f"http://127.0.0.1:{self.nginx_port}/"], None

    def asked_redis(self):
        """Its own figure; the question itself is one more."""
        with socket.create_connection(("127.0.0.1", self.redis_port)) as s:
            s.sendall(b"INFO commandstats\r\nQUIT\r\n")
            text = b"".join(iter(lambda: s.recv(65536), b"")).decode()
        found = re.search(r"cmdstat_get:calls=([0-9]+)", text)
        return int(found.group(1)) if found else 0

    def asked_nginx(self):
        """Lines of its log, which are all equally long."""
        with open(self.log, "rb") as f:
            length = len(f.readline())
        return os.stat(self.log).st_size / length if length else 0

    def idle(self, seconds):
        """The share of a core that each server takes while no tool runs."""
        pids = {"pgbench": int(self.postmaster()), "redis-benchmark": self.redis.pid, "wrk": self.nginx.pid}
        begun, before = time.monotonic(), {tool: run_time(pid) for tool, pid in pids.items()}
        time.sleep(seconds)
        took = time.monotonic() - begun
        return {tool: (run_time(pid) - before[tool]) / took for tool, pid in pids.items()}

    def stop(self):
        for p in self.nginx, self.redis, self.pooler:
            if p:
                p.terminate()
                p.wait()
        subprocess.run([ROOT + "/contrib/private-postgres", "stop", self.folder + "/pg"], check=False)


def watching(servers, program, environment, postgres=None):
    """A slowdive that watches all three (PostgreSQL at its own address, or this one), connected and with the catalog read."""
    os.truncate(servers.log, 0)
    sources = [postgres or servers.set["PGURL"], f"redis://127.0.0.1:{servers.redis_port}", servers.log]
    slowdive = terminal.Terminal([program, *sources], servers.folder, environment, servers.folder + "/slowdive.err", (50, 200))
    time.sleep(4)
    return slowdive


def leave(slowdive):
    slowdive.process.send_signal(signal.SIGCONT)
    slowdive.end(10)
    slowdive.close()


class Progress:
    """Of pgbench: how many transactions there were up to its last line, of which one comes each second."""

    def __init__(self, process):
        self.process, self.done, self.at = process, 0, 0

    def line(self):
        text = self.process.stderr.readline()
        found = re.match(r"progress: ([0-9.]+) s, ([0-9.]+) tps", text)
        if not found:
            raise RuntimeError(f"pgbench says: {text}")
        at, rate = float(found.group(1)), float(found.group(2))
        self.done += rate * (at - self.at)
        self.at = at


def turns(process, asked, pid, slowdive):
    """For each round ((requests/s, us of the server a request) with slowdive, the same without)."""
    progress = None if asked else Progress(process)

    def step():
        """Some time passes; how often the server was asked until now, when that is, its processor time."""
        if not progress:
            time.sleep(SECONDS)
            return asked(), time.monotonic(), run_time(pid)
        for _ in range(SECONDS):
            progress.line()
        return progress.done, progress.at, run_time(pid)

    rounds, before = [], step()
    for i in range(ROUNDS):
        found = {}
        for is_with in (True, False) if i % 2 else (False, True):
            slowdive.process.send_signal(signal.SIGCONT if is_with else signal.SIGSTOP)
            now = step()
            n = max(now[0] - before[0], 1)
            found[is_with] = n / (now[1] - before[1]), (now[2] - before[2]) / n * 1e6
            before = now
        rounds.append((found[True], found[False]))
        if process.poll() is not None or not slowdive.alive():
            raise RuntimeError("a tool or slowdive has ended")
    return rounds


def measure(servers, program, environment):
    """By tool, the rounds; and the shares while no tool runs, with and without."""
    without = servers.idle(20)
    slowdive = watching(servers, program, environment)
    found = {}
    try:
        idle = servers.idle(20)
        pids = {"pgbench": int(servers.postmaster()), "redis-benchmark": servers.redis.pid, "wrk": servers.nginx.pid}
        seconds = (2 * ROUNDS + 5) * SECONDS
        for tool, command, asked in (("pgbench", servers.pgbench, None), ("redis-benchmark", servers.redis_benchmark, servers.asked_redis),
                                     ("wrk", servers.wrk, servers.asked_nginx)):
            args, env = command(seconds)
            process = subprocess.Popen(PIN + args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL if asked else subprocess.PIPE,
                                       text=True, env=env)
            try:
                found[tool] = turns(process, asked, pids[tool], slowdive)
            finally:
                process.kill()
                process.wait()
            slowdive.process.send_signal(signal.SIGCONT)
            time.sleep(2)
            print(f"{tool}: {ROUNDS} rounds", file=sys.stderr, flush=True)
    finally:
        leave(slowdive)
    return found, {tool: idle[tool] - without[tool] for tool in idle}


def interval(pairs, r):
    """pairs: (with, without). The median of their ratios, and its 95 % interval."""
    ratios = [p[0] / p[1] for p in pairs]
    drawn = sorted(statistics.median(r.choices(ratios, k=len(ratios))) for _ in range(DRAWS))
    return statistics.median(ratios), drawn[DRAWS * 25 // 1000], drawn[DRAWS * 975 // 1000]


def table(found, shares_alone):
    r = random.Random(1)
    for tool, rounds in found.items():
        share = shares_alone[tool] * 100
        print(f"{tool:<16} its server, asked by slowdive alone: {share:.2f} % of a core  {'ok' if share <= 1 else 'MISSED'}")
        for i, (what, better) in enumerate((("requests/s", 1), ("us of the server a request", -1))):
            pairs = [(w[i], wo[i]) for w, wo in rounds]
            middle, low, high = interval(pairs, r)
            slowed = low > 1.01 if better < 0 else high < 0.99
            good = middle <= 1.01 if better < 0 else middle >= 0.99
            print(f"{tool:<16} {statistics.median(p[0] for p in pairs):>10.1f} with, {statistics.median(p[1] for p in pairs):>10.1f} "
                  f"without  {what:<27} ratio {middle:.4f} [{low:.4f}, {high:.4f}]  "
                  f"{'ok' if good else 'MISSED' if slowed else 'not clear'}")


def shares(servers, program, environment):
    """Of a whole minute the catalog has its part: it is read every 30 s."""
    without = servers.idle(SECONDS)

    def share(tool, name, found):
        print(f"{name}_share {max(found[tool] - without[tool], 0) * 100:.2f} %")

    def found(postgres=None):
        slowdive = watching(servers, program, environment, postgres)
        try:
            return servers.idle(SECONDS)
        finally:
            leave(slowdive)

    own = found()
    for tool, name in ("pgbench", "postgres"), ("redis-benchmark", "redis"), ("wrk", "nginx"):
        share(tool, name, own)
    pooler = servers.start_pooler()
    time.sleep(1)
    if pooler and servers.pooler.poll() is None:
        share("pgbench", "postgres_pooled", found(pooler))


def main():
    for number in signal.SIGTERM, signal.SIGHUP, signal.SIGINT:
        signal.signal(number, lambda n, _: sys.exit(128 + n))
    folder = tempfile.mkdtemp(prefix="slowdive-watched.")
    os.chmod(folder, 0o755)
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "TZ": "UTC",
                   "XDG_STATE_HOME": folder + "/state", "XDG_CONFIG_HOME": folder + "/config"}
    program = os.path.join(ROOT, os.environ.get("BUILD") or "build", "slowdive")
    servers = None
    try:
        servers = Servers(folder)
        time.sleep(1)
        if SHARES:
            shares(servers, program, environment)
            return
        table(*measure(servers, program, environment))
    finally:
        if servers:
            servers.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
