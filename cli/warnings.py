"""What a command says besides its result, on stderr."""

import sys
from collections.abc import Iterable

from pictures.photo_files import printable


def warn(lines: Iterable[str]) -> None:
    """A line each; names of files may be any bytes."""
    for line in lines:
        sys.stderr.write(f"cropshield: {printable(line)}\n")
