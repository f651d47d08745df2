"""What can go wrong.

CropShieldError
├── Unreachable         no answer, however often it was tried
├── TimedOut            not done within the time given
├── JobFailed           the job ended without a result (beside Job, in `models`)
├── InvalidResponse     what answers is not CropShield: a login page of a network, another server
├── WrongSignature      a webhook that the server did not send, or not lately
├── OutboxFailed        the file of an outbox cannot be used
│   └── OutboxFull      it has no room for another photo
└── ProblemError        the server's answer is a problem (RFC 9457)
    ├── BadPhoto        too large, of no known format, or damaged
    ├── InvalidRequest  a wrong option, an unknown model or class, a key used for another photo
    ├── AccessDenied    no API key, or a wrong one
    ├── NotFound        no such job, or not yours
    ├── Gone            it has expired, or was deleted
    ├── NotReady        it has not ended yet
    ├── RateLimited     this key's rate or quota is used up
    ├── Unavailable     the server takes nothing now
    └── ServerFailed    a defect of the server
"""

from typing import Any


class CropShieldError(Exception):
    """Everything that this package raises on purpose."""


class Unreachable(CropShieldError):
    pass


class TimedOut(CropShieldError):
    """`job_id` is that of the job that was waited for, if any: it goes on without us."""

    def __init__(self, message: str, job_id: str | None = None) -> None:
        super().__init__(message)
        self.job_id = job_id


class InvalidResponse(CropShieldError):
    pass


class WrongSignature(CropShieldError):
    pass


class OutboxFailed(CropShieldError):
    pass


class OutboxFull(OutboxFailed):
    pass


class ProblemError(CropShieldError):
    """`type` is stable; `retryable`: the same request may succeed later; `errors`: one entry for
    each wrong value of the request."""

    def __init__(self, document: dict[str, Any], retry_after: float | None = None) -> None:
        self.type = str(document.get("type", "about:blank"))
        self.title = str(document.get("title", "Error"))
        self.status = int(document.get("status", 0))
        self.detail = str(document.get("detail", ""))
        self.retryable = bool(document.get("retryable", self.status in _RETRYABLE))
        self.request_id: str | None = document.get("request_id")
        self.errors: list[dict[str, Any]] = document.get("errors") or []
        self.retry_after = retry_after
        super().__init__(f"{self.title} ({self.status}): {self.detail}")

    @property
    def slug(self) -> str:
        """The last word of the type."""
        return self.type.rpartition("/")[2]


class BadPhoto(ProblemError):
    pass


class InvalidRequest(ProblemError):
    pass


class AccessDenied(ProblemError):
    pass


class NotFound(ProblemError):
    pass


class Gone(ProblemError):
    pass


class NotReady(ProblemError):
    pass


class RateLimited(ProblemError):
    pass


class Unavailable(ProblemError):
    pass


class ServerFailed(ProblemError):
    pass


_RETRYABLE = {408, 429, 502, 503, 504}
_BY_SLUG: dict[str, type[ProblemError]] = {
    "unsupported-format": BadPhoto,
    "undecodable-photo": BadPhoto,
    "photo-too-complex": BadPhoto,
}
_BY_STATUS: dict[int, type[ProblemError]] = {
    400: InvalidRequest,
    401: AccessDenied,
    403: AccessDenied,
    404: NotFound,
    408: Unavailable,
    409: NotReady,
    410: Gone,
    413: BadPhoto,
    414: InvalidRequest,
    415: InvalidRequest,
    421: InvalidRequest,
    422: InvalidRequest,
    431: InvalidRequest,
    429: RateLimited,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def error_of(document: dict[str, Any], retry_after: float | None = None) -> ProblemError:
    """The error of a problem document; an unknown type goes by its status."""
    slug = str(document.get("type", "")).rpartition("/")[2]
    status = int(document.get("status", 0))
    fallback = ServerFailed if status >= 500 else ProblemError
    kind = _BY_SLUG.get(slug) or _BY_STATUS.get(status, fallback)
    return kind(document, retry_after)
