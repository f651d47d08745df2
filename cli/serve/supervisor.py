"""Child processes: restarted when they die, and stopped in order."""

import asyncio
import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cli.errors import CommandError

log = logging.getLogger(__name__)
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_TAIL_LINES, _TAIL_BYTES = 6, 4_000
_FIRST_PAUSE, _LONGEST_PAUSE, _HEALTHY_SECONDS = 0.5, 15.0, 30.0


def _die_with_parent() -> None:
    """Runs in the child before the program: Linux ends the child when the supervisor is killed."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """A process in a session of its own, so that Ctrl-C reaches the supervisor alone.

    `log`: the file that it writes to, None for our stderr; `keeps`: file descriptors that it holds
    open as long as it lives.
    """

    name: str
    argv: list[str]
    environment: dict[str, str]
    log: Path | None = None
    keeps: tuple[int, ...] = ()
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> asyncio.subprocess.Process:
        self.process = await asyncio.create_subprocess_exec(
            *self.argv,
            env=os.environ | self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self.keeps,
            preexec_fn=_die_with_parent,
        )
        return self.process

    def log_tail(self) -> str:
        """The end of its log, to add to a message; empty without a log of its own."""
        if self.log is None or not self.log.is_file():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            lines = log.read().decode(errors="replace").splitlines()[-_TAIL_LINES:]
        return f"; the end of {self.log}:\n" + "\n".join(f"    {line}" for line in lines)

    async def stop(self, grace: float) -> None:
        """SIGTERM, and SIGKILL after `grace` seconds."""
        process = self.process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), grace)
        except TimeoutError:
            log.warning("%s did not stop within %.0f s and is killed", self.name, grace)
            process.kill()
            await process.wait()


class Supervisor:
    """Restarts children that die. `say` is called with a line for the user."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._settled = say, False
        self._watchers: list[asyncio.Task[None]] = []

    async def add(self, child: Child) -> None:
        await child.start()
        self._watchers.append(asyncio.create_task(self._watch(child)))

    def settle(self) -> None:
        """Call this when all have started: from now on a child that dies is restarted; before, it
        ends everything."""
        self._settled = True

    async def failure(self) -> None:
        """Raises CommandError when a child died before `settle`."""
        done, _ = await asyncio.wait(self._watchers, return_when=asyncio.FIRST_COMPLETED)
        for watcher in done:
            watcher.result()

    def release(self) -> None:
        """Stop restarting, so that children can be stopped."""
        for watcher in self._watchers:
            watcher.cancel()

    async def _watch(self, child: Child) -> None:
        pause = _FIRST_PAUSE
        while True:
            assert child.process is not None  # noqa: S101 - started by add
            begun = time.monotonic()
            code = await child.process.wait()
            if not self._settled:
                where = child.log_tail() or "; see the log above"
                raise CommandError(f"{child.name} stopped with {_cause(code)}{where}")
            if time.monotonic() - begun > _HEALTHY_SECONDS:
                pause = _FIRST_PAUSE
            again = f"starting it again in {pause:g} s{child.log_tail()}"
            self._say(f"{child.name} died ({_cause(code)}); {again}")
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            await child.start()


def _cause(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
