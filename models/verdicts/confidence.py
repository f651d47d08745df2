"""How sure a model is of each class."""

import numpy as np
import numpy.typing as npt

from models.cards.calibration import Temperature

Array = npt.NDArray[np.float32]
_LEAST_SPREAD = 1e-6  # of logits that are all alike, so that they can be divided by it


def confidences(logits: Array, temperatures: Array | None = None) -> Array:
    """softmax(logits / temperature), float32 (N, classes) (Guo et al. 2017).

    temperatures: of each photo, (N,); 1 by default.
    """
    scaled = logits if temperatures is None else logits / temperatures[:, None]
    raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    shares: Array = raised / raised.sum(axis=1, keepdims=True)
    return shares


def temperatures_of(logits: Array, scores: Array, temperature: Temperature) -> Array:
    """base * spread ** `temperature.spread` * (1 + rise * (1 - score)), float32 (N,), of photos
    with `logits` (N, classes) and `scores` (N,), in [-1, 1]. A photo's spread is the standard
    deviation of its logits.

    The same logits are worth less on a photo unlike those that the model learnt from (Tomani et al.
    2023, "Beyond In-Domain Scenarios: Robust Density-Aware Calibration"). Logits that lie far apart
    say less of which answers are right than how they lie (Cattelan and Silva 2024, "How to Fix a
    Broken Confidence Estimator").
    """
    spreads = np.maximum(logits.std(axis=1), _LEAST_SPREAD) ** temperature.spread
    rises = 1 + temperature.rise * (1 - scores)
    return np.asarray(temperature.base * spreads * rises, np.float32)
