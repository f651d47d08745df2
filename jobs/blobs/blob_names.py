"""The names of a job's blobs."""

from jobs.records.job import Job

ORIGINAL, PHOTO = "original", "photo.jpg"
OVERLAY_LONG_SIDE = 1024  # pixels of an overlay as it is stored
SUFFIXES = {"jpeg": "jpg", "png": "png", "webp": "webp"}


def result_blobs(job: Job) -> list[str]:
    """The blobs of a succeeded job."""
    return [PHOTO, *attempt_blobs(job, len((job.result or {})["explanations"]))]


def attempt_blobs(job: Job, explanations: int) -> list[str]:
    """The blobs that only this attempt at the job makes; `photo.jpg` is the same in each."""
    kind = job.options.overlay_format
    overlays = [overlay_name(job.attempts, rank, kind) for rank in range(explanations)]
    return [maps_name(job.attempts), *overlays]


def maps_name(attempt: int) -> str:
    """The blob of an attempt's maps: float32 (explanations, h, w) in [0, 1], as .npy."""
    return f"maps-{attempt}.npy"


def overlay_name(attempt: int, rank: int, image_format: str) -> str:
    """The blob of an attempt's overlay of the explanation at `rank`, 0 the first."""
    return f"overlay-{attempt}-{rank}.{SUFFIXES[image_format]}"
