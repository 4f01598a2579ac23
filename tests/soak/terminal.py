"""A program on a pseudo terminal of its own: keys and sizes in, bytes out, and whether all was restored at the end."""
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading

TAIL = 1 << 18  # so many of the last bytes are kept, to look at after a failure
MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])")
SHOWN = 25  # the cursor: the one mode that is on before and after


class Terminal:
    def __init__(self, args, folder, environment, errors, size=(24, 80)):
        self.master, self.slave = pty.openpty()
        self.resize(*size)
        self.before = termios.tcgetattr(self.slave)
        self.modes, self.tail, self.bytes, self.rest = {}, b"", 0, b""
        self.lock = threading.Lock()

        def own():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        with open(errors, "wb") as err:
            self.process = subprocess.Popen(args, stdin=self.slave, stdout=self.slave, stderr=err, cwd=folder,
                                            env=environment, preexec_fn=own)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def _read(self):
        """As fast as it comes: a terminal that does not read would stop the program."""
        while True:
            try:
                some = os.read(self.master, 65536)
            except OSError:
                return
            if not some:
                return
            with self.lock:
                self.bytes += len(some)
                self.tail = (self.tail + some)[-TAIL:]
                text = self.rest + some
                for numbers, what in MODE.findall(text):
                    for n in numbers.split(b";"):
                        self.modes[int(n or 0)] = what == b"h"
                # A sequence may be cut where the read ended.
                cut = text.rfind(b"\x1b", max(0, len(text) - 40))
                self.rest = text[cut:] if cut >= 0 and not MODE.match(text[cut:]) else b""

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, keys):
        try:
            os.write(self.master, keys)
        except OSError:
            pass

    def end(self, seconds):
        """Quits; the exit status, None when it had to be killed."""
        if self.alive():
            self.send(b"\x1b")
            self.wait(0.5)
            self.send(b"\x1b")
            self.wait(0.5)
            self.send(b"Q")
        status = self.wait(seconds)
        if status is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        # What was written last is still on its way.
        self.reader.join(0.5)
        return status

    def wait(self, seconds):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def not_restored(self):
        """What is not as before the start, in words; empty: everything is."""
        with self.lock:
            wrong = [f"mode {n} stayed {'on' if on else 'off'}" for n, on in self.modes.items() if on != (n == SHOWN)
                     and n not in (7, 12)]
        if termios.tcgetattr(self.slave) != self.before:
            wrong.append("termios differs")
        return wrong

    def close(self):
        for fd in (self.slave, self.master):
            os.close(fd)
