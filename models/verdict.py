"""Whether an answer may be relied on: a card's [doubt] table, and the rule that reads it."""

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Verdict = Literal["confident", "low_margin", "unknown", "not_a_leaf"]
Cosine = Annotated[float, Field(ge=-1, le=1)]
Share = Annotated[float, Field(ge=0, le=1)]
MARGIN = 0.2
"""Of models that were never calibrated."""


class Calibration(BaseModel):
    """What `cropshield calibrate` found on labelled photos that the model was not trained on.

    Logits are divided by `temperature`. A photo whose score
    (`models.calibration.prototype_similarity`, against the class means in the file `means`
    beside the weights) is under `not_a_leaf` or else under `unknown` gets that verdict; one
    whose two best confidences are less than `margin` apart `low_margin`. `auroc`:
    leaves against each kind of other pictures.
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
    def digest(self) -> str:
        """Tells this table from any other: 16 hex digits."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @model_validator(mode="after")
    def _in_order(self) -> "Calibration":
        if self.not_a_leaf > self.unknown:
            raise ValueError(f"not_a_leaf {self.not_a_leaf} is above unknown {self.unknown}")
        return self


def verdict_of(score: float | None, lead: float, doubt: Calibration | None) -> Verdict:
    """The verdict on one photo. `lead`: by how much the best confidence exceeds the second.

    Without a [doubt] table only the lead counts.
    """
    if doubt is None or score is None:
        return "low_margin" if lead < MARGIN else "confident"
    if score < doubt.not_a_leaf:
        return "not_a_leaf"
    if score < doubt.unknown:
        return "unknown"
    return "low_margin" if lead < doubt.margin else "confident"
