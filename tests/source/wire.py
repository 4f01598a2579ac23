"""Every message of a server and a flood of each, at every stage, against every verb: each ends by its
deadline with one sentence, in bounded memory. Prints TAP."""
import concurrent.futures
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fakepg

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.environ.get("SLOWDIVE", os.path.join(ROOT, "build/slowdive"))
NET = 100  # seconds; who needs them has not ended by itself
MOST_KIB = 128 * 1024
PLAIN = "Sanitizer" not in subprocess.run(["nm", "-D", PROGRAM], capture_output=True, text=True).stdout \
    and not os.environ.get("ASAN_OPTIONS")
CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]")

VERBS = {
    "queries": ["queries", "URL"],
    "activity": ["activity", "URL"],
    "status": ["status", "--for", "1s", "URL"],
    "explain": ["explain", "--db", "URL", "one.sql"],
    "record": ["record", "-o", "FILE", "--for", "1s", "URL"],
    "advise": ["advise", "PLAIN"],
}


class Run:
    """One run of the program: its status, what it said, its largest memory."""

    def __init__(self, arguments):
        self.hung = False
        child = subprocess.Popen([PROGRAM] + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        said = {}

        def read(name, stream):
            said[name] = stream.read()
        readers = [threading.Thread(target=read, args=p) for p in (("out", child.stdout), ("err", child.stderr))]

        def end():
            self.hung = True
            os.kill(child.pid, 9)
        net = threading.Timer(NET, end)
        for t in readers + [net]:
            t.start()
        for t in readers:
            t.join()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = self.status = os.waitstatus_to_exitcode(status)
        net.cancel()
        self.kib, self.out, self.err = used.ru_maxrss, said["out"], said["err"]

    def problem(self, verb):
        lines = self.err.decode("utf-8", "replace").splitlines()
        fine = (0, 1, 2) if verb in ("status", "record") else (1, 2)
        if self.hung:
            return "did not end"
        if self.status not in fine:
            return "status %d: %s" % (self.status, lines[:3])
        if CONTROL.search(self.out + self.err):
            return "control characters: %r" % self.err
        if verb != "status" and (len(lines) != 1 or not lines[0].startswith("slowdive: ")):
            return "%d lines: %s" % (len(lines), lines[:3])
        if b"sekrit" in self.out + self.err:
            return "the password: %s" % lines
        if PLAIN and self.kib > MOST_KIB:
            return "%d MiB" % (self.kib // 1024)
        return None


def url(address, script):
    return "postgres://u:sekrit@%s/%s" % (address, script)


def one(verb, address, script, more=""):
    target = url(address, script) + ("&" if "?" in script else "?") + "timeout=300ms" + more
    record = tempfile.mktemp(dir=".")
    arguments = [{"URL": target, "PLAIN": url(address, script), "FILE": record}.get(a, a) for a in VERBS[verb]]
    run = Run(arguments)
    if os.path.exists(record):
        os.unlink(record)
    return run


count = bad = 0


def ok(what, problems):
    global count, bad
    count += 1
    bad += bool(problems)
    print("%sok %d - %s" % ("not " if problems else "", count, what), flush=True)
    for p in problems:
        print("# " + p, flush=True)


def scripts():
    for stage in ("greet", "auth", "first", "late"):
        for kind in fakepg.kinds():
            yield stage, kind


# At each stage what belongs to it is no lie: nothing has to be said about it.
HARMLESS = {("auth", "one-ready"), ("first", "one-answer"), ("late", "one-answer")}

# By what answer_max is by itself.
LARGE = ("flood-rows", "flood-nulls", "flood-notice", "flood-notification", "flood-parameters", "huge-row", "long-row",
         "long-error", "huge-notice", "flood-description-65535", "flood-copy-data")


def prepared(address):
    """What comes again is prepared; a server that does not keep it is asked as before, at once."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        runs = {k: pool.submit(one, "record", address, k, "&sample_hz=100") for k in fakepg.REFUSALS}
    for kind, run in runs.items():
        counts = fakepg.counted.get(kind, {})
        parsed, bound, answered = (counts.get(k, 0) for k in (b"P", b"B", b"E"))
        good = {"keeps": bound > 2 * parsed > 0, "forgets": (parsed, bound) == (1, 1), "clashes": parsed == 1,
                "changes": parsed > 1 and bound > parsed}[kind]
        if kind == "changes":
            good = good and answered > 2 * (parsed - 1)
        ok("prepared statements: the server %s" % kind, [] if good and answered > 10 and run.result().status == 0 else
           ["status %d, %d prepared, %d times bound, %d answers: %s" % (run.result().status, parsed, bound, answered, run.result().err)])


def main():
    port = fakepg.start()
    address = "127.0.0.1:%d" % port
    with open("one.sql", "w") as f:
        f.write("select 1")
    # That the server would be believed if it did not lie.
    honest = one("explain", address, "honest")
    ok("an honest server's plan is shown", [] if honest.status == 0 and b"Result" in honest.out else
       ["status %d: %s" % (honest.status, honest.err)])
    prepared(address)
    short = os.environ.get("SLOWDIVE_WIRE", "")  # a regular expression: only these
    wanted = [(s, k) for s, k in scripts() if (s, k) not in HARMLESS and re.search(short, s + "-" + k)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        runs = {}
        for number, (stage, kind) in enumerate(wanted):
            verbs = list(VERBS)
            # A server that falls silent takes advise's full deadline: it has no option for that.
            if kind in ("silent", "drip") or kind.startswith("one-"):
                verbs.remove("advise")
            if not short:  # all verbs take turns
                verbs = [verbs[number % len(verbs)]]
            runs[stage, kind] = [(v, pool.submit(one, v, address, stage + "-" + kind, "&answer_max=1MiB"))
                                 for v in verbs]
            if stage == "late" and kind in LARGE:
                runs[stage, kind, "64 MiB"] = [(v, pool.submit(one, v, address, stage + "-" + kind))
                                               for v in ("queries", "explain")]
        for script, all_of_it in runs.items():
            problems = []
            for verb, future in all_of_it:
                why = future.result().problem(verb)
                if why:
                    problems.append(verb + ": " + why)
            ok("%s (%s)" % (" ".join(script), " ".join(v for v, _ in all_of_it)), problems)
    print("1..%d" % count)
    return 1 if bad else 0


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in ("DATABASE_URL", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGSERVICE", "SLOWDIVE_CONFIG"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["HOME"] = folder
        os.environ["LC_ALL"] = "C.UTF-8"
        sys.stdout.flush()
        status = main()
        os.chdir("/")
    sys.stdout.flush()
    os._exit(status)
