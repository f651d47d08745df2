"""What takes more than one request, without sending any.

A flow is a generator: it yields a `Call` and is given the response, or has the error of the
transport raised where it waits; it yields a `Sleep` and goes on when that is over. `sync` and
`aio` run the same flows.
"""

import json
import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2

from cropshield_client import calls
from cropshield_client.calls import LONGEST_WAIT, Call
from cropshield_client.decode import decode
from cropshield_client.errors import ProblemError, TimedOut, Unreachable, problem
from cropshield_client.models import Batch, Explained, Job, JobFailed
from cropshield_client.retry import Patience, is_worth_retrying

T = TypeVar("T")


@dataclass(frozen=True)
class Sleep:
    """`seconds` until the flow goes on."""

    seconds: float


Flow = Generator[Call | Sleep, Any, T]


def send(call: Call, patience: Patience) -> Flow[httpx2.Response]:
    """The answer to a call, tried again where that makes sense.

    Raises ProblemError; Unreachable or TimedOut when the patience is over.
    """
    end, attempt = time.monotonic() + patience.total + call.hold, 0
    while True:
        attempt, asked = attempt + 1, None
        try:
            response: httpx2.Response = yield call
            if response.is_success:
                return response
            failure: ProblemError | httpx2.TransportError = _problem(response)
        except httpx2.TransportError as error:
            failure = error
        if isinstance(failure, ProblemError):
            asked = failure.retry_after
            if not is_worth_retrying(failure):
                raise failure
        delay = patience.delay(attempt, asked)
        if time.monotonic() + delay > end:
            raise _given_up(call, attempt, failure) from failure
        yield Sleep(delay)


def _given_up(call: Call, attempt: int, failure: ProblemError | httpx2.TransportError) -> Exception:
    if isinstance(failure, ProblemError):
        return failure
    what = f"{call.method} {call.path}: no answer in {attempt} attempts; the last: {failure!r}"
    return Unreachable(what)


def _problem(response: httpx2.Response) -> ProblemError:
    is_ours = response.headers.get("content-type", "").startswith("application/problem+json")
    document = {"title": response.reason_phrase, "detail": response.text[:200]}  # of a proxy
    document = response.json() if is_ours else document
    after = response.headers.get("retry-after", "")
    seconds = float(after) if after.isdigit() else None
    return problem({"status": response.status_code, **document}, seconds)


def job(call: Call, patience: Patience) -> Flow[Job]:
    response = yield from send(call, patience)
    return decode(Job, response.json())


def batch(call: Call, patience: Patience) -> Flow[Batch]:
    response = yield from send(call, patience)
    return decode(Batch, response.json())


def wait(job_id: str, timeout: float, patience: Patience) -> Flow[Job]:
    """The job when it has ended. Raises TimedOut after `timeout` seconds."""
    return (yield from _until_done(f"/v1/jobs/{job_id}", Job, job_id, timeout, patience))


def wait_batch(batch_id: str, timeout: float, patience: Patience) -> Flow[Batch]:
    """The batch when all its jobs have ended. Raises TimedOut after `timeout` seconds."""
    return (yield from _until_done(f"/v1/batches/{batch_id}", Batch, batch_id, timeout, patience))


def _until_done(path: str, kind: type[T], name: str, timeout: float, patience: Patience) -> Flow[T]:
    """By long-polls; where a server or proxy cuts them short, with growing pauses."""
    start, attempt = time.monotonic(), 0
    while True:
        left = timeout - (time.monotonic() - start)
        asked = time.monotonic()
        response = yield from send(calls.get(path, wait=min(left, LONGEST_WAIT)), patience)
        found: Any = decode(kind, response.json())
        if found.is_done:
            return found  # type: ignore[no-any-return]
        left = timeout - (time.monotonic() - start)
        if left <= 0:
            raise TimedOut(f"{name} has not ended within {timeout:g} s", name)
        if time.monotonic() - asked < 1:  # it was not held
            attempt += 1
            yield Sleep(min(left, patience.delay(attempt, 0.2)))


def explain(call: Call, timeout: float, patience: Patience) -> Flow[Explained]:
    """Submit, wait, fetch the overlay. Raises JobFailed when there is none to fetch."""
    found = yield from job(call, patience)
    if not found.is_done:
        found = yield from wait(found.id, timeout, patience)
    if not found.succeeded:
        raise JobFailed(found)
    picture = yield from send(calls.get(f"/v1/jobs/{found.id}/overlay"), patience)
    return Explained(found, picture.content)


def cancel(job_id: str, patience: Patience) -> Flow[Job]:
    """As it is when it has ended already: nothing is erased."""
    found = yield from job(calls.get(f"/v1/jobs/{job_id}"), patience)
    if found.is_done:
        return found
    return (yield from job(calls.delete(f"/v1/jobs/{job_id}"), patience))


class Follow:
    """Where an event stream stands; it survives broken connections."""

    def __init__(self, job_id: str, patience: Patience) -> None:
        self.path = f"/v1/jobs/{job_id}/events"
        self.is_over, self.delay = False, 0.0
        self._patience, self._seen, self._failures = patience, "", 0
        self._end = time.monotonic() + patience.total

    @property
    def headers(self) -> dict[str, str]:
        return {"Last-Event-ID": self._seen} if self._seen else {}

    def check(self, response: httpx2.Response) -> None:
        """Raises ProblemError for what will not get better, else a TransportError."""
        if response.status_code == 204:
            self.is_over = True
        elif response.is_error:
            failure = _problem(response)
            if not is_worth_retrying(failure):
                raise failure
            raise httpx2.ReadError(str(failure))

    def take(self, event: httpx2.ServerSentEvent) -> Job:
        found = decode(Job, json.loads(event.data))
        self._seen, self._failures, self.is_over = event.id, 0, found.is_done
        self._end = time.monotonic() + self._patience.total
        return found

    def lost(self, error: Exception | None) -> None:
        """The connection has ended. Raises Unreachable when the patience is over."""
        self.delay = 0.0
        if self.is_over:
            return
        self._failures += 1
        self.delay = self._patience.delay(self._failures)
        if time.monotonic() + self.delay > self._end:
            raise Unreachable(f"GET {self.path}: the stream broke off; the last: {error!r}")
