"""Which Redis is used when none is given."""

import platform
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from cli.errors import CommandError
from cli.serve import preflight, private_redis
from tests.conftest import started_redis
from tests.redis_servers import redis_servers


def _fake_server(path: Path, version: str) -> Path:
    path.write_text(f"#!/bin/sh\necho Redis server v={version} sha=0\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_a_recent_server_on_the_path_comes_first(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = _fake_server(tmp_path / name, "7.0.15")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert private_redis.find_server() == server


@pytest.mark.parametrize("version", ["6.0.16", "of no number"])
def test_an_old_server_on_the_path_is_passed_over(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = _fake_server(tmp_path / "redis-server", version)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert private_redis.find_server() != old


def test_a_file_that_does_not_run_is_no_server(tmp_path: Path) -> None:
    broken = tmp_path / "redis-server"
    broken.write_bytes(b"\x7fELF of another processor")
    broken.chmod(0o755)
    assert private_redis.server_version(broken) == (0,)


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))


@pytest.mark.usefixtures("nothing_installed")
def test_without_any_server_the_error_says_how_to_get_one() -> None:
    with pytest.raises(CommandError, match=r"cli\.serve\.install_check.* REDIS_URL"):
        private_redis.find_server()


@pytest.mark.usefixtures("nothing_installed")
def test_a_processor_without_a_wheel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(CommandError, match=r"riscv64.* REDIS_URL"):
        private_redis.find_server()


def test_a_deep_state_folder_has_its_socket_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    assert len(str(private_redis.socket_path(deep))) < 100
    near = Path("/tmp/x")
    assert private_redis.socket_path(near) == near / "redis" / "redis.sock"


def test_too_little_disk_is_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "LEAST_FREE_BYTES", 10**18)
    with pytest.raises(CommandError, match="bytes are free"), preflight.claimed_home(home):
        pass


def test_a_folder_stays_claimed_while_the_redis_of_a_killed_server_lives(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "CLAIM_SECONDS", 0.2)
    with preflight.claimed_home(home) as lock:
        child = subprocess.Popen(["sleep", "600"], pass_fds=[lock])
    with pytest.raises(CommandError, match="another server already runs"):
        preflight.claimed_home(home).__enter__()
    child.kill()
    child.wait()
    with preflight.claimed_home(home):
        pass


# Valkey reads no state of Redis 8.
SERVERS = [server for server in redis_servers().values() if server.name == "redis-server"]


@pytest.mark.parametrize("older", SERVERS[:-1], ids=str)
def test_a_newer_redis_goes_on_with_the_state_of_an_older_one(older: Path, home: Path) -> None:
    for server, found in ((older, None), (SERVERS[-1], b"1")):
        private_redis.check_state(server, home)
        with started_redis(home, server) as url, Redis.from_url(url) as client:
            assert client.get("job") == found
            client.set("job", 1)


def test_redis_6_does_not_start_empty_beside_the_state_of_redis_7(
    home: Path, tmp_path: Path
) -> None:
    (home / "redis" / "appendonlydir").mkdir(parents=True)
    private_redis.check_state(_fake_server(tmp_path / "new", "7.0.0"), home)
    with pytest.raises(CommandError, match=r"is Redis 6\.2\.14: install Redis 7 or later"):
        private_redis.check_state(_fake_server(tmp_path / "old", "6.2.14"), home)
