"""The JSON of a job, as the OpenAPI page documents it."""

from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal, get_args
from urllib.parse import quote

from pydantic import BaseModel, Field

from api.problems.http_problems import translated_error, with_status
from api.schemas.problems import ErrorView
from jobs.records.job import ImageFacts, Job, ModelFacts, QueuePosition, State
from jobs.records.options import JobOptions
from languages.translator import IN_ENGLISH, Translator
from models.cards.card import Card
from models.cards.class_names import class_title
from models.catalog import Catalog
from models.verdicts.verdict import CONDITIONS, VERDICTS, Verdict

Warned = Literal["uniform", "scattered", "edge", "background"]


class PredictionLinks(BaseModel):
    """Absolute paths of one prediction."""

    description: str | None = Field(
        description="What the class is; null where the model's card describes none."
    )


class PredictionView(BaseModel):
    """A class that the photo may show."""

    class_index: int
    class_name: str = Field(description="As the model knows it: `Crop__disease`.")
    title: str = Field(description="The same in words, in the language of the answer.")
    crop: str
    disease: str | None
    confidence: float = Field(ge=0, le=1)
    links: PredictionLinks


class BoxView(BaseModel):
    """A part of a photo, or more than that: its sides in parts of the photo's width and height."""

    left: float
    top: float
    right: float
    bottom: float


class HeatmapView(BaseModel):
    """Cells of the raw map. `peak`: what the map was divided by; maps times peaks compare between
    the classes of one photo. `box`: what of the photo the map stands for. Both null in records of
    older workers."""

    width: int
    height: int
    peak: float | None = None
    box: BoxView | None = Field(
        None,
        description="Draw the map into this rectangle, which lies a little outside of the photo as "
        "a rule, and continue its outermost cells to the edge.",
    )


class DiagnosticsView(BaseModel):
    """What the map says, in numbers and one sentence: a hint, never a proof."""

    focus: float = Field(description="0: the heat lies everywhere; 1: in one cell.")
    border_share: float = Field(description="Of the heat, at the edge of the photo.")
    leaf_share: float | None = Field(description="Of the heat, on the leaf; null: none found.")
    flatness: float = Field(description="10th percentile over 90th; 1: no contrast at all.")
    warnings: list[Warned]
    sentence: str = Field(description="In the language of the answer.")


class RegionView(BaseModel):
    """A hot place: connected cells of at least half the heat of the hottest."""

    box: BoxView = Field(description="Around it, within the photo.")
    heat_share: float = Field(gt=0, le=1, description="Of all heat in the photo.")
    area: float = Field(gt=0, le=1, description="Of the photo.")


class ExplanationLinks(BaseModel):
    """Absolute paths of one explanation."""

    overlay: str
    heatmap: str


class ExplanationView(BaseModel):
    """Why a class was given its score: a map, and what it says."""

    class_index: int
    class_name: str | None = Field(None, description="Null in records of older workers.")
    method: str
    target_layer: str
    heatmap: HeatmapView
    is_zero: bool = Field(description="Nothing in the photo speaks for this class.")
    regions: list[RegionView] | None = Field(
        None,
        max_length=20,
        description="The hot places, the one with most of the heat first; none where `is_zero`. "
        "Null in records of older workers.",
    )
    diagnostics: DiagnosticsView
    links: ExplanationLinks


class ResultView(BaseModel):
    """What was seen, and why."""

    predictions: list[PredictionView] = Field(description="The likeliest first.")
    verdict: Verdict | None = Field(
        None, description="Whether to rely on them. Null in records of older workers."
    )
    advice: str | None = Field(
        None, description="What to do with them, in the language of the answer; null as `verdict`."
    )
    score: float | None = Field(None, description="What `unknown` and `not_a_leaf` go by.")
    affected_share: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Of the leaf, by its colour: what has lost more than half of its green. Null "
        "for a healthy class, without the verdict `confident`, where the photo does not show one "
        "whole green leaf on a plain ground, and in records of older workers. An estimate.",
    )
    explanations: list[ExplanationView] = Field(description="By rank, then the class asked for.")


class TimingsView(BaseModel):
    """Milliseconds; null until they are known, and for a result that was not made anew."""

    queued: float | None = None
    decode: float | None = None
    inference: float | None = None
    explain: float | None = None
    render: float | None = None
    total: float | None = None


class Links(BaseModel):
    """Absolute paths of everything about a job."""

    self: str
    events: str
    overlay: str
    heatmap: str
    comparison: str
    photo: str
    feedback: str
    deliveries: str


class JobView(BaseModel):
    """A job and where to find its pictures. What is not named here is not public."""

    id: str
    state: State
    attempts: int
    cached: bool
    erased: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime
    model: ModelFacts
    options: JobOptions
    image: ImageFacts
    timings_ms: TimingsView
    result: ResultView | None
    error: ErrorView | None
    queue: QueuePosition | None
    client_ref: str | None = Field(description="Your own reference, as submitted.")
    links: Links


_PUBLIC = frozenset(JobView.model_fields)


class DeliveryView(BaseModel):
    """An attempt to call the `callback_url`: the receiver's HTTP status, or what the `problem` was.

    `next_at` is when the next attempt is due, null after the last one.
    """

    attempt: int
    at: datetime
    status: int | None
    problem: str | None
    milliseconds: float
    next_at: datetime | None


def job_view(job: Job, catalog: Catalog, translated: Translator = IN_ENGLISH) -> JobView:
    """The job with its links. catalog: the models that are served, which describe classes.
    translated: to the language of the answer; records are in English."""
    root = f"/v1/jobs/{job.id}"
    parts = {name: f"{root}/{name}" for name in Links.model_fields if name != "self"}
    ended: dict[str, Any] = {
        "result": job.result and _result(job.result, root, job.model.id, catalog, translated),
        "error": job.error
        and translated_error(with_status(job.error), translated)
        | {"instance": root, "request_id": job.request_id},
    }
    public = {name: value for name, value in job if name in _PUBLIC}
    return JobView(
        **public | ended,
        client_ref=job.options.client_ref,
        links=Links(self=root, **parts),
    )


def _result(
    result: dict[str, Any], root: str, model: str, catalog: Catalog, translated: Translator
) -> dict[str, Any]:
    """With what people read, and the links of each prediction and explanation."""
    predictions = [
        found
        | {"title": translated.text(class_title(found["class_name"]))}
        | {"links": {"description": description_path(found["class_name"], model, catalog)}}
        for found in result["predictions"]
    ]
    explained = [
        found
        | {"diagnostics": _diagnostics(found["diagnostics"], translated)}
        | {"links": _links(root, found["class_index"])}
        for found in result["explanations"]
    ]
    verdict = _verdict(result.get("verdict"))
    read = {"verdict": verdict, "advice": _advice(verdict, catalog.get(model), translated)}
    return result | read | {"predictions": predictions, "explanations": explained}


def _diagnostics(found: dict[str, Any], translated: Translator) -> dict[str, Any]:
    """Without warnings that only a newer worker knows; the sentence tells of them."""
    warnings = [name for name in found["warnings"] if name in get_args(Warned)]
    return found | {"warnings": warnings, "sentence": translated.text(found["sentence"])}


def _verdict(recorded: str | None) -> Verdict | None:
    """`unknown`, not to be relied on, for one that only a newer worker knows."""
    if recorded is None:
        return None
    return next((name for name in VERDICTS if name == recorded), "unknown")


def _advice(verdict: Verdict | None, card: Card | None, translated: Translator) -> str | None:
    """What the verdict says; None for one that is not known."""
    if verdict is None:
        return None
    return _advice_in(translated, verdict, card and len(card.class_names))


@cache
def _advice_in(translated: Translator, verdict: Verdict, classes: int | None) -> str:
    """classes: how many the model knows, if that is known."""
    if classes is None:
        conditions = translated.text(CONDITIONS.known)
    else:
        conditions = translated.plural(CONDITIONS.one, CONDITIONS.many, classes)
    return translated.text(VERDICTS[verdict].advice, conditions=conditions)


def description_path(class_name: str, model: str, catalog: Catalog) -> str | None:
    """Where a class is described; None where it is not."""
    if not catalog.describes(model, class_name):
        return None
    return f"/v1/classes/{quote(class_name, safe='')}?model={model}"


def _links(root: str, class_index: int) -> dict[str, str]:
    return {name: f"{root}/{name}?class_index={class_index}" for name in ("overlay", "heatmap")}


class RawMap(BaseModel):
    """A map as numbers: `height` rows of `width` values, and what of the photo they stand for."""

    width: int
    height: int
    box: BoxView
    rows: list[list[Annotated[float, Field(ge=0, le=1)]]]
