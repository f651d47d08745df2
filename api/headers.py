"""Headers as they come and go. Starlette's own classes take several times as long, and every
request looks for half a dozen of them, most of which it does not have."""

from collections.abc import Iterable

from starlette.types import Message, Scope

RawHeader = tuple[bytes, bytes]


def find_header(message: Scope | Message, name: bytes) -> str | None:
    """The first header of this name, which is in lower case, of a request or an answer's start."""
    for key, value in message["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def add_headers(start: Message, headers: Iterable[RawHeader]) -> None:
    """Give an answer's start the headers that it does not have yet."""
    known = {name for name, _ in start["headers"]}
    start["headers"] += [one for one in headers if one[0] not in known]
