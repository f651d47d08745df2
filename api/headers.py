"""Headers of requests and responses. Starlette's own classes take several times as long, and every
request looks for half a dozen headers, most of which it does not have."""

from collections.abc import Iterable

from starlette.types import Message, Scope

RawHeader = tuple[bytes, bytes]


def find_header(message: Scope | Message, name: bytes) -> str | None:
    """The first header of this name, in lower case, of a request or of the start of a response."""
    for key, value in message["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def asks_for_picture(scope: Scope, kind: str) -> bool:
    """Whether `Accept` names the media type of a picture, `image/jpeg` say, or `image/*`, and
    does not take JSON as well."""
    accepted = find_header(scope, b"accept") or ""
    ranges = {one.partition(";")[0].strip().lower() for one in accepted.split(",")}
    return bool(ranges & {kind, "image/*"}) and not ranges & {"application/json", "*/*"}


def add_headers(start: Message, headers: Iterable[RawHeader]) -> None:
    """Add headers to the start of a response, except those that it has already."""
    known = {name for name, _ in start["headers"]}
    start["headers"] += [one for one in headers if one[0] not in known]
