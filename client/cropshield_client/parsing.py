"""From JSON to the dataclasses of `models`; members that they do not know are left out."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def parse(kind: Callable[..., T], document: dict[str, Any]) -> T:
    """A `kind` of the members that it has. Raises TypeError when a needed one is missing."""
    hints = _hints(kind)
    known = {name: _value(hint, document[name]) for name, hint in hints.items() if name in document}
    if "raw" in hints:
        known["raw"] = document
    return kind(**known)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    types = get_type_hints(kind)
    return {field.name: types[field.name] for field in fields(kind)}


def _value(hint: Any, value: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        return None if value is None else _value(get_args(hint)[0], value)
    if get_origin(hint) is list:
        return [_value(get_args(hint)[0], item) for item in value or []]
    if hint is datetime:
        return datetime.fromisoformat(value)
    return parse(hint, value) if isinstance(hint, type) and is_dataclass(hint) else value
