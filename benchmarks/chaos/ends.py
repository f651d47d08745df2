"""What became of every job that was accepted."""

import time
from typing import Any

import httpx2

from benchmarks.chaos.outcome import Outcome

TERMINAL = {"succeeded", "failed", "canceled", "expired"}
CONTRACT = {200, 202, 503}
SETTLE_SECONDS = 240.0


def settle(ids: list[str], port: int, outcome: Outcome) -> None:
    """Wait for every job's end, then look at each one again."""
    begun = time.monotonic()
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as http:
        first = {job_id: _end_of(http, job_id, begun, outcome) for job_id in ids}
        outcome.settled_seconds = time.monotonic() - begun
        for job_id, job in first.items():
            now = http.get(f"/v1/jobs/{job_id}").json()
            if job and not now == job == outcome.seen.get(job_id, job):
                outcome.changed.append(job_id)
    outcome.accepted = len(ids)
    outcome.ends.update(job["state"] for job in first.values() if job)
    outcome.attempts.update(job["attempts"] for job in first.values() if job)


def _end_of(
    http: httpx2.Client, job_id: str, begun: float, outcome: Outcome
) -> dict[str, Any] | None:
    """The job once it has ended; None for a lost or a stuck one."""
    while time.monotonic() - begun < SETTLE_SECONDS:
        answer = http.get(f"/v1/jobs/{job_id}", headers={"Prefer": "wait=5"})
        if answer.status_code == 404:
            outcome.lost.append(job_id)
            return None
        if answer.status_code not in CONTRACT:
            outcome.strange[f"{answer.status_code} {answer.text[:200]}"] += 1
        job: dict[str, Any] = answer.json()
        if job.get("state") in TERMINAL:
            return job
    outcome.stuck.append(job_id)
    return None
