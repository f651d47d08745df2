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

    `title`: the class in words, in the client's language. `links["description"]`: where the class
    is described; None where it is not.
    """

    class_index: int
    class_name: str
    confidence: float
    title: str = ""
    crop: str = ""
    disease: str | None = None
    links: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Diagnostics:
    """What a map looks like, in figures from 0 to 1 and one sentence in the client's language; a
    hint, never a proof."""

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
class Heatmap:
    """Cells of a raw map. `peak`: what it was divided by. `box`: the part of the photo that it
    stands for, which lies a little outside of it as a rule. None of older servers."""

    width: int
    height: int
    peak: float | None = None
    box: Box | None = None


@dataclass(frozen=True)
class Explanation:
    """Why a class was given its score, by rank. `regions`: the hot places, at most 20, the one with
    most of the heat first."""

    class_index: int
    class_name: str | None = None
    method: str = ""
    target_layer: str = ""
    heatmap: Heatmap | None = None
    is_zero: bool = False
    diagnostics: Diagnostics = Diagnostics()
    regions: list[Region] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What was seen; the likeliest first. `verdict` is None of servers that give none.

    `advice`: what to do by the verdict, in the client's language. `score`: what the verdict
    `unknown` goes by. `affected_share`: how much of the leaf looks ill, from 0 to 1; None where
    that cannot be told.
    """

    predictions: list[Prediction] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)
    verdict: str | None = None
    advice: str | None = None
    score: float | None = None
    affected_share: float | None = None


@dataclass(frozen=True)
class ModelFacts:
    """The model of a job. `calibration`: which table its verdicts go by."""

    id: str
    version: str = ""
    weights_sha256: str = ""
    calibration: str | None = None


@dataclass(frozen=True)
class ImageFacts:
    """A photo as the server keeps it: pixels, format, and the hash of its bytes."""

    width: int = 0
    height: int = 0
    format: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class QueuePosition:
    """Where a queued job stands: 0 is next."""

    position: int
    eta_seconds: float | None = None


@dataclass(frozen=True)
class JobError:
    """Why a job failed: the members of a problem. `request_id`: of the request that handed the
    photo in."""

    type: str
    title: str = ""
    status: int = 0
    detail: str = ""
    retryable: bool = False
    instance: str = ""
    request_id: str | None = None


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
    erased: bool = False
    model: ModelFacts | None = None
    options: dict[str, Any] = field(default_factory=dict)
    image: ImageFacts | None = None
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
    """`progress` from 0 to 1; 1 when all its jobs have ended. `queue`: where its last job is."""

    id: str
    total: int
    progress: float
    created_at: datetime | None = None
    expires_at: datetime | None = None
    queue: QueuePosition | None = None
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
class Explained:
    """A job that succeeded, and its overlay as a picture file."""

    job: Job
    overlay: bytes = field(repr=False)

    def save(self, path: str | Path) -> None:
        Path(path).write_bytes(self.overlay)
