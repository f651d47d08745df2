"""Accuracy by confidence: the bars of a reliability diagram."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Predictions whose confidence lies in a tenth: their number, mean confidence, accuracy."""

    photos: int
    confidence: float
    accuracy: float


def reliability(
    confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]
) -> tuple[Bin, ...]:
    """Ten bins, the first from 0. confidence: of each prediction, (n,) in [0, 1]; right: whether
    it was, (n,)."""
    place = np.clip(np.ceil(confidence * BINS).astype(int), 1, BINS) - 1
    return tuple(_bin(confidence[place == one], right[place == one]) for one in range(BINS))


def _bin(confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_]) -> Bin:
    if not len(confidence):
        return Bin(0, 0.0, 0.0)
    return Bin(len(confidence), float(confidence.mean()), float(right.mean()))
