"""Clients that send each photo until it is accepted, and then look how it ends."""

import threading
import time
import uuid
from typing import Any

import httpx2

from benchmarks.chaos.clients import photo
from benchmarks.chaos.ends import TERMINAL
from benchmarks.chaos.outcome import Outcome

_PAUSE_SECONDS = 0.1
_WAIT = {"Prefer": "wait=2"}


class Portions:
    """So many photos for all clients together, released one portion after the other, so that there
    is work whenever something is killed."""

    def __init__(self, photos: int, portions: int) -> None:
        self._photos, self._portions = photos, portions
        self._released, self._taken = 1, 0
        self._changed = threading.Condition()
        self.accepted: list[str] = []
        self._times: list[tuple[float, float]] = []

    def take(self) -> int | None:
        """The number of the next photo, once it is released; None when all are taken."""
        with self._changed:
            self._changed.wait_for(lambda: self._taken < self._limit or self._is_over)
            if self._taken >= self._photos:
                return None
            self._taken += 1
            return self._taken - 1

    def accept(self, job_id: str, begun: float) -> None:
        """A photo that was sent at `begun` has been accepted just now."""
        with self._changed:
            self.accepted.append(job_id)
            self._times.append((begun, time.monotonic()))
            self._changed.notify_all()

    def accepted_since(self, moment: float) -> float | None:
        """When the first photo was accepted of those sent after this moment."""
        with self._changed:
            return min((end for begun, end in self._times if begun > moment), default=None)

    def wait_for_half(self) -> None:
        """Until half of the last portion is accepted."""
        share = self._photos / self._portions
        with self._changed:
            self._changed.wait_for(lambda: len(self.accepted) >= self._limit - share / 2)

    def release(self) -> None:
        """Another portion."""
        with self._changed:
            self._released += 1
            self._changed.notify_all()

    def release_all(self) -> None:
        with self._changed:
            self._released = self._portions
            self._changed.notify_all()

    @property
    def _limit(self) -> int:
        return self._photos * self._released // self._portions

    @property
    def _is_over(self) -> bool:
        return self._taken >= self._photos


class Client(threading.Thread):
    """Sends one photo under an id of its own, the next under an Idempotency-Key, and so on."""

    def __init__(self, port: int, seed: int, portions: Portions, outcome: Outcome) -> None:
        super().__init__(daemon=True)
        self._url, self._portions, self._outcome = f"http://127.0.0.1:{port}", portions, outcome
        self._photo = photo(seed)

    def run(self) -> None:
        with httpx2.Client(base_url=self._url, timeout=20) as http:
            while (number := self._portions.take()) is not None:
                job = self._send_until_accepted(http, number)
                self._look(http, job["id"])

    def _send_until_accepted(self, http: httpx2.Client, number: int) -> dict[str, Any]:
        name, headers = str(uuid.uuid4()), {"Cache-Control": "no-cache"}
        method, path = ("PUT", f"/v1/jobs/{name}") if number % 2 else ("POST", "/v1/jobs")
        headers |= {} if number % 2 else {"Idempotency-Key": name}
        while True:
            begun = time.monotonic()
            answer = _answer(http, method, path, content=self._photo, headers=headers)
            if answer is not None and answer.status_code in (200, 202):
                job: dict[str, Any] = answer.json()
                self._portions.accept(job["id"], begun)
                return job
            self._count(answer)
            time.sleep(_PAUSE_SECONDS)

    def _look(self, http: httpx2.Client, job_id: str) -> None:
        """Note how the job ended, if it has; otherwise it is looked at when all is over."""
        answer = _answer(http, "GET", f"/v1/jobs/{job_id}", headers=_WAIT)
        if answer is not None and answer.status_code == 200:
            job = answer.json()
            if job["state"] in TERMINAL:
                self._outcome.seen[job_id] = job
            return
        self._count(answer)

    def _count(self, answer: httpx2.Response | None) -> None:
        if answer is None or answer.status_code in (409, 503):
            self._outcome.refused += 1
        else:
            self._outcome.strange[f"{answer.status_code} {answer.text[:200]}"] += 1


def _answer(http: httpx2.Client, method: str, path: str, **more: Any) -> httpx2.Response | None:
    """None where there is no answer."""
    try:
        return http.request(method, path, **more)
    except httpx2.TransportError:
        return None
