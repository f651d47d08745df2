"""Requests to the explainer, and what it returns."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.verdicts.verdict import Verdict
from pictures.maps import WHOLE, Box, Map


@dataclass(frozen=True)
class Request:
    """What to explain: the `top_k` best classes, and `class_index` where it is not among them."""

    top_k: int = 1
    class_index: int | None = None
    method: str = "gradcam"


@dataclass(frozen=True)
class Prediction:
    """`confidence`: softmax of the logits over the photo's temperature, in [0, 1]
    (`models.verdicts.confidence.temperatures_of`)."""

    class_index: int
    class_name: str
    confidence: float


@dataclass(frozen=True)
class ClassMap:
    """`heatmap`: float32 (h, w) in [0, 1]. `is_zero`: nothing in the photo speaks for the class.

    `peak`: what the map was divided by. Maps times peaks show the classes of one photo on one
    scale. `box`: the part of the photo that the map covers, in parts of its width and height.
    """

    class_index: int
    method: str
    heatmap: Map
    is_zero: bool
    peak: float
    box: Box = WHOLE


@dataclass(frozen=True)
class Timings:
    """Milliseconds that the whole batch of a photo took."""

    prepare: float
    inference: float
    explain: float


@dataclass(frozen=True)
class Explanation:
    """`predictions`: the five best classes at most, the best one first; `maps`: the best
    `top_k` classes in the same order, then the class asked for where it is not among them.
    `confidences`: of all classes by index, float32 (classes,).

    `score`: how near the photo is to what was learnt (`Prototypes.similarity`), None where the card
    has no [doubt] table;
    `verdict`: what follows from it and the margin of the best class over the second.
    """

    predictions: tuple[Prediction, ...]
    maps: tuple[ClassMap, ...]
    timings: Timings
    confidences: npt.NDArray[np.float32]
    score: float | None
    verdict: Verdict
