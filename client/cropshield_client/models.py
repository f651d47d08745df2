"""What the server answers. Members that this version does not know stay in `raw`."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cropshield_client.errors import CropShieldError

_WAITING = {"queued", "running"}


@dataclass(frozen=True)
class Prediction:
    """A class that the photo may show; `confidence` from 0 to 1.

    `links["description"]`: where the class is described; None where it is not.
    """

    class_index: int
    class_name: str
    confidence: float
    crop: str = ""
    disease: str | None = None
    links: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Diagnostics:
    """What a map looks like, in figures from 0 to 1 and one sentence; a hint, never a proof."""

    focus: float = 0.0
    border_share: float = 0.0
    leaf_share: float | None = None
    flatness: float = 0.0
    warnings: list[str] = field(default_factory=list)
    sentence: str = ""


@dataclass(frozen=True)
class Box:
    """A part of a photo: its sides in parts of the photo's width and height."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Region:
    """A hot place of a map: the box around it, its share of the heat, and its area, a share of the
    photo."""

    box: Box
    heat_share: float
    area: float


@dataclass(frozen=True)
class Explanation:
    """Why a class was given its score, by rank. `regions`: the hot places, at most 20, the one with
    most of the heat first."""

    class_index: int
    method: str = ""
    target_layer: str = ""
    is_zero: bool = False
    diagnostics: Diagnostics = Diagnostics()
    regions: list[Region] = field(default_factory=list)


@dataclass(frozen=True)
class Result:
    """What was seen; the likeliest first. `verdict` is None of servers that give none.

    `affected_share`: how much of the leaf looks ill, from 0 to 1; None where that cannot be told.
    """

    predictions: list[Prediction] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)
    verdict: str | None = None
    affected_share: float | None = None


@dataclass(frozen=True)
class QueuePosition:
    """Where a queued job stands: 0 is next."""

    position: int
    eta_seconds: float | None = None


@dataclass(frozen=True)
class JobError:
    """Why a job failed: the members of a problem."""

    type: str
    title: str = ""
    status: int = 0
    detail: str = ""
    retryable: bool = False


@dataclass(frozen=True)
class Job:
    """A job as the server told it."""

    id: str
    state: str
    created_at: datetime
    expires_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: int = 0
    cached: bool = False
    client_ref: str | None = None
    queue: QueuePosition | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)
    result: Result | None = None
    error: JobError | None = None
    links: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_done(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state not in _WAITING

    @property
    def succeeded(self) -> bool:
        return self.state == "succeeded"

    @property
    def best(self) -> Prediction:
        """The likeliest class. Raises JobFailed where there is no result."""
        if self.result is None or not self.result.predictions:
            raise JobFailed(self)
        return self.result.predictions[0]


class JobFailed(CropShieldError):
    """The job ended without a result; it is `job`."""

    def __init__(self, job: "Job") -> None:
        reason = job.error.detail if job.error else "there is no result"
        super().__init__(f"job {job.id} ended as {job.state}: {reason}")
        self.job = job


@dataclass(frozen=True)
class BatchItem:
    """A photo of a batch: its job, or why there is none."""

    index: int
    name: str | None = None
    job: Job | None = None
    error: JobError | None = None


@dataclass(frozen=True)
class Batch:
    """`progress` from 0 to 1; 1 when all its jobs have ended."""

    id: str
    total: int
    progress: float
    counts: dict[str, int] = field(default_factory=dict)
    items: list[BatchItem] = field(default_factory=list)
    links: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_done(self) -> bool:
        return self.progress >= 1


@dataclass(frozen=True)
class JobPage:
    """A part of the list of jobs. `next_cursor` leads to the next part; None in the last one."""

    jobs: list[Job]
    next_cursor: str | None = None


@dataclass(frozen=True)
class Cause:
    """What makes a plant ill: a `kind` ("fungus") with its scientific `name`."""

    kind: str
    name: str
    other_names: list[str] = field(default_factory=list)
    eppo_code: str | None = None


@dataclass(frozen=True)
class Lookalike:
    """What a class is confused with, and how to tell. `class_name`: where the model knows it."""

    name: str
    difference: str
    class_name: str | None = None


@dataclass(frozen=True)
class Source:
    """Where the facts can be read."""

    publisher: str
    title: str
    url: str


@dataclass(frozen=True)
class ClassDescription:
    """A class in plain words: general knowledge, not a diagnosis of a photo."""

    class_name: str
    common_names: list[str] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    symptoms: str = ""
    expected_heat: str = ""
    lookalikes: list[Lookalike] = field(default_factory=list)
    next_steps: str = ""
    sources: list[Source] = field(default_factory=list)
    crop: str = ""
    disease: str | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Explained:
    """A job that succeeded, and its overlay as a picture file."""

    job: Job
    overlay: bytes = field(repr=False)

    def save(self, path: str | Path) -> None:
        Path(path).write_bytes(self.overlay)
