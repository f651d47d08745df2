"""A card's [doubt] table, which `cropshield calibrate` fits."""

import hashlib
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

Cosine = Annotated[float, Field(ge=-1, le=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class Thresholds(NamedTuple):
    """Thresholds of the score, in [-1, 1]: `not_a_leaf` <= `unknown`; and of the margin, in [0, 1]:
    `margin`."""

    not_a_leaf: float
    unknown: float
    margin: float


class Temperature(NamedTuple):
    """By what a photo's logits are divided: see `models.verdicts.confidence.temperatures_of`.

    `base`: above 0; `rise`: 0 or more; `spread`: 0 to 1.
    """

    base: float
    rise: float = 0.0
    spread: float = 0.0


class Calibration(BaseModel):
    """What `cropshield calibrate` found on labelled photos that the model was not trained on.

    The score of a photo is its similarity to the class means in the file `means` beside the weights
    (`models/verdicts/prototypes.py`). Logits are divided by a temperature that rises as the score
    falls and with their spread (`models/verdicts/confidence.py`). Below `not_a_leaf` the verdict is
    that, below `unknown` it is that; otherwise it is `low_margin` where the two best confidences
    are less than `margin` apart. `auroc`: leaves against each kind of other pictures.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    temperature: Annotated[float, Field(gt=0, le=100)] = 1.0
    temperature_rise: Annotated[float, Field(ge=0, le=100)] = 0.0
    temperature_spread: Share = 0.0
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
    def temperatures(self) -> Temperature:
        return Temperature(self.temperature, self.temperature_rise, self.temperature_spread)

    @property
    def digest(self) -> str:
        """Tells this table from any other: 16 hex digits."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @model_validator(mode="after")
    def _in_order(self) -> "Calibration":
        if self.not_a_leaf > self.unknown:
            raise ValueError(f"not_a_leaf {self.not_a_leaf} is above unknown {self.unknown}")
        return self
