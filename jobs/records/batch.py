"""The record of a batch: several photos submitted at once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

MAX_PHOTOS = 64


@dataclass(frozen=True)
class BatchPhoto:
    """A photo of a batch, not read yet. Reading raises PhotoError."""

    name: str | None
    read: Callable[[], Awaitable[bytes]]


class BatchItem(BaseModel):
    """The job of a photo, or the problem why it has none."""

    name: str | None
    job_id: str | None = None
    error: dict[str, Any] | None = None


class Batch(BaseModel):
    """The record. `ttl` in seconds is that of the jobs; the record outlives them as a tombstone."""

    id: str
    owner: str
    created_at: datetime
    ttl: int
    digest: str
    request_id: str | None = None
    items: list[BatchItem]

    @property
    def job_ids(self) -> list[str]:
        return [item.job_id for item in self.items if item.job_id]
