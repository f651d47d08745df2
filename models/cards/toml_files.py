"""TOML files that people write, and what is wrong with them in words. Never imports torch."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic_core import ErrorDetails

from models.card_errors import CardError, did_you_mean
from models.text_files import read_text

_SHOWN = 80  # letters of a wrong value


def read_toml(path: Path, kind: str) -> dict[str, Any]:
    """The content of a file of this `kind` ("card").

    Raises CardError that names the file, and the line where it is not TOML.
    """
    try:
        return tomllib.loads(read_text(path))
    except OSError as error:
        raise CardError(f"{kind} {path} cannot be read: {error.strerror or error}") from error
    except tomllib.TOMLDecodeError as error:
        raise CardError(f"{path}{_place(str(error))}: not TOML: {error}") from error
    except ValueError as error:
        raise CardError(f"{kind} {path} {error}") from error


def fault(wrong: ErrorDetails, known: Iterable[str]) -> tuple[str, str]:
    """A dotted key and what is wrong with its value. `known`: the keys that there are."""
    key = ".".join(map(str, wrong["loc"]))
    if wrong["type"] == "missing":
        return key, "is missing"
    if wrong["type"] == "extra_forbidden":
        return key, f"no such key{did_you_mean(str(wrong['loc'][-1]), known)}"
    return key, f"{wrong['msg']}; it is {_shortened(repr(wrong['input']))}"


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _place(message: str) -> str:
    line = re.search(r"at line (\d+)", message)
    return f", line {line[1]}" if line else ""
