"""Starting, stopping and watching the octet program."""

import collections
import itertools
import os
import pathlib
import signal
import subprocess
import time

Result = collections.namedtuple("Result", "code err")

RUN = "r"  # the run folder, below the folder where octet is started
PATIENCE = 300  # seconds after which a command counts as hanging


class Process:
    """A running octet, alone in its session; perhaps below a command that runs it."""

    counter = itertools.count()

    def __init__(self, command, folder, limit=None, wrapper=()):
        self.errors = folder / f"err-{next(self.counter)}.txt"
        self.wrapped, self.binary, self.killed = bool(wrapper), command[0], False
        with open(self.errors, "wb") as err:
            self.process = subprocess.Popen(
                [*wrapper, *command], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err,
                start_new_session=True, preexec_fn=limit)

    @property
    def pid(self):
        """Of octet itself. None while there is none yet."""
        if not self.wrapped:
            return self.process.pid
        try:
            own = self.process.pid
            for child in pathlib.Path(f"/proc/{own}/task/{own}/children").read_text().split():
                if os.readlink(f"/proc/{child}/exe") == self.binary:
                    return int(child)
        except OSError:
            pass
        return None

    def running(self):
        return self.process.poll() is None

    def send(self, number):
        """False where the process had ended before."""
        while self.running():
            # Unlike send_signal, which would not see that the child of a wrapper is another process.
            pid = self.pid
            if pid is not None:
                try:
                    os.kill(pid, number)
                    self.killed = number == signal.SIGKILL
                    return True
                except ProcessLookupError:
                    pass
        return False

    def stop(self):
        """False where the process had ended before."""
        return self.send(signal.SIGSTOP) and wait_until(lambda: self._state() in "TZ", self) and self._state() == "T"

    def _state(self):
        """A letter: T stopped, Z ended."""
        try:
            return pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return "Z"

    def catches(self, number):
        """Whether the process has a handler for the signal."""
        try:
            status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return False
        masks = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")]
        return bool(masks) and bool(int(masks[0], 16) >> (number - 1) & 1)

    def wait(self):
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return Result(None, f"still running after {PATIENCE} s")
        if self.wrapped and self.killed:
            code = -signal.SIGKILL  # which wrappers pass on in ways of their own
        return Result(code, self.errors.read_text(errors="replace").strip())


class Octet:
    def __init__(self, binary):
        self.binary = str(pathlib.Path(binary).resolve())

    def start(self, folder, arguments, before=(), limit=None):
        """One thread: several would wait for each other on a busy machine. `before` is a command that runs octet."""
        return Process([self.binary, *arguments, "--threads", "1", "--quiet"], folder, limit, before)

    def run(self, folder, arguments, **options):
        return self.start(folder, arguments, **options).wait()


def temporaries(run):
    """Names of files and folders that are being written, or were when their process died."""
    return {path for folder in (run, run / "checkpoints", run / "quantized", run / "charts")
            for path in names_in(folder) if ".tmp-" in path or ".old-" in path}


def names_in(folder):
    try:
        return [os.path.join(folder, name) for name in os.listdir(folder)]
    except OSError:
        return []


def wait_for_save(process, run, count):
    """Returns when `count` things have begun to be written, or the process has ended."""
    seen = set()
    while process.running():
        seen |= temporaries(run)
        if len(seen) >= count:
            return


def wait_until(condition, process):
    """True where the condition came true before the process ended."""
    while process.running():
        if condition():
            return True
        time.sleep(0.001)
    return condition()


GENTLE = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
