"""What the API answers, as documented in the OpenAPI page."""

from typing import Any

from pydantic import BaseModel, Field

from jobs.job import Job
from models.catalog import Card


class Links(BaseModel):
    """Absolute paths of everything about a job."""

    self: str
    overlay: str
    heatmap: str
    photo: str


class JobView(Job):
    """A job and where to find its pictures."""

    client_ref: str | None = Field(None, description="Your own reference, as submitted.")
    links: Links


class ModelView(BaseModel):
    """A model card."""

    id: str
    version: str
    title: str
    architecture: str
    weights_sha256: str
    classes: list[str]
    target_layer: str
    preprocessing: dict[str, Any]
    metrics: dict[str, dict[str, float]]
    limits: str
    licence: str
    attribution: list[str]


class ColormapView(BaseModel):
    """A colour table: 256 RGB triples, 0 cold to 255 hot."""

    name: str
    table: list[list[int]]


class Readiness(BaseModel):
    """`workers` gave a sign of life within 10 s; none is not an error, jobs then wait."""

    ready: bool
    workers: int


class ProblemView(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    retryable: bool
    errors: list[dict[str, str]] | None = None


def job_view(job: Job) -> JobView:
    """The job with its links."""
    root = f"/v1/jobs/{job.id}"
    pictures = {name: f"{root}/{name}" for name in ("overlay", "heatmap", "photo")}
    return JobView(
        **job.model_dump(),
        client_ref=job.options.client_ref,
        links=Links(self=root, **pictures),
    )


def model_view(card: Card) -> ModelView:
    return ModelView(
        **card.model_dump(include={"id", "version", "title", "architecture", "target_layer"}),
        weights_sha256=card.sha256,
        classes=list(card.class_names),
        preprocessing=card.preprocessing.model_dump(),
        metrics=card.metrics,
        limits=card.limits,
        licence=card.licence,
        attribution=list(card.attribution),
    )
