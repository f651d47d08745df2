"""Confidences of classes: logits by the temperature of a card's [doubt] table."""

import numpy as np
import numpy.typing as npt

from models.cards.calibration import Calibration

Array = npt.NDArray[np.float32]


def confidences(logits: Array, calibration: Calibration | None) -> Array:
    """softmax(logits / temperature), float32 (N, classes) (Guo et al. 2017)."""
    scaled = logits / np.float32(calibration.temperature if calibration else 1.0)
    raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    shares: Array = raised / raised.sum(axis=1, keepdims=True)
    return shares
