"""What a command tells: words or JSON on stdout, warnings on stderr, whatever bytes name a file."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pictures.photo_files import printable


@dataclass(frozen=True)
class Output:
    """What the user is told: text, one JSON document, or nothing."""

    as_json: bool = False
    quiet: bool = False

    def words(self, text: str) -> None:
        if not self.quiet and not self.as_json:
            sys.stdout.write(printable(text) + "\n")

    def document(self, content: dict[str, Any]) -> None:
        if self.as_json:
            sys.stdout.write(json_text(content, indent=2) + "\n")


def warn(lines: Iterable[str]) -> None:
    """Print a line for each; file names in them may be any bytes."""
    for line in lines:
        sys.stderr.write(f"cropshield: {printable(line)}\n")


def json_text(content: Any, indent: int | None = None, *, compact: bool = False) -> str:
    """JSON with letters as they are.

    A byte of a file name that is not UTF-8 is an escape, `\\udce9`, by which Python's `json` gives
    the name back.
    """
    separators = (",", ":") if compact else None
    text = json.dumps(content, ensure_ascii=False, indent=indent, separators=separators)
    return text.encode("utf-8", "backslashreplace").decode()
