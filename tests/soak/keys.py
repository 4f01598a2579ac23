"""Keys, clicks and sizes at random from a seed, written down so that they can be played again."""
import random
import threading
import time

# Not q, Q, C-c, F10, which quit; not C-z, which would stop it; not K, C, J and V, which act on others (and ask).
PLAIN = list("0123456789" * 3 + "jk" * 8 + "hlgGzow f,.`nNsrcuFHZUTvpROIxdm-+[]{}LbSaBtDEWA" + "yMi~@") + ["\t"] * 4 + ["\r"] * 10
SEQUENCES = ["\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[5~", "\x1b[6~", "\x1b[Z", "\x1bOP", "\x1b[15~", "\x02", "\x06",
             "\x0c", "\x1b[1;3D", "\x1b[1;3C", "\x1b", "\x7f", "\x1b[200~pasted\x1b[201~"]
COMMANDS = ["window 30s", "window 5m", "at 20s ago", "at now", "sort -count", "filter /pay", "filter", "search orders",
            "theme light", "theme mono", "theme dark", "set refresh=500ms", "set refresh=1s", "only failed", "group module",
            "baseline", "baseline off", "columns", "help", "host", "metric", "find-index", "speed 8", "speed 1",
            "sample-cache keys", "no such command", "set nonsense=1", "source nothing:here"]


def draw(r):
    """(what, keys or size). A command comes after two Esc, so that it is typed into no other prompt."""
    kind = r.random()
    if kind < 0.10:
        return "size", (r.choice([1, 5, 24, 24, 30, 50, 60]), r.choice([1, 10, 40, 80, 80, 120, 200, 300]))
    if kind < 0.18:
        return "keys", "\x1b\x1b:" + r.choice(COMMANDS) + "\r"
    if kind < 0.22:
        return "keys", "/" + r.choice(["o.*s", "(", "pay", "[a-"]) + r.choice(["\r", "\x1b"])
    if kind < 0.30:
        x, y = r.randrange(1, 200), r.randrange(1, 60)
        button = r.choice([0, 0, 0, 2, 64, 65])
        return "keys", f"\x1b[<{button};{x};{y}M" + ("" if button > 2 else f"\x1b[<{button};{x};{y}m")
    if kind < 0.42:
        return "keys", r.choice(SEQUENCES)
    return "keys", "".join(r.choice(PLAIN) for _ in range(r.choice([1, 1, 1, 2, 5, 20])))


def planned(seed, seconds, rate):
    """(when, what, value) for so long."""
    r, at = random.Random(seed), 0.0
    while at < seconds:
        yield at, *draw(r)
        at += r.expovariate(rate)


def written(path, name):
    """What was written of the terminal of that name."""
    with open(path) as f:
        for line in f:
            at, whose, what, value = line.rstrip("\n").split("\t")
            if whose == name:
                yield float(at), what, eval(value, {"__builtins__": {}})  # a repr of ours


class Fingers(threading.Thread):
    """Types at a terminal what `plan` says. `terminal` is asked each time: a replay is started anew when it ends."""

    def __init__(self, name, plan, terminal, log, lock):
        super().__init__(daemon=True)
        self.name_of, self.plan, self.terminal, self.log, self.lock = name, plan, terminal, log, lock
        self.over, self.typed = threading.Event(), 0

    def run(self):
        begun = time.monotonic()
        for at, what, value in self.plan:
            if self.over.wait(max(0.0, begun + at - time.monotonic())):
                return
            with self.lock:
                self.log.write(f"{at:.3f}\t{self.name_of}\t{what}\t{value!r}\n")
                self.log.flush()
            t = self.terminal()
            if what == "size":
                t.resize(*value)
            else:
                t.send(value.encode())
            self.typed += 1

    def end(self):
        self.over.set()
        self.join()
