"""`cropshield serve`: starts a Redis, a worker and the API together, and stops them together."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from redis.exceptions import BusyLoadingError, RedisError

from cli.errors import CommandError
from cli.local_http import local_http
from cli.serve import preflight, private_redis
from cli.serve.machine import threads_of_each
from cli.serve.supervisor import Child, Supervisor
from engine.hardware import threads_alone, usable_cores
from jobs.errors import Incompatible
from jobs.redis.compatibility import check_compatibility
from jobs.redis.connections import connect
from jobs.settings import SharedSettings

_START_SECONDS, _POLL_SECONDS = 60.0, 0.05
_API_GRACE, _WORKER_GRACE, _REDIS_GRACE = 15.0, 60.0, 15.0
_THREADS, _ALONE = "CROPSHIELD_THREADS", "CROPSHIELD_THREADS_ALONE"


def say(line: str) -> None:
    """Print a line for the user; a terminal that has gone is no error."""
    try:
        print(f"cropshield: {line}", flush=True)  # noqa: T201
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def serve(settings: SharedSettings, host: str, port: int, workers: int) -> None:
    """Run until Ctrl-C, SIGTERM or a closed terminal. Raises CommandError when it cannot start."""
    preflight.check_models(settings.card_folders)
    preflight.raise_file_limit()
    with preflight.claimed_home(settings.home) as lock:
        preflight.check_port(host, port)
        asyncio.run(_Server(settings, host, port, workers, lock).run())


def _stop_signals() -> list[signal.Signals]:
    """The signals that stop the server. Under `nohup` SIGHUP is ignored, and stays so."""
    heeded = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        heeded.append(signal.SIGHUP)
    return heeded


class _Server:
    def __init__(
        self, settings: SharedSettings, host: str, port: int, workers: int, lock: int
    ) -> None:
        self._settings, self._host, self._port = settings, host, port
        self._workers, self._lock = workers, lock
        self._supervisor = Supervisor(say)
        self._redis: Child | None = None
        self._children: list[tuple[Child, float]] = []
        self._environment = {"CROPSHIELD_HOME": str(settings.home.resolve())}

    async def run(self) -> None:
        stop = asyncio.Event()
        for number in _stop_signals():
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        stopping = asyncio.create_task(stop.wait())
        running = asyncio.create_task(self._start())
        try:
            await asyncio.wait({stopping, running}, return_when=asyncio.FIRST_COMPLETED)
            if not stop.is_set():
                running.result()
                await self._failing_or(stopping)
        finally:
            running.cancel()
            await self._stop()

    async def _start(self) -> None:
        self._environment["CROPSHIELD_REDIS_URL"] = await self._bring_up_redis()
        some = "a worker" if self._workers == 1 else f"{self._workers} workers"
        say(f"starting {some} (loading the model) and the API")
        command = [sys.executable, "-m", "cli"]
        for number in range(1, self._workers + 1):
            name = "worker" if self._workers == 1 else f"worker {number}"
            environment = self._environment | _share_of_cores(self._workers)
            await self._add(Child(name, [*command, "worker"], environment), _WORKER_GRACE)
        address = ["--host", self._host, "--port", str(self._port)]
        await self._add(Child("api", [*command, "api", *address], self._environment), _API_GRACE)
        ready = asyncio.create_task(self._until_ready())
        await self._failing_or(ready)
        self._supervisor.settle()
        root = f"http://{self._shown_host()}:{self._port}"
        say(f"ready. Open {root}/ in a browser; API page {root}/docs. Ctrl-C stops everything.")

    async def _add(self, child: Child, grace: float) -> None:
        self._children.append((child, grace))
        await self._supervisor.add(child)

    async def _failing_or(self, task: "asyncio.Task[object]") -> None:
        """Wait until `task` is done. Raises CommandError when a child died before that."""
        failure = asyncio.create_task(self._supervisor.failure())
        done, _ = await asyncio.wait({task, failure}, return_when=asyncio.FIRST_COMPLETED)
        failure.cancel()
        for finished in done:
            finished.result()

    async def _bring_up_redis(self) -> str:
        """The URL of a Redis that answers: the configured one, else a private one."""
        given = {"redis_url"} & self._settings.model_fields_set
        if given:
            await _until_redis_answers(self._settings.redis_url, seconds=5)
            return self._settings.redis_url
        return await self._start_redis(private_redis.find_server())

    async def _start_redis(self, server: Path) -> str:
        home = self._settings.home
        private_redis.check_state(server, home)
        socket, log = private_redis.socket_path(home), private_redis.log_path(home)
        say(f"starting a private Redis ({server}), state in {home}")
        argv = private_redis.command(server, home, socket)
        begun = log.stat().st_size if log.exists() else 0
        self._redis = Child("redis", argv, {}, log, keeps=(self._lock,))
        await self._supervisor.add(self._redis)
        url = f"unix://{socket}"
        await self._failing_or(asyncio.create_task(_until_redis_answers(url, seconds=60)))
        if private_redis.journal_was_cut(log.read_bytes()[begun:].decode(errors="replace")):
            say(f"Redis found the end of its journal cut off and dropped it; see {log}")
        return url

    async def _until_ready(self) -> None:
        """Wait however long it takes, since a slow machine is no failure; a dead child ends the
        wait."""
        now = asyncio.get_running_loop().time
        url, told = f"http://{self._shown_host()}:{self._port}/readyz", now()
        while await asyncio.to_thread(_count_workers, url) < self._workers:
            if now() > told + _START_SECONDS:
                told = now()
                say("the worker is not ready yet: models load slowly on a busy machine")
            await asyncio.sleep(_POLL_SECONDS)

    async def _stop(self) -> None:
        say("stopping: running photos are finished, waiting ones are kept")
        self._supervisor.release()
        await asyncio.gather(*(child.stop(grace) for child, grace in self._children))
        if self._redis:
            await self._redis.stop(_REDIS_GRACE)
        say("stopped")

    def _shown_host(self) -> str:
        return "127.0.0.1" if self._host in ("0.0.0.0", "::", "") else self._host  # noqa: S104


def _count_workers(url: str) -> int:
    try:
        with local_http.open(url, timeout=2) as response:
            return int(json.load(response)["workers"])
    except OSError:
        return 0


def _share_of_cores(workers: int) -> dict[str, str]:
    """Threads of each of several workers, unless they are set."""
    if workers == 1 or _THREADS in os.environ:
        return {}
    shared = {_THREADS: threads_of_each(workers), _ALONE: threads_alone(usable_cores())}
    return {name: str(threads) for name, threads in shared.items() if name not in os.environ}


async def _until_redis_answers(url: str, seconds: float) -> None:
    """Raises CommandError when it does not within `seconds`. While it loads its state it may take
    any time."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            await asyncio.to_thread(_ping, url)
        except BusyLoadingError:
            deadline = asyncio.get_running_loop().time() + seconds
        except (RedisError, OSError) as error:
            if asyncio.get_running_loop().time() > deadline:
                raise CommandError(f"Redis at {url} does not answer: {error}") from error
        else:
            return
        await asyncio.sleep(_POLL_SECONDS)


def _ping(url: str) -> None:
    """Raises CommandError for a Redis that this version cannot work with."""
    with connect(url) as client:
        client.ping()
        try:
            check_compatibility(client)
        except Incompatible as error:
            raise CommandError(str(error)) from error
