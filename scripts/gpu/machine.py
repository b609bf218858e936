"""Finds the libraries that the programs need on a machine, and runs programs against the clock."""

import glob
import importlib.util
import json
import os
import pathlib
import queue
import re
import signal
import subprocess
import sys
import threading
import time

TORCH = "2.11"  # the series that the programs are linked against


class Missing(Exception):
    """What the machine lacks, and what to do about it."""


class Clock:
    """The seconds that are left of a budget."""

    def __init__(self, seconds):
        self.begin, self.budget = time.monotonic(), seconds

    def spent(self):
        return time.monotonic() - self.begin

    def left(self, at_most=float("inf")):
        """Returns the seconds left, at most so many and never below 0."""
        return max(0.0, min(self.budget - self.spent(), at_most))


def torch_folder():
    """Returns the folder of this Python's torch, which is not imported."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        raise Missing(f"{sys.executable} has no torch; call this script with the Python that has torch {TORCH}")
    folder = pathlib.Path(spec.origin).parent
    found = re.search(r"__version__ = '([^']+)'", (folder / "version.py").read_text())
    version = found.group(1) if found else "unknown"
    if not version.startswith(TORCH + "."):
        raise Missing(f"{folder} is torch {version}, the programs need {TORCH}; call this script with a Python that has it")
    return folder


def library_folders(torch):
    """Returns torch's folder of libraries and those of the NVIDIA packages, wherever Python finds them."""
    sites = [torch.parent, *(pathlib.Path(p) for p in sys.path if p)]
    folders = [str(torch / "lib")]
    for site in sites:
        folders += glob.glob(str(site / "nvidia" / "*" / "lib"))
    return list(dict.fromkeys(folders))


def environment(torch, extra=()):
    """Returns the environment in which the programs find libtorch; extra folders are looked into last."""
    folders = [*library_folders(torch), *extra, *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]
    return os.environ | {"LD_LIBRARY_PATH": ":".join(map(str, folders))}


class Done:
    """What a program did: code is None where it ran out of time."""

    def __init__(self, code, out, err, seconds):
        self.code, self.out, self.err, self.seconds = code, out, err, seconds

    @property
    def ok(self):
        return self.code == 0

    def json(self):
        """Returns the object that the program printed, alone or as its last line."""
        for text in (self.out, (self.out.strip().splitlines() or [""])[-1]):
            try:
                return json.loads(text)
            except ValueError:
                continue
        raise ValueError("it printed no JSON: " + tail(self.out or self.err))

    def why(self):
        """Says in a line why it failed."""
        end = "ran out of time" if self.code is None else f"exit status {self.code}"
        return f"{end} after {self.seconds:.0f} s: {tail(self.err or self.out)}"


def tail(text, lines=3):
    """Returns the last lines of a text in one."""
    return " | ".join(line.strip() for line in text.strip().splitlines()[-lines:])[-600:]


def end(process):
    """Ends a process that has a group of its own, with all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run(command, seconds, log, env=None, cwd=None, while_running=None):
    """Runs a command for at most so many seconds and returns a Done; what it wrote goes to the open file log, too.

    while_running is called with the process's number about five times a second.
    """
    begin = time.monotonic()
    log.write(f"\n$ {' '.join(map(str, command))}\n")
    log.flush()
    process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, errors="replace", env=env, cwd=cwd, start_new_session=True)
    out = err = ""
    code = None
    try:
        while True:
            left = seconds - (time.monotonic() - begin)
            try:
                out, err = process.communicate(timeout=max(0.01, min(left, 0.2) if while_running else left))
                code = process.returncode
                break
            except subprocess.TimeoutExpired:
                if left <= 0:
                    os.killpg(process.pid, signal.SIGKILL)
                    out, err = process.communicate()
                    break
                if while_running:
                    while_running(process.pid)
    finally:
        end(process)
    log.write(out + err)
    log.flush()
    return Done(code, out, err, time.monotonic() - begin)


class Server:
    """A program that answers each line on its standard input with a line of JSON, the first without being asked."""

    def __init__(self, command, log, env=None):
        log.write(f"\n$ {' '.join(map(str, command))} &\n")
        log.flush()
        self.begin = time.monotonic()
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                        text=True, errors="replace", env=env, start_new_session=True)
        self.lines = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def answer(self, seconds):
        """Returns the next object that the program prints. It raises RuntimeError where there is none in time."""
        try:
            line = self.lines.get(timeout=max(0.01, seconds))
        except queue.Empty:
            raise RuntimeError(f"no answer after {time.monotonic() - self.begin:.0f} s") from None
        if line is None:
            raise RuntimeError(f"it ended with exit status {self.process.wait()}; log.txt says why")
        return json.loads(line)

    def ask(self, seconds):
        """Asks for a measurement and returns it; RuntimeError as answer."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except OSError:
            pass  # It has ended: answer says so.
        return self.answer(seconds)

    def close(self):
        end(self.process)
        self.reader.join()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except OSError:
                pass  # A question that it never read.
