"""Time, CPU and memory of processes, and whether the machine has time for a measurement."""
import os
import pathlib
import subprocess
import sys
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")
BUSY_MAX = 0.1  # of all cores


def busy(seconds=3):
    """Which share of all cores was used in the last seconds, ours included."""
    def read():
        values = list(map(int, pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]))
        return sum(values), values[3] + values[4]
    total, idle = read()
    time.sleep(seconds)
    total_now, idle_now = read()
    return 1 - (idle_now - idle) / (total_now - total)


def cpu_of(pid):
    """Of the process and of its children that have ended; 0 when it has ended itself."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0
    return sum(map(int, fields[11:15])) / TICK


def memory_of(pid, key):
    """kB."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1])
    return 0


class Run:
    """A command that ended: when it began, how long it took, its CPU and output."""

    def __init__(self, command, env=None, wanted=(0,)):
        self.began = time.time()
        start = time.monotonic()
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   env={**os.environ, **(env or {})})
        self.output = process.stdout.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        self.seconds = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        if process.returncode not in wanted:
            sys.exit(f"{' '.join(map(str, command))}: exit {process.returncode}\n{self.output[-3000:]}")


class Daemon:
    """A process that stays. Its lines are kept with the time at which they came."""

    def __init__(self, command, env=None, cwd=None):
        self.began = time.time()
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        text=True, errors="replace", env={**os.environ, **(env or {})}, cwd=cwd)
        self.lines = []
        self.changed = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append((time.time(), line))
                self.changed.notify_all()

    def wait_for(self, text, since=0.0, timeout=600):
        """When a line with that text came, after `since`."""
        end = time.monotonic() + timeout
        with self.changed:
            seen = 0
            while True:
                for when, line in self.lines[seen:]:
                    if when >= since and text in line:
                        return when
                seen = len(self.lines)
                if self.process.poll() is not None or not self.changed.wait(max(0, end - time.monotonic())):
                    tail = "".join(line for _, line in self.lines[-20:])
                    sys.exit(f"{self.process.args[0]}: no line with '{text}'\n{tail}")

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
