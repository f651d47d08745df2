"""By what logits are divided, so that confidence is what it says."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from models.cards.calibration import Temperature
from models.verdicts.confidence import temperatures_of

SPREADS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How far logits may be brought to the same spread: not at all, up to wholly."""
_LARGEST_RISE, _PRECISION = 10.0, 1e-4
_GOLDEN = (math.sqrt(5) - 1) / 2


def confidences_of(logits: Tensor, scores: Tensor, temperature: Temperature) -> Tensor:
    """Of logits (n, classes) with scores (n,): (n, classes)."""
    return _divided(logits, scores, temperature).softmax(dim=1)


def fit_temperature(
    logits: Tensor, labels: Tensor, scores: Tensor, weights: Tensor | None = None
) -> Temperature:
    """The temperature for the smallest cross-entropy: its base, 0.05 to 20, its rise, 0 to 10, and
    its spread, one of SPREADS.

    logits (n, classes), labels (n,), scores (n,); `weights` (n,) of the photos, all alike by
    default. With a given rise and spread the cross-entropy is convex in 1 / base.
    """
    share = torch.ones(len(labels)) if weights is None else weights.float()

    def base_and_loss(rise: float, spread: float) -> tuple[float, float]:
        cooled = _divided(logits, scores, Temperature(1.0, rise, spread))

        def loss(inverse: float) -> float:
            each = F.cross_entropy(cooled * inverse, labels, reduction="none")
            return float((each * share).sum() / share.sum())

        inverse = _lowest(loss, 0.05, 20.0)
        return 1 / inverse, loss(inverse)

    def best_rise(spread: float) -> float:
        return _lowest(lambda rise: base_and_loss(rise, spread)[1], 0.0, _LARGEST_RISE)

    rises = {spread: best_rise(spread) for spread in SPREADS}
    spread = min(SPREADS, key=lambda spread: base_and_loss(rises[spread], spread)[1])
    return Temperature(base_and_loss(rises[spread], spread)[0], rises[spread], spread)


def _divided(logits: Tensor, scores: Tensor, temperature: Temperature) -> Tensor:
    divisors = temperatures_of(logits.numpy(), scores.numpy(), temperature)
    return logits / torch.from_numpy(divisors)[:, None]


def _lowest(loss: Callable[[float], float], low: float, high: float) -> float:
    """Where `loss`, which falls and then rises, is lowest: golden-section search, Kiefer 1953."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = loss(left), loss(right)
    while high - low > _PRECISION:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = loss(right)
    return (low + high) / 2
