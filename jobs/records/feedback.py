"""Feedback: what people say about results."""

from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from jobs.errors import ClassesGone, JobNotReady, NothingToJudge, UnknownClass
from jobs.records.job import Job, State
from models.cards.card import Card


class Opinion(BaseModel):
    """Whether the first prediction is right and, where it is not, what would be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agree: Annotated[bool, Field(strict=True, description="Whether the first prediction is right.")]
    class_name: Annotated[
        str | None, Field(max_length=128, description="The right class, if you know it.")
    ] = None
    class_index: Annotated[
        int | None, Field(ge=0, strict=True, description="The same by its index.")
    ] = None
    note: Annotated[str, Field(max_length=1000, description="Anything worth knowing.")] = ""

    @model_validator(mode="after")
    def _one_right_class(self) -> Self:
        given = self.class_name, self.class_index
        if self.agree and given != (None, None):
            raise ValueError(
                "a right class is for agree=false; agree=true says it is the predicted"
            )
        if None not in given:
            raise ValueError("class_name and class_index are two ways to say one thing")
        return self


class Feedback(BaseModel):
    """An opinion with everything about the job that retraining needs. `class_name`: the right one,
    if known; `photo_sha256`: of the photo as it was sent."""

    job_id: str
    given_at: datetime
    model: str
    model_version: str
    predicted: str
    confidence: float
    agree: bool
    class_name: str | None
    note: str
    client_ref: str | None
    photo_sha256: str


def feedback_of(job: Job, opinion: Opinion, card: Card | None) -> Feedback:
    """`card`: the one that now has the id of the job's model, if any.

    Raises JobNotReady, NothingToJudge, or UnknownClass for a class that the model lacks, or an
    index that is another class by now.
    """
    if not job.state.is_terminal:
        raise JobNotReady(job.id, job.state)
    if job.state is not State.SUCCEEDED or not job.result or not job.result["predictions"]:
        raise NothingToJudge(job.id, job.state)
    best = job.result["predictions"][0]
    return Feedback(
        job_id=job.id,
        given_at=datetime.now(UTC),
        model=job.model.id,
        model_version=job.model.version,
        predicted=best["class_name"],
        confidence=best["confidence"],
        agree=opinion.agree,
        class_name=best["class_name"] if opinion.agree else _right_class(opinion, job, card),
        note=opinion.note,
        client_ref=job.options.client_ref,
        photo_sha256=job.image.sha256,
    )


def _right_class(opinion: Opinion, job: Job, card: Card | None) -> str | None:
    """By the classes of the model that the job was run with; its result tells some of them."""
    if opinion.class_index is not None:
        return _class_at(opinion.class_index, job, card)
    name = opinion.class_name
    if name is None or name in _classes_in_result(job).values():
        return name
    if card is None:
        raise ClassesGone(name, job.model.id, job.model.version)
    if name not in card.class_names:
        raise UnknownClass(name, card.id, len(card.class_names))
    return name


def _class_at(index: int, job: Job, card: Card | None) -> str:
    named = _classes_in_result(job)
    if index in named:
        return named[index]
    if card is None or not _has_same_classes(card, job):
        raise ClassesGone(index, job.model.id, job.model.version)
    if index >= len(card.class_names):
        raise UnknownClass(index, card.id, len(card.class_names))
    return card.class_names[index]


def _has_same_classes(card: Card, job: Job) -> bool:
    """Whether the classes are numbered now as they were when the job was run."""
    now = {name: index for index, name in enumerate(card.class_names)}
    is_numbered_alike = all(
        now.get(name, index) == index for index, name in _classes_in_result(job).items()
    )
    return is_numbered_alike and card.sha256 == job.model.weights_sha256


def _classes_in_result(job: Job) -> dict[int, str]:
    """Classes by index, as far as the result tells them."""
    result: Any = job.result
    parts = [*result["predictions"], *result.get("explanations", ())]
    return {part["class_index"]: part["class_name"] for part in parts}
