"""Child processes that are started again when they die, and stopped in order."""

import asyncio
import ctypes
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from cli.errors import CommandError

log = logging.getLogger(__name__)
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
_FIRST_PAUSE, _LONGEST_PAUSE, _HEALTHY_SECONDS = 0.5, 15.0, 30.0


def _die_with_parent() -> None:
    """In the child, before it runs: the kernel ends it should the supervisor be killed."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """A process in a session of its own, so that Ctrl-C reaches the supervisor alone."""

    name: str
    argv: list[str]
    environment: dict[str, str]
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> asyncio.subprocess.Process:
        self.process = await asyncio.create_subprocess_exec(
            *self.argv,
            env=os.environ | self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        return self.process

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
    """Keeps children alive. `say` is called with a line for the user."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._settled = say, False
        self._watchers: list[asyncio.Task[None]] = []

    async def add(self, child: Child) -> None:
        await child.start()
        self._watchers.append(asyncio.create_task(self._watch(child)))

    def settle(self) -> None:
        """From now on a child that dies is started again; until now it ends everything."""
        self._settled = True

    async def failure(self) -> None:
        """Raises CommandError when a child died before everything had settled."""
        done, _ = await asyncio.wait(self._watchers, return_when=asyncio.FIRST_COMPLETED)
        for watcher in done:
            watcher.result()

    def release(self) -> None:
        """Stop watching, so that children can be stopped."""
        for watcher in self._watchers:
            watcher.cancel()

    async def _watch(self, child: Child) -> None:
        pause = _FIRST_PAUSE
        while True:
            assert child.process is not None  # noqa: S101 - started by add
            begun = time.monotonic()
            code = await child.process.wait()
            if not self._settled:
                raise CommandError(f"{child.name} stopped with exit code {code}; see the log above")
            if time.monotonic() - begun > _HEALTHY_SECONDS:
                pause = _FIRST_PAUSE
            self._say(f"{child.name} died ({_cause(code)}); starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            await child.start()


def _cause(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
