"""Our side: one long-lived process of engine.c, asked case after case."""
import select
from subprocess import PIPE, Popen  # now: the oracle's processes may start none

from oracle import Outcome

SECONDS = 30


class Engine:
    """Starts again after a case on which it crashed or hung; that case's outcome says so."""

    def __init__(self, binary: str):
        self.binary = binary
        self.process = None

    def render(self, case) -> Outcome:
        if not self.process:
            self.process = Popen([self.binary], stdin=PIPE, stdout=PIPE, stderr=PIPE)
        try:
            self.process.stdin.write(case.line().encode() + b"\n")
            self.process.stdin.flush()
            return self._answer()
        except (BrokenPipeError, EOFError):
            return self._lost("CRASH")
        except TimeoutError:
            return self._lost("HANG")

    def _answer(self) -> Outcome:
        ready, _, _ = select.select([self.process.stdout], [], [], SECONDS)
        if not ready:
            raise TimeoutError
        head = self.process.stdout.readline().split()
        if len(head) != 2:
            raise EOFError
        text = self.process.stdout.read(int(head[1]))
        return Outcome((head[0] == b"ok", text))

    def _lost(self, how: str) -> Outcome:
        self.process.kill()
        _, errors = self.process.communicate()
        code, self.process = self.process.returncode, None
        return Outcome((False, f"{how}: the engine ended with {code}: ".encode() + errors[-3000:]))

    def close(self) -> None:
        if self.process:
            self.process.stdin.close()
            self.process.wait()
