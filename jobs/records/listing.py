"""Which of an owner's jobs a client asks for, and a page of them."""

from dataclasses import dataclass
from datetime import datetime

from jobs.records.job import Job, State


@dataclass(frozen=True)
class JobQuery:
    """`limit` jobs at most, from where `cursor`, the last page's, left off; accepted at `since` or
    later, in this state and with this reference, where they are given."""

    limit: int = 20
    cursor: float | None = None
    since: datetime | None = None
    state: State | None = None
    client_ref: str | None = None


@dataclass(frozen=True)
class Page:
    """Newest first. `cursor` leads to the next page; None when there is none.

    A page may be short, or empty, and yet have a next one: a call looks at so many jobs at most.
    """

    jobs: tuple[Job, ...]
    cursor: float | None
