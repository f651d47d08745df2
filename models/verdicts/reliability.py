"""Whether confidence can be believed: the reliability diagram, and the calibration error by it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Confidences = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ReliabilityBin:
    """Predictions whose confidence lies in one bin: their number, mean confidence, accuracy."""

    photos: int
    confidence: float
    accuracy: float


def reliability_diagram(
    confidence: Confidences, right: Bools, bins: int = 10
) -> tuple[ReliabilityBin, ...]:
    """Equally wide bins, each without its lower edge and with its upper one; the first has both.

    confidence: of each prediction, (n,) in [0, 1]; right: whether it was, (n,).
    """
    index = np.clip(np.ceil(confidence * bins).astype(int), 1, bins) - 1
    return tuple(_bin(confidence[index == one], right[index == one]) for one in range(bins))


def expected_calibration_error(confidence: Confidences, right: Bools, bins: int = 15) -> float:
    """How far confidence is from accuracy, in [0, 1]: the mean over the bins of a reliability
    diagram, weighted by their photos. Guo et al. 2017, equation 3.

    Cards, `evaluate`, `audit` and `calibrate` all use this one. It is no library's: scikit-learn
    has none, and torchmetrics would be one more package for two lines, with bins that have their
    lower edge, unlike those of the paper and of the figures on the cards.
    """
    found = reliability_diagram(confidence, right, bins)
    gaps = (one.photos * abs(one.confidence - one.accuracy) for one in found)
    return sum(gaps) / max(len(confidence), 1)


def _bin(confidence: Confidences, right: Bools) -> ReliabilityBin:
    if not len(confidence):
        return ReliabilityBin(0, 0.0, 0.0)
    return ReliabilityBin(
        len(confidence), float(confidence.mean(dtype=np.float64)), float(right.mean())
    )
