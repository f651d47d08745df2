"""What make would run, whatever make this runs under."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
_OF_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "VENV")


def dry_run(target: str, *words: str) -> list[str]:
    """The commands of a target, one a line."""
    done = subprocess.run(
        ["make", "--dry-run", target, *words],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in _OF_MAKE},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()
