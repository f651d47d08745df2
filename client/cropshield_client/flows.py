"""What takes more than one request, without any I/O.

A flow is a generator, as httpx's `auth_flow` is: it yields a `Request` and is sent the response, or
a `Failure` is raised where it waits; it yields a `Sleep` or `Work` and goes on when that is over.
Both clients run the same flows.
"""

import json
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2

from cropshield_client import endpoints
from cropshield_client.classes import ClassDescription
from cropshield_client.endpoints import MAX_WAIT, Request
from cropshield_client.errors import (
    InvalidResponse,
    NotFound,
    ProblemError,
    TimedOut,
    Unreachable,
    error_of,
)
from cropshield_client.models import (
    Batch,
    Explained,
    Job,
    JobFailed,
    JobPage,
    Prediction,
)
from cropshield_client.parsing import parse
from cropshield_client.retry import RetryPolicy, is_retryable

T = TypeVar("T")
FAILURES = (httpx2.RequestError, httpx2.InvalidURL)
"""What httpx2 raises for a request that got no response."""
Failure = httpx2.RequestError | httpx2.InvalidURL
_PERMANENT = (httpx2.UnsupportedProtocol, httpx2.InvalidURL)


@dataclass(frozen=True)
class Sleep:
    """`seconds` until the flow goes on."""

    seconds: float


@dataclass(frozen=True)
class Work:
    """What takes time on this machine; the flow goes on with what it returns."""

    work: Callable[[], Any]


Flow = Generator[Request | Sleep | Work, Any, T]


def send(request: Request, retry: RetryPolicy) -> Flow[httpx2.Response]:
    """The response, after retries where they make sense.

    Raises ProblemError, InvalidResponse; Unreachable without a response before the deadline.
    """
    end, attempt = time.monotonic() + retry.deadline + request.server_wait, 0
    while True:
        attempt, retry_after = attempt + 1, None
        try:
            response: httpx2.Response = yield request
            if response.is_success:
                return _not_a_web_page(request, response)
            failure: ProblemError | Failure = _problem(response)
        except FAILURES as error:
            failure = error
        if isinstance(failure, ProblemError):
            retry_after = failure.retry_after
            if not is_retryable(failure):
                raise failure
        delay = retry.delay(attempt, retry_after)
        if isinstance(failure, _PERMANENT) or time.monotonic() + delay > end:
            raise _last_error(request, attempt, failure) from failure
        yield Sleep(delay)


def _not_a_web_page(request: Request, response: httpx2.Response) -> httpx2.Response:
    """Raises InvalidResponse for one, which a network's login gives in place of the API."""
    if response.headers.get("content-type", "").startswith("text/html"):
        raise invalid(request, response)
    return response


def invalid(request: Request, response: httpx2.Response) -> InvalidResponse:
    """The error of a success that holds something else."""
    what = f"{response.headers.get('content-type', 'untyped')}: {response.text[:80]!r}"
    return InvalidResponse(f"{request.method} {request.path}: not an answer of CropShield: {what}")


def _last_error(request: Request, attempts: int, failure: ProblemError | Failure) -> Exception:
    if isinstance(failure, ProblemError):
        return failure
    name = f"{request.method} {request.path}"
    return Unreachable(f"{name}: no answer in {attempts} attempts; the last: {failure!r}")


def _problem(response: httpx2.Response) -> ProblemError:
    """The error of a response that is no success, also of a proxy's own."""
    document = {"title": response.reason_phrase, "detail": response.text[:200]}
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        document = response.json()
    after = response.headers.get("retry-after", "")
    seconds = float(after) if after.isdigit() else None
    return error_of({"status": response.status_code, **document}, seconds)


def fetch(kind: Callable[..., T], request: Request, retry: RetryPolicy) -> Flow[T]:
    """The `kind` that the response holds. Raises InvalidResponse when it holds something else."""
    response = yield from send(request, retry)
    try:
        return parse(kind, response.json())
    except (ValueError, TypeError, AttributeError) as error:
        raise invalid(request, response) from error


def job(request: Request, retry: RetryPolicy) -> Flow[Job]:
    return (yield from fetch(Job, request, retry))


def batch(request: Request, retry: RetryPolicy) -> Flow[Batch]:
    return (yield from fetch(Batch, request, retry))


def job_page(request: Request, retry: RetryPolicy) -> Flow[JobPage]:
    return (yield from fetch(JobPage, request, retry))


def models(retry: RetryPolicy) -> Flow[list[dict[str, Any]]]:
    """The cards of all models."""
    request = endpoints.get("/v1/models")
    response = yield from send(request, retry)
    try:
        return [dict(card) for card in response.json()]
    except (ValueError, TypeError) as error:
        raise invalid(request, response) from error


def classes(model: str | None, retry: RetryPolicy) -> Flow[list[ClassDescription]]:
    """What the classes of a model are, in its order."""
    request = endpoints.get("/v1/classes", model=model)
    response = yield from send(request, retry)
    try:
        return [parse(ClassDescription, found) for found in response.json()]
    except (ValueError, TypeError, AttributeError) as error:
        raise invalid(request, response) from error


def describe(
    what: Prediction | str, model: str | None, retry: RetryPolicy
) -> Flow[ClassDescription | None]:
    """What a class is; None where the server does not describe it."""
    if isinstance(what, str):
        request = endpoints.class_description(what, model)
    elif link := what.links.get("description"):
        request = endpoints.follow(link)
    else:
        return None
    try:
        return (yield from fetch(ClassDescription, request, retry))
    except NotFound:
        return None


def wait(job_id: str, timeout: float, retry: RetryPolicy) -> Flow[Job]:
    """The job when it has ended. Raises TimedOut after `timeout` seconds."""
    return (yield from _poll(f"/v1/jobs/{job_id}", Job, job_id, timeout, retry))


def wait_batch(batch_id: str, timeout: float, retry: RetryPolicy) -> Flow[Batch]:
    """The batch when all its jobs have ended. Raises TimedOut after `timeout` seconds."""
    return (yield from _poll(f"/v1/batches/{batch_id}", Batch, batch_id, timeout, retry))


def _poll(path: str, kind: type[T], name: str, timeout: float, retry: RetryPolicy) -> Flow[T]:
    """Long-polls until it is done; pauses grow where a server or proxy does not hold them."""
    start, attempt = time.monotonic(), 0
    while True:
        left = timeout - (time.monotonic() - start)
        sent_at = time.monotonic()
        found: Any = yield from fetch(kind, endpoints.get(path, wait=min(left, MAX_WAIT)), retry)
        if found.is_done:
            return found  # type: ignore[no-any-return]
        left = timeout - (time.monotonic() - start)
        if left <= 0:
            raise TimedOut(f"{name} has not ended within {timeout:g} s", name)
        if time.monotonic() - sent_at < 1:  # it was not held
            attempt += 1
            yield Sleep(min(left, retry.delay(attempt, 0.2)))


def explain(request: Request, timeout: float, retry: RetryPolicy) -> Flow[Explained]:
    """Submit, wait, fetch the overlay. Raises JobFailed when there is none to fetch."""
    found = yield from job(request, retry)
    if not found.is_done:
        found = yield from wait(found.id, timeout, retry)
    if not found.succeeded:
        raise JobFailed(found)
    overlay = yield from send(endpoints.get(f"/v1/jobs/{found.id}/overlay"), retry)
    return Explained(found, overlay.content)


def cancel(job_id: str, retry: RetryPolicy) -> Flow[Job]:
    """As it is when it has ended already: nothing is erased."""
    found = yield from job(endpoints.get(f"/v1/jobs/{job_id}"), retry)
    if found.is_done:
        return found
    return (yield from job(endpoints.delete(f"/v1/jobs/{job_id}"), retry))


class EventStream:
    """How far an event stream was read; it survives broken connections."""

    def __init__(self, job_id: str, retry: RetryPolicy) -> None:
        self.path = f"/v1/jobs/{job_id}/events"
        self.is_over, self.delay = False, 0.0
        self._retry, self._last_event_id, self._failures = retry, "", 0
        self._end = time.monotonic() + retry.deadline

    @property
    def headers(self) -> dict[str, str]:
        return {"Last-Event-ID": self._last_event_id} if self._last_event_id else {}

    def check(self, response: httpx2.Response) -> None:
        """Raises ProblemError for what will not get better, else a TransportError."""
        if response.status_code == 204:
            self.is_over = True
        elif response.is_error:
            failure = _problem(response)
            if not is_retryable(failure):
                raise failure
            raise httpx2.ReadError(str(failure))

    def receive(self, event: httpx2.ServerSentEvent) -> Job:
        """The job of an event."""
        found = parse(Job, json.loads(event.data))
        self._last_event_id, self._failures, self.is_over = event.id, 0, found.is_done
        self._end = time.monotonic() + self._retry.deadline
        return found

    def disconnected(self, error: Failure | None) -> None:
        """Sets `delay`, in seconds. Raises Unreachable after the deadline, or without hope."""
        self.delay = 0.0
        if self.is_over:
            return
        self._failures += 1
        self.delay = self._retry.delay(self._failures)
        if isinstance(error, _PERMANENT) or time.monotonic() + self.delay > self._end:
            raise Unreachable(f"GET {self.path}: the stream broke off; the last: {error!r}")
