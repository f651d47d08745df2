"""Which of an owner's jobs a client asks for, and a page of them."""

from dataclasses import dataclass
from datetime import datetime

from jobs.records.job import Job, State


@dataclass(frozen=True)
class JobQuery:
    """At most `limit` jobs, from where `cursor`, out of the last page, left off; accepted at
    `since` or later, in this state and with this reference, where these are given."""

    limit: int = 20
    cursor: float | None = None
    since: datetime | None = None
    state: State | None = None
    client_ref: str | None = None


@dataclass(frozen=True)
class Page:
    """Newest first. `cursor` leads to the next page; None when there is none.

    A page may be short, or empty, and still have a next one: a call examines only so many jobs.
    """

    jobs: tuple[Job, ...]
    cursor: float | None
