"""Class names by index, read from any of the usual forms. Never imports torch."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.cards.wrong_files import mistaken_for
from models.text_files import read_text

_NUMBERED = re.compile(r"\d+\s*[\s,;:]\s*\S")


def read_class_names(path: Path) -> tuple[str, ...]:
    """Out of `{"Crop__disease": 0, …}`, `{"0": "Crop__disease", …}`, a JSON list of names, or one
    name a line.

    Raises ValueError that names the file and what is wrong: numbers that are not 0 to n - 1,
    a name twice, another form; OSError where it cannot be read.
    """
    if wrong := mistaken_for(path):
        raise ValueError(f"class list {path} {wrong}")
    try:
        text = read_text(path).strip()
        names = _of_json(text) if text[:1] in ("{", "[") or _is_json(path) else _of_lines(text)
        return _checked([unicodedata.normalize("NFC", name) for name in names])
    except ValueError as error:
        raise ValueError(f"class list {path} {error}") from error


def _is_json(path: Path) -> bool:
    return path.suffix.lower() == ".json"


def _of_lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and all(_NUMBERED.match(line) for line in lines):
        raise ValueError(f"has a number before each name ({lines[0]!r}); give one name a line")
    return lines


def _of_json(text: str) -> list[str]:
    try:
        content = json.loads(text, object_pairs_hook=_no_twins)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error}") from error
    if isinstance(content, list) and all(isinstance(name, str) for name in content):
        return content
    if isinstance(content, dict):
        return _of_numbers(content) if _holds(content.values(), int) else _of_indices(content)
    raise ValueError("is neither an object of numbers nor a list of names")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if twice := [key for key, many in Counter(key for key, _ in pairs).items() if many > 1]:
        raise ValueError(f"has {twice[0]!r} twice")
    return dict(pairs)


def _holds(values: Any, kind: type) -> bool:
    return all(isinstance(value, kind) and not isinstance(value, bool) for value in values)


def _of_numbers(numbers: dict[str, int]) -> list[str]:
    """{"Crop__disease": 0, …}"""
    _number(sorted(numbers.values()))
    return sorted(numbers, key=numbers.__getitem__)


def _of_indices(names: dict[str, Any]) -> list[str]:
    """{"0": "Crop__disease", …}"""
    if not _holds(names.values(), str) or not all(key.isdecimal() for key in names):
        key, value = next((key, value) for key, value in names.items() if not _holds([value], int))
        raise ValueError(f"gives {key!r} the number {json.dumps(value)}, not a whole one from 0 on")
    by_index = {int(key): name for key, name in names.items()}
    _number(sorted(by_index) if len(by_index) == len(names) else [])
    return [by_index[index] for index in range(len(names))]


def _number(found: Sequence[int]) -> None:
    if list(found) != list(range(len(found))) or not found:
        numbers = f"{found[0]} to {found[-1]}" if found else "twice alike"
        raise ValueError(
            f"must number its classes 0 to {len(found) - 1}; it numbers them {numbers}"
            if found
            else "must number its classes from 0 on, each once"
        )


def _checked(names: list[str]) -> tuple[str, ...]:
    if not names:
        raise ValueError("has no names")
    for name in names:
        if not name.strip() or not name.isprintable():
            raise ValueError(f"has {name!r} as a name, which cannot be printed")
    if twice := [name for name, many in Counter(names).items() if many > 1]:
        raise ValueError(f"has the name {twice[0]!r} twice")
    return tuple(names)
