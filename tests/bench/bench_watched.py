#!/usr/bin/env python3
"""What is watched is not slowed: pgbench, redis-benchmark and wrk on private servers, with slowdive and without.

bench_watched.py [ROUNDS [SECONDS]]      (20 rounds, 3 s for each figure); needs pgbench, redis-server, nginx, wrk
bench_watched.py --shares 1 SECONDS      no tool runs: only which share of a core each server spends on slowdive, as
                                         "NAME_share PERCENT %" lines; with pgbouncer installed PostgreSQL's share
                                         behind it (transaction mode: nothing can be prepared), too

One slowdive, on a terminal of 200x50 with its defaults, watches all three servers: statements and sessions of
PostgreSQL, the figures of Redis, the access log of nginx. A round is every tool with it and every tool without
it; which comes first alternates. The servers and the tools share one core (WATCHED_CPU, 0; "" pins nothing), where the kernel puts
slowdive is its affair. Printed are the medians, their ratio with slowdive / without, and its 95 % interval by drawing rounds
anew; the same of the processor time that the server needed for one request, which depends less on what
else the machine does. In front of each stands the share of a core that the server spends on slowdive alone, while no tool
runs: on a busy machine this is the figure to go by. Bar: within 1 %.
"""
import os
import pwd
import random
import re
import shutil
import signal
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
ROUNDS, SECONDS = (int(a) for a in (NUMBERS + ["20", "3"][len(NUMBERS):])[:2])
CPU = os.environ.get("WATCHED_CPU", "0")
PIN = ["taskset", "-c", CPU] if CPU else []
TICK = os.sysconf("SC_CLK_TCK")
DRAWS = 4000


def output(*command, env=None):
    return subprocess.run(PIN + list(command), check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env).stdout


def figure(pattern, text):
    return float(re.search(pattern, text, re.M).group(1))


def children(pid):
    return list(map(int, subprocess.run(["pgrep", "-P", str(pid)], stdout=subprocess.PIPE, text=True).stdout.split()))


def processor_time(pid):
    """Seconds of a process, of its children, and of those that have ended."""
    total = 0
    for process in [pid, *children(pid)]:
        try:
            with open(f"/proc/{process}/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
        except OSError:
            continue  # ended since; its parent has its time
        total += sum(map(int, fields[11:15] if process == pid else fields[11:13]))
    return total / TICK


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

    # ---- the tools: requests a second, and processor time of one in us ----

    def measured(self, pid, run):
        before = processor_time(pid)
        rate, n = run()
        return rate, (processor_time(pid) - before) / n * 1e6

    def pgbench(self):
        out = output("pgbench", "-n", "-S", "-c2", "-j1", f"-T{SECONDS}", "postgres", env=self.env)
        return figure(r"^tps = ([0-9.]+)", out), figure(r"actually processed: ([0-9]+)", out)

    def redis_benchmark(self):
        n = 40000 * SECONDS
        out = output("redis-benchmark", "-p", str(self.redis_port), "-c", "20", "-n", str(n), "-t", "get", "-r", "10000", "--csv")
        return figure(r'^"GET","([0-9.]+)"', out), n

    def wrk(self):
        out = output("wrk", "-t1", "-c20", f"-d{SECONDS}s", f"http://127.0.0.1:{self.nginx_port}/")
        return figure(r"^Requests/sec: *([0-9.]+)", out), figure(r"([0-9]+) requests in", out)

    def idle(self):
        """The share of a core that each server takes while no tool runs."""
        pids = {"pgbench": int(self.postmaster()), "redis-benchmark": self.redis.pid, "wrk": self.nginx.pid}
        begun, before = time.monotonic(), {tool: run_time(pid) for tool, pid in pids.items()}
        time.sleep(SECONDS)
        took = time.monotonic() - begun
        return {tool: (run_time(pid) - before[tool]) / took for tool, pid in pids.items()}

    def all(self):
        idle = self.idle()
        found = {"pgbench": self.measured(int(self.postmaster()), self.pgbench),
                 "redis-benchmark": self.measured(self.redis.pid, self.redis_benchmark),
                 "wrk": self.measured(self.nginx.pid, self.wrk)}
        return {tool: (*figures, idle[tool]) for tool, figures in found.items()}

    def stop(self):
        for p in self.nginx, self.redis, self.pooler:
            if p:
                p.terminate()
                p.wait()
        subprocess.run([ROOT + "/contrib/private-postgres", "stop", self.folder + "/pg"], check=False)


def watched(servers, program, environment, measure, postgres=None):
    """What `measure` says while one slowdive watches all three."""
    os.truncate(servers.log, 0)
    sources = [postgres or servers.set["PGURL"], f"redis://127.0.0.1:{servers.redis_port}", servers.log]
    slowdive = terminal.Terminal([program, *sources], servers.folder, environment, servers.folder + "/slowdive.err", (50, 200))
    try:
        time.sleep(4)  # connected, the catalog read
        found = measure()
        if not slowdive.alive():
            raise RuntimeError("slowdive has ended")
        return found
    finally:
        slowdive.end(10)
        slowdive.close()


def interval(pairs, r):
    """pairs: (with, without). The ratio of their medians, and its 95 % interval."""
    def ratio(some):
        return statistics.median(p[0] for p in some) / statistics.median(p[1] for p in some)

    drawn = sorted(ratio(r.choices(pairs, k=len(pairs))) for _ in range(DRAWS))
    return ratio(pairs), drawn[DRAWS * 25 // 1000], drawn[DRAWS * 975 // 1000]


def extra(pairs, r):
    """How much more it is with than without, on average, and the 95 % interval."""
    def more(some):
        return statistics.fmean(p[0] - p[1] for p in some)

    drawn = sorted(more(r.choices(pairs, k=len(pairs))) for _ in range(DRAWS))
    return more(pairs), drawn[DRAWS * 25 // 1000], drawn[DRAWS * 975 // 1000]


def table(rounds):
    r = random.Random(1)
    for tool in rounds[0][0]:
        middle, low, high = (x * 100 for x in extra([(w[tool][2], wo[tool][2]) for w, wo in rounds], r))
        print(f"{tool:<16} its server, asked by slowdive alone: {middle:.2f} % of a core [{low:.2f}, {high:.2f}]  "
              f"{'ok' if middle <= 1 else 'MISSED' if low > 1 else 'not clear'}")
        for i, (what, better) in enumerate((("requests/s", 1), ("us of the server a request", -1))):
            pairs = [(w[tool][i], wo[tool][i]) for w, wo in rounds]
            middle, low, high = interval(pairs, r)
            slowed = low > 1.01 if better < 0 else high < 0.99
            good = middle <= 1.01 if better < 0 else middle >= 0.99
            print(f"{tool:<16} {statistics.median(p[0] for p in pairs):>10.1f} with, {statistics.median(p[1] for p in pairs):>10.1f} "
                  f"without  {what:<27} ratio {middle:.4f} [{low:.4f}, {high:.4f}]  "
                  f"{'ok' if good else 'MISSED' if slowed else 'not clear'}")


def shares(servers, program, environment):
    """Of a whole minute the catalog has its part: it is read every 30 s."""
    without = servers.idle()
    found = watched(servers, program, environment, servers.idle)
    for tool, name in ("pgbench", "postgres"), ("redis-benchmark", "redis"), ("wrk", "nginx"):
        print(f"{name}_share {max(found[tool] - without[tool], 0) * 100:.2f} %")
    pooler = servers.start_pooler()
    time.sleep(1)
    if pooler and servers.pooler.poll() is None:
        found = watched(servers, program, environment, servers.idle, pooler)
        print(f"postgres_pooled_share {max(found['pgbench'] - without['pgbench'], 0) * 100:.2f} %")


def main():
    for number in signal.SIGTERM, signal.SIGHUP, signal.SIGINT:
        signal.signal(number, lambda n, _: sys.exit(128 + n))
    folder = tempfile.mkdtemp(prefix="slowdive-watched.")
    os.chmod(folder, 0o755)
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "TZ": "UTC",
                   "XDG_STATE_HOME": folder + "/state", "XDG_CONFIG_HOME": folder + "/config"}
    program = os.path.join(ROOT, os.environ.get("BUILD") or "build", "slowdive")
    servers, rounds = None, []
    try:
        servers = Servers(folder)
        time.sleep(1)
        if SHARES:
            shares(servers, program, environment)
            return
        servers.all()  # warm
        for i in range(ROUNDS):
            if i % 2:
                without = servers.all()
                rounds.append((watched(servers, program, environment, servers.all), without))
            else:
                with_it = watched(servers, program, environment, servers.all)
                rounds.append((with_it, servers.all()))
            print(f"round {i + 1}: " + ", ".join(f"{t} {rounds[-1][0][t][0] / rounds[-1][1][t][0]:.3f}" for t in rounds[-1][0]),
                  file=sys.stderr, flush=True)
        table(rounds)
    finally:
        if servers:
            servers.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
