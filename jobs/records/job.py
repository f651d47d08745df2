"""The job record and the table of its states."""

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from jobs.errors import WrongTransition
from jobs.records.options import JobOptions
from models.cards.card import Card


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"

    @property
    def is_terminal(self) -> bool:
        return self not in _NEXT


_NEXT = {
    State.QUEUED: {State.RUNNING, State.CANCELED, State.EXPIRED},
    State.RUNNING: {State.SUCCEEDED, State.FAILED, State.CANCELED, State.QUEUED},
}


def check_transition(old: State, new: State) -> None:
    """Raises WrongTransition unless the table allows it."""
    if new not in _NEXT.get(old, set()):
        raise WrongTransition(old, new)


LOCAL = "local"  # the owner of every job of a server without keys


class QueuePosition(BaseModel):
    """Where a queued job stands: 0 is next. `eta_seconds` follows from the measured pace, and
    is None while none has been measured."""

    position: int
    eta_seconds: float | None


class ImageFacts(BaseModel):
    """What is known of an accepted photo: pixels as stored, and the hash of its bytes."""

    width: int
    height: int
    format: str
    sha256: str


class ModelFacts(BaseModel):
    """The model that a job was accepted for; once a worker has claimed it, the one that it runs
    with.

    `calibration`: which [doubt] table its card had.
    """

    id: str
    version: str
    weights_sha256: str
    calibration: str | None = None

    @classmethod
    def of(cls, card: Card) -> Self:
        calibration = card.doubt and card.doubt.digest
        return cls(
            id=card.id, version=card.version, weights_sha256=card.sha256, calibration=calibration
        )


class Job(BaseModel):
    """A job as it is recorded. Times are UTC; `timings_ms` are milliseconds. `trace`: the W3C trace
    context of the request that submitted it, by header; empty where no traces are made."""

    model_config = ConfigDict(frozen=True)

    id: str
    state: State
    owner: Annotated[str, Field(exclude=True)] = LOCAL
    request_id: Annotated[str | None, Field(exclude=True)] = None
    trace: Annotated[dict[str, str], Field(exclude=True)] = {}
    attempts: int = 0
    cached: bool = False
    erased: bool = False
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: datetime
    model: ModelFacts
    options: JobOptions
    image: ImageFacts
    timings_ms: dict[str, float] = {}
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    queue: QueuePosition | None = None

    @property
    def has_pictures(self) -> bool:
        """Whether there is an overlay."""
        return self.state is State.SUCCEEDED and not self.erased


def new_id() -> str:
    """An unguessable id (UUID version 4, 122 random bits)."""
    return str(uuid.uuid4())


def utc_from_ms(milliseconds: float) -> datetime:
    """UTC time of a Redis time stamp in milliseconds."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
