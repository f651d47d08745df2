"""How sure a model is of each class."""

import numpy as np
import numpy.typing as npt

from models.cards.calibration import Calibration

Array = npt.NDArray[np.float32]


def confidences(logits: Array, temperatures: Array | None = None) -> Array:
    """softmax(logits / temperature), float32 (N, classes) (Guo et al. 2017).

    temperatures: of each photo, (N,); 1 by default.
    """
    scaled = logits if temperatures is None else logits / temperatures[:, None]
    raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    shares: Array = raised / raised.sum(axis=1, keepdims=True)
    return shares


def temperatures_of(scores: Array, calibration: Calibration) -> Array:
    """temperature * (1 + temperature_rise * (1 - score)), float32 (N,), of photos with `scores`
    (N,), in [-1, 1].

    The same logits are worth less on a photo unlike those that the model learnt from (Tomani et al.
    2023, "Beyond In-Domain Scenarios: Robust Density-Aware Calibration").
    """
    rise = 1 + calibration.temperature_rise * (1 - scores)
    return np.asarray(calibration.temperature * rise, np.float32)
