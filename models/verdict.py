"""Whether an answer may be relied on: the rule, what each verdict says, a card's [doubt] table."""

import hashlib
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

Verdict = Literal["confident", "low_margin", "unknown", "not_a_leaf"]
Cosine = Annotated[float, Field(ge=-1, le=1)]
Share = Annotated[float, Field(ge=0, le=1)]
DEFAULT_MARGIN = 0.2
"""Of models that were never calibrated."""


class VerdictText(NamedTuple):
    """What a verdict says, wherever people read it.

    `label`: a mark on a photo of a report, "" for none. `finding`: what the model found, for a
    legend. `advice`: what to do with the answer; "{conditions}" stands for how many the model
    knows. `is_reliable`: the answer may be used. `is_familiar`: the photo is like those that the
    model learnt from.
    """

    label: str
    finding: str
    advice: str
    is_reliable: bool
    is_familiar: bool


VERDICTS: dict[Verdict, VerdictText] = {
    "confident": VerdictText(
        "", "one class stands out", "Use it as one opinion.", is_reliable=True, is_familiar=True
    ),
    "low_margin": VerdictText(
        "close call",
        "the second class is close behind the first",
        "This is a guess. Look at the second answer too.",
        is_reliable=False,
        is_familiar=True,
    ),
    "unknown": VerdictText(
        "nothing fits",
        "nothing that the model knows fits this photo well",
        "This photo looks like none of {conditions}. Do not use the answer.",
        is_reliable=False,
        is_familiar=False,
    ),
    "not_a_leaf": VerdictText(
        "no leaf",
        "this does not look like a leaf that the model knows",
        "This may not be a leaf: the photo looks like none of {conditions}. Do not use the answer.",
        is_reliable=False,
        is_familiar=False,
    ),
}
"""The page has a copy (web/playground/messages.js); a test compares them."""


class Thresholds(NamedTuple):
    """Of the score, in [-1, 1]: `not_a_leaf` <= `unknown`. Of the margin, in [0, 1]: `margin`."""

    not_a_leaf: float
    unknown: float
    margin: float


class Calibration(BaseModel):
    """What `cropshield calibrate` found on labelled photos that the model was not trained on.

    Logits are divided by `temperature`. The score of a photo is its
    `models.calibration.Prototypes.similarity` to the class means in the file `means` beside the
    weights. Below `not_a_leaf` the verdict is that, below `unknown` it is that; otherwise it is
    `low_margin` where the two best confidences are less than `margin` apart. `auroc`: leaves
    against each kind of other pictures.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: Annotated[float, Field(gt=0, le=100)] = 1.0
    not_a_leaf: Cosine
    unknown: Cosine
    margin: Share
    means: str
    means_sha256: str
    data: str
    photos: Annotated[int, Field(ge=1)]
    passed: Share
    confident: Share
    confident_right: Share
    ece: Share
    auroc: dict[str, Share] = {}

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(self.not_a_leaf, self.unknown, self.margin)

    @property
    def digest(self) -> str:
        """Tells this table from any other: 16 hex digits."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @model_validator(mode="after")
    def _in_order(self) -> "Calibration":
        if self.not_a_leaf > self.unknown:
            raise ValueError(f"not_a_leaf {self.not_a_leaf} is above unknown {self.unknown}")
        return self


def verdict_of(score: float | None, margin: float, thresholds: Thresholds | None) -> Verdict:
    """The verdict on one photo.

    score: `models.calibration.Prototypes.similarity`. margin: by how much the best confidence
    exceeds the second. Without thresholds, or a score, only the margin counts.
    """
    if thresholds is None or score is None:
        return "low_margin" if margin < DEFAULT_MARGIN else "confident"
    if score < thresholds.not_a_leaf:
        return "not_a_leaf"
    if score < thresholds.unknown:
        return "unknown"
    return "low_margin" if margin < thresholds.margin else "confident"
