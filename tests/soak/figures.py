"""Figures of processes over time, and whether one of them grows."""
import os
import statistics
import threading
import time

BLOCKS = 12
T_95 = 2.228  # Student's t for 95 % on both sides, BLOCKS - 2 degrees of freedom


def figures_of(pid):
    """Resident memory, that of it which is no file's (both KiB), threads, descriptors; None: it has ended."""
    try:
        with open(f"/proc/{pid}/status") as f:
            lines = dict(line.split(":", 1) for line in f if ":" in line)
        return (int(lines["VmRSS"].split()[0]), int(lines["RssAnon"].split()[0]), int(lines["Threads"]),
                len(os.listdir(f"/proc/{pid}/fd")))
    except (OSError, KeyError):
        return None


def connections():
    """Of each socket of TCP, by its inode: its own port and the other one."""
    found = {}
    with open("/proc/net/tcp") as f:
        next(f)
        for line in f:
            own, other, inode = (line.split()[i] for i in (1, 2, 9))
            found[inode] = f"socket: {int(own[-4:], 16)} to {int(other[-4:], 16)}"
    return found


def descriptors_of(pid):
    """What each of its descriptors is, in words, sorted."""
    found, known = [], connections()
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                name = os.readlink(f"/proc/{pid}/fd/{fd}")
                found.append(known.get(name[8:-1], name) if name.startswith("socket:") else name)
            except OSError:
                pass  # closed meanwhile
    except OSError:
        pass
    return sorted(found)


def slope(points):
    """points: (seconds, value). The slope per hour and the half width of its 95 % interval.

    Samples that follow each other are alike, and a straight line through all of them would be far too sure of
    itself: it goes through the medians of a dozen blocks of time, which hardly depend on each other."""
    first, last = points[0][0], points[-1][0]
    blocks = [[] for _ in range(BLOCKS)]
    for t, value in points:
        blocks[min(BLOCKS - 1, int((t - first) / (last - first + 1e-9) * BLOCKS))].append((t, value))
    if any(not b for b in blocks):
        return None
    x = [statistics.fmean(t for t, _ in b) / 3600 for b in blocks]
    y = [statistics.median(v for _, v in b) for b in blocks]
    mx, my = statistics.fmean(x), statistics.fmean(y)
    sxx = sum((a - mx) ** 2 for a in x)
    k = sum((a - mx) * (b - my) for a, b in zip(x, y)) / sxx
    rest = sum((b - my - k * (a - mx)) ** 2 for a, b in zip(x, y))
    return k, T_95 * (rest / (BLOCKS - 2) / sxx) ** 0.5


class Sampler:
    """Looks at processes every few seconds, and writes what it saw."""

    def __init__(self, path, every=1.0):
        self.watched, self.caches, self.seen, self.every = {}, {}, {}, every
        self.file, self.begun, self.over = open(path, "w"), time.monotonic(), threading.Event()
        self.file.write("seconds\tname\trss_kib\tanon_kib\tthreads\tdescriptors\tcached_kib\n")
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def watch(self, name, pid, cache=None):
        """cache: (file, KiB): so much of the file at most is in a cache of the process, which grows with it."""
        self.seen.setdefault(name, [])
        self.watched[name], self.caches[name] = pid, cache

    def cached(self, name):
        try:
            file, most = self.caches[name]
            return min(os.path.getsize(file) // 1024, most)
        except (TypeError, OSError):
            return 0

    def _run(self):
        while not self.over.wait(self.every):
            for name, pid in list(self.watched.items()):
                found = figures_of(pid)
                if not found:
                    continue
                at = time.monotonic() - self.begun
                self.seen[name].append((at, *found, self.cached(name)))
                self.file.write(f"{at:.1f}\t{name}\t" + "\t".join(map(str, self.seen[name][-1][1:])) + "\n")
            self.file.flush()

    def since(self, name, seconds):
        """(seconds, resident KiB without that cache) from that moment on."""
        return [(s[0], s[1] - s[5]) for s in self.seen.get(name, []) if s[0] >= seconds]

    def end(self):
        self.over.set()
        self.thread.join()
        self.file.close()
