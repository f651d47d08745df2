"""Warnings of a command, on stderr."""

import sys
from collections.abc import Iterable

from pictures.photo_files import printable


def warn(lines: Iterable[str]) -> None:
    """Print a line for each; file names in them may be any bytes."""
    for line in lines:
        sys.stderr.write(f"cropshield: {printable(line)}\n")
