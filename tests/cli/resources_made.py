"""A machine made of files, figures of ten minutes, and what resources must say of them, counted here once more.

  resources_made.py tree DIR     a root with proc and sys in DIR; its counters go on, always in the same
                                 proportions, until DIR/stop is there
  resources_made.py minutes DIR  ten minutes of two machines (DIR/hosts.ndjson) and of requests (DIR/access.log)
  resources_made.py check DIR    the figures of both in the document on standard input
"""
import datetime
import json
import math
import os
import random
import sys
import time

WHAT, DIR = sys.argv[1], sys.argv[2]
KEYS = ("host cpu_share memory_share swap_share filesystem_share disk_busy_share disk_read_bytes_per_s "
        "disk_write_bytes_per_s net_receive_bytes_per_s net_transmit_bytes_per_s pressure_cpu_share "
        "pressure_memory_share pressure_io_share").split()
START = datetime.datetime(2026, 11, 20, 9, 0, tzinfo=datetime.timezone.utc)


def write(name, text):
    path = os.path.join(DIR, "root", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


def tree():
    write("proc/meminfo", "MemTotal: 1000 kB\nMemFree: 10 kB\nMemAvailable: 250 kB\nSwapTotal: 400 kB\nSwapFree: 300 kB\n")
    write("proc/loadavg", "1.25 0.5 0.25 1/100 4242\n")
    write("proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:9 / /nfs rw - nfs4 far:/away rw\n"
          "3 1 0:10 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
    write("proc/self/cgroup", "0::/app/slowdive\n")
    write("sys/fs/cgroup/app/cpu.max", "50000 100000\n")  # of the parent: the nearest limit upwards
    write("sys/fs/cgroup/app/slowdive/cpu.max", "max 100000\n")
    write("sys/fs/cgroup/app/slowdive/memory.max", "2000\n")
    write("sys/fs/cgroup/app/slowdive/memory.current", "1500\n")
    write("sys/fs/cgroup/app/slowdive/memory.stat", "anon 900\ninactive_file 500\n")
    for name in ("sda", "dm-0/slaves/sda"):
        os.makedirs(os.path.join(DIR, "root/sys/block", name), exist_ok=True)
    n = 0
    while not os.path.exists(os.path.join(DIR, "stop")) and os.getppid() != 1:
        n += 1
        # busy: user, system, irq: 6 of 10; idle, waiting and stolen are not
        write("proc/stat", f"cpu {4 * n} 0 {n} {2 * n} {n} {n} 0 {n} 77 0\ncpu0 1 1 1 1\n")
        write("sys/fs/cgroup/app/cpu.stat", f"usage_usec {n}\nnr_periods {8 * n}\nnr_throttled {n}\n")
        write("proc/diskstats", "".join(f" 8 {i} {name} 5 0 {2 * n} 0 5 0 {3 * n} 0 0 {n} 0\n"
                                        for i, name in enumerate(("sda", "sda1", "dm-0"))))
        write("proc/net/dev", f"a\nb\n lo: 9 0 0 0 0 0 0 0 9 0\n eth0: {5 * n} 0 0 0 0 0 0 0 {7 * n} 0\n")
        write("proc/pressure/cpu", f"some avg10=0.00 total={n}\n")
        if n == 1:
            open(os.path.join(DIR, "ready"), "w").close()
        time.sleep(0.01)  # the reader needs a processor, too


def samples():
    """second, host, name, labels, value, unit, counter"""
    for i in range(61):
        for host, base in (("db1", 0.3), ("web1", 0.5)):
            busy = base + (0.45 if 12 < i % 30 < 22 else 0)
            yield 10 * i, host, "host.cpu", "", busy, "share", 0
            yield 10 * i, host, "host.memory", "", base + i / 1000, "share", 0
            yield 10 * i, host, "host.disk.read_bytes", "device=sda", 1e6 * i if i < 40 else 1e6 * (i - 40), "bytes", 1
            yield 10 * i, host, "host.disk.read_bytes", "device=sdb", 5e5 * i, "bytes", 1
            for mount in ("/", "/var"):
                yield 10 * i, host, "host.filesystem", "mount=" + mount, 0.4 if mount == "/" or host == "web1" else 0.93, "share", 0


def requests():
    """millisecond of the end, milliseconds, status"""
    r = random.Random(7)
    for k in range(6000):
        yield 100 * k + 50, int(20 + r.expovariate(1 / 80)), 500 if r.random() < 0.02 else 200


def labels(host, own):
    return ",".join(sorted(filter(None, ["host=" + host, own])))


def minutes():
    with open(os.path.join(DIR, "hosts.ndjson"), "w") as f:
        for second, host, name, own, value, unit, counter in samples():
            at = START + datetime.timedelta(seconds=second)
            print(json.dumps({"kind": "metric", "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "name": name,
                              "labels": labels(host, own), "value": value, "unit": unit, "counter": counter}), file=f)
    with open(os.path.join(DIR, "access.log"), "w") as f:
        for end, ms, status in requests():
            at = START + datetime.timedelta(milliseconds=end)
            print(f'203.0.113.9 - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET / HTTP/1.1" {status} 1 "-" "ua" rt={ms / 1000:.3f}', file=f)


def near(a, b, share=1e-9):
    return a is not None and abs(a - b) <= share * max(abs(b), 1e-12)


def growth(points, begin, end):
    """Between the last sample at or before each end; a fall is a restart from 0."""
    first = max([p for p in points if p[0] <= begin], default=points[0])
    inside = [first] + [p for p in points if first[0] < p[0] <= end]
    return sum(b[1] - a[1] if b[1] >= a[1] else b[1] for a, b in zip(inside, inside[1:])) / (inside[-1][0] - first[0])


def check():
    doc, end, length = json.load(sys.stdin), 600, 300
    wrong = []
    for host in ("db1", "web1"):
        row = [r for r in doc["rows"] if r["host"] == host][0]
        mine = [s for s in samples() if s[1] == host]
        mean = lambda name, own="": sum(v) / len(v) if (v := [s[4] for s in mine if s[2] == name and s[3] == own and end - length < s[0] <= end]) else None
        reads = sum(growth([(s[0], s[4]) for s in mine if s[3] == d], end - length, end) for d in ("device=sda", "device=sdb"))
        for key, want in (("cpu_share", mean("host.cpu")), ("memory_share", mean("host.memory")),
                          ("filesystem_share", mean("host.filesystem", "mount=/var")), ("disk_read_bytes_per_s", reads)):
            if not near(row[key], want):
                wrong.append(f"{host} {key}: {row[key]}, not {want}")
        if list(row) != KEYS or row["swap_share"] is not None or row["pressure_cpu_share"] is not None:
            wrong.append(f"{host}: keys {list(row)}")
    if len(doc["series"]) != 5:
        wrong.append(f"{len(doc['series'])} intervals")
    for k, point in enumerate(doc["series"]):
        begin = end - length + 60 * k
        own = sorted(ms for t, ms, _ in requests() if begin * 1000 <= t < (begin + 60) * 1000)
        failed = sum(s == 500 for t, _, s in requests() if begin * 1000 <= t < (begin + 60) * 1000)
        cpu = [s[4] for s in samples() if s[2] == "host.cpu" and begin < s[0] <= begin + 60]
        p95 = own[math.ceil(0.95 * len(own)) - 1] * 1e6
        at = (START + datetime.timedelta(seconds=begin)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        if point["at"] != at or not near(point["cpu_share"], sum(cpu) / len(cpu)) or not near(point["p95_ns"], p95, 1 / 128) \
                or not near(point["error_share"], failed / len(own)) or not near(point["rate_per_s"], len(own) / 60):
            wrong.append(f"{point}, not {at} {sum(cpu) / len(cpu)} {p95} {failed / len(own)} {len(own) / 60}")
    print("\n".join("# " + w for w in wrong), end="\n" if wrong else "")
    sys.exit(bool(wrong))


{"tree": tree, "minutes": minutes, "check": check}[WHAT]()
