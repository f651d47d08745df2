"""Errors that only a request can have.

CropShieldError
├── BadRequest              it is no HTTP, or too many requests at once
├── TargetTooLong           the path or the query is too long
├── HeadersTooLarge         too many headers, or too large ones
├── BodyTooLarge            more bytes than this path takes
├── UnsupportedEncoding     a compressed body
├── WrongHost               asked under a name that may be somebody else's
├── WrongOrigin             asked by a page of another site
├── TooSlow                 a body does not come
├── WrongKey                no API key, or a wrong one
├── NoGraph                 the model has none to hand out
└── Unavailable
    ├── TooManyConnections  as many are open as may be, and all of them are busy
    ├── TooManyUploads      as many photos are on their way as may be
    ├── TooManyStreams      as many jobs are being followed as may be
    └── RenderingBusy       as many pictures wait to be drawn as may
InvalidRequest              options that do not validate
"""

from typing import Any

from jobs.errors import CropShieldError, Unavailable


class InvalidRequest(Exception):
    """Options that do not validate. `errors` has one entry for each wrong value."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(f"{e['field']}: {e['message']}" for e in errors))
        self.errors = errors


class BadRequest(CropShieldError):
    pass


class TargetTooLong(CropShieldError):
    def __init__(self, what: str, given: int, most: int) -> None:
        super().__init__(f"{given:,} or more {what}; the limit is {most:,}")


class HeadersTooLarge(CropShieldError):
    def __init__(self, what: str, given: int, most: int) -> None:
        super().__init__(f"{given:,} or more {what}; the limit is {most:,}")


class BodyTooLarge(CropShieldError):
    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"the body is {size:,} bytes or more; the limit is {limit:,} here")


class UnsupportedEncoding(CropShieldError):
    def __init__(self, encoding: str) -> None:
        super().__init__(
            f"the body is sent with Content-Encoding {encoding!r:.100}; send it as it is"
        )


class WrongHost(CropShieldError):
    def __init__(self, host: str) -> None:
        super().__init__(
            f"host {host!r:.200} is neither an address nor localhost; "
            "CROPSHIELD_ALLOWED_HOSTS names others"
        )


class WrongOrigin(CropShieldError):
    def __init__(self, origin: str) -> None:
        super().__init__(
            f"a page of {origin!r:.200} asks for a change; CROPSHIELD_CORS_ORIGINS names who may"
        )


class TooSlow(CropShieldError):
    def __init__(self, received: int, seconds: float, rate: float) -> None:
        super().__init__(
            f"{received:,} bytes of the body came in {seconds:.0f} s; "
            f"the least is {rate:,.0f} a second"
        )


class WrongKey(CropShieldError):
    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; send the header X-API-Key, `cropshield keys add` makes one")


class NoGraph(CropShieldError):
    def __init__(self, model: str, reason: str) -> None:
        super().__init__(
            f"model {model} has no graph: {reason}; `cropshield models export {model}` makes one"
        )


class TooManyConnections(Unavailable):
    def __init__(self, most: int) -> None:
        super().__init__(f"{most:,} connections are open, which is the most at once")


class TooManyStreams(Unavailable):
    def __init__(self, own: int, most: int) -> None:
        message = f"{own:,} streams of yours are open; there may be {most:,} in all"
        super().__init__(f"{message}, of which each key may have as many as are left for others")


class RenderingBusy(Unavailable):
    def __init__(self, waiting: int, most: int) -> None:
        super().__init__(f"{waiting:,} pictures wait to be drawn; the limit is {most:,}")


class TooManyUploads(Unavailable):
    def __init__(self, most: int) -> None:
        super().__init__(f"{most:,} uploads are on their way, which is the most at once")
