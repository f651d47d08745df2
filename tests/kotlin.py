"""Kotlin, as the documents show it."""

import subprocess
from pathlib import Path

import pytest

from tests import programs


def run_kotlin(script: str, folder: Path) -> str:
    """What a script prints; it has the JSON that Android has. Skipped where there is no Kotlin."""
    compiler, library = (programs.find(name) for name in ("kotlin", "libandroid-json-java"))
    if not compiler or not library:
        pytest.skip("there is no Kotlin; tests.programs installs it")
    (folder / "shown.kts").write_text(script, "utf-8")
    command = [compiler, "-cp", library, "-script", "shown.kts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
