"""What is measured: our service, and servers of others with the same engine functions."""

import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx2
import psutil

from benchmarks.common.ports import free_port

HERE = Path(__file__).resolve().parents[2]
START_SECONDS = 600.0  # on a busy machine
STOP_SECONDS = 30.0
OK, REFUSED = 200, 503
_START_OF_JPEG = (b"\xff\xd8", b'["/9j')  # the second in base64, in a list
_JPEG, _JPEG_ASKED_FOR = {"Content-Type": "image/jpeg"}, {"Accept": "image/jpeg"}
_FORMS = {"litserve": ("/predict", "request"), "bentoml": ("/", "photos")}
"""Where a server takes a photo in a form: the path, and the field."""


@dataclass
class Server(ABC):
    """A command that serves on a port; `environment` beside that of this process."""

    name: str
    command: list[str]
    log: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    ready: str = "/"

    def __enter__(self) -> Self:
        self._file = self.log.open("ab")
        self.process = subprocess.Popen(
            self.command,
            env=os.environ | self.environment,
            stdout=self._file,
            stderr=self._file,
            start_new_session=True,
        )
        try:
            self._until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """What it has started and left behind is ended too."""
        with suppress(psutil.NoSuchProcess):
            root = psutil.Process(self.process.pid)
            family = [root, *root.children(recursive=True)]
            root.send_signal(signal.SIGINT)
            alive = psutil.wait_procs(family, timeout=STOP_SECONDS)[1]
            for left in alive:
                left.kill()
        self.process.wait()
        self._file.close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @abstractmethod
    async def send(self, client: httpx2.AsyncClient, photo: bytes) -> int:
        """One photo in, its overlay out; the status of the last answer."""

    def processor_seconds(self) -> dict[str, float]:
        """So far, by what the processes are called."""
        found: dict[str, float] = {}
        root = psutil.Process(self.process.pid)
        for process in (root, *root.children(recursive=True)):
            try:
                times, words = process.cpu_times(), process.cmdline()
            except psutil.Error:
                continue
            name = next((word for word in ("worker", "api", "redis") if _is(word, words)), "other")
            found[name] = found.get(name, 0.0) + times.user + times.system
        return found

    def spent_since(self, before: dict[str, float], jobs: int) -> dict[str, float]:
        """Milliseconds of processor time a job, by process, since `processor_seconds` was that."""
        return {
            f"{name}_cpu_ms": round(1000 * (seconds - before.get(name, 0.0)) / max(1, jobs), 2)
            for name, seconds in self.processor_seconds().items()
            if seconds > before.get(name, 0.0)
        }

    def _until_ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                said = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
                raise SystemExit(f"{self.name} did not start; it said:\n{said}")
            time.sleep(0.3)

    def _is_ready(self) -> bool:
        try:
            return httpx2.get(self.address + self.ready, timeout=5).status_code < 500
        except httpx2.HTTPError:
            return False


@dataclass
class Peer(Server):
    """One of `benchmarks.serve.peers`: the overlay is the answer to the photo."""

    async def send(self, client: httpx2.AsyncClient, photo: bytes) -> int:
        path, field = _FORMS.get(self.name, ("/", ""))
        if field:
            answer = await client.post(path, files={field: ("leaf.jpg", photo, "image/jpeg")})
        else:
            answer = await client.post(path, content=photo, headers=_JPEG)
        is_overlay = answer.status_code != OK or answer.content.startswith(_START_OF_JPEG)
        return answer.status_code if is_overlay else -OK


@dataclass
class Ours(Server):
    """`cropshield serve`: the photo is submitted, and its overlay waited for."""

    ready: str = "/readyz"

    async def send(self, client: httpx2.AsyncClient, photo: bytes) -> int:
        headers = _JPEG | _JPEG_ASKED_FOR | {"Prefer": "wait=25"}
        answer = await client.post("/v1/jobs", content=photo, headers=headers)
        while answer.status_code == 202:
            answer = await client.get(answer.headers["Location"], headers=headers)
            if answer.status_code == 200 and answer.json()["state"] in ("queued", "running"):
                answer.status_code = 202
        if answer.status_code == REFUSED and "Retry-After" not in answer.headers:
            return -REFUSED
        if answer.status_code != OK or answer.headers["Content-Type"] == "image/jpeg":
            return answer.status_code
        return (await client.get(f"/v1/jobs/{answer.json()['id']}/overlay")).status_code

    def _is_ready(self) -> bool:
        try:
            answer = httpx2.get(self.address + self.ready, timeout=5)
            return answer.status_code == 200 and answer.json()["workers"] > 0
        except httpx2.HTTPError:
            return False


def ours(folder: Path, command: list[str], **environment: str) -> Ours:
    """A service of its own, with its state in `folder`."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    run = [sys.executable, "-m", "cli", *command, "--port", str(port)]
    given = {"CROPSHIELD_HOME": str(home), "PYTHONPATH": str(HERE)} | environment
    return Ours("ours", run, folder / "ours.log", port, given)


def _is(word: str, words: list[str]) -> bool:
    return any(word in part.split("/")[-1] for part in words)
