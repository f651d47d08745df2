"""Which Redis is used when none is given."""

import importlib.util
import stat
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.serve import preflight, private_redis


def _fake_server(folder: Path, version: str) -> None:
    script = folder / "redis-server"
    script.write_text(f"#!/bin/sh\necho Redis server v={version} sha=0\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


def test_a_recent_server_on_the_path_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fake_server(tmp_path, "7.0.15")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert private_redis.find_server() == tmp_path / "redis-server"


def test_an_old_server_on_the_path_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fake_server(tmp_path, "6.0.16")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert private_redis.find_server() != tmp_path / "redis-server"


def test_without_any_server_the_error_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(CommandError, match="REDIS_URL"):
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
