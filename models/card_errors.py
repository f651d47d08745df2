"""Errors of a card, each with its line."""

import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from models.text_files import read_text

_TABLE = re.compile(r"""\s*\[{1,2}\s*(?:"([^"]+)"|'([^']+)'|([\w.-]+))\s*\]{1,2}""")
_KEY = re.compile(r"\s*([\w.-]+)\s*=")


class CardError(Exception):
    """A card, or a file that it names, is missing or wrong."""


class InvalidCard(CardError):
    """One line for each fault: `cards/mine.toml, line 12: target_layer: no layer "blok4"`."""

    def __init__(self, path: Path, *faults: tuple[str, str]) -> None:
        """`faults`: the dotted key, empty for the whole card, and what is wrong with it."""
        self.faults = faults
        super().__init__("\n".join(f"{_place(path, key)}{message}" for key, message in faults))


class NotDescribed(CardError):
    """The model's card does not say what this class is."""

    def __init__(self, model: str, class_name: str, described: Iterable[str]) -> None:
        alike = did_you_mean(class_name, described, quote="'")
        super().__init__(f"model {model} describes no class {class_name!r:.100}{alike}")


def _place(path: Path, key: str) -> str:
    line = line_of(read_text(path), key) if key and path.is_file() else None
    own = path.resolve()
    shown = own.relative_to(Path.cwd()) if own.is_relative_to(Path.cwd()) else path
    where = f"{shown}, line {line}" if line else f"{shown}"
    return f"{where}: {key}: " if key else f"{where}: "


def line_of(text: str, key: str) -> int | None:
    """The line of a dotted key in TOML, or of the table that it stands in; None for neither."""
    lines: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            table = next(filter(None, header.groups()))
            lines.setdefault(table, number)
        elif found := _KEY.match(line):
            lines.setdefault(f"{table}.{found[1]}".lstrip("."), number)
    while key and key not in lines:
        key = key.rpartition(".")[0]
    return lines.get(key)


def did_you_mean(word: str, known: Iterable[str], quote: str = '"') -> str:
    """`; did you mean "block4"?`, or nothing where nothing is alike."""
    alike: Sequence[str] = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {quote}{alike[0]}{quote}?" if alike else ""
