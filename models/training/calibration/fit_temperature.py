"""By what logits are divided, so that confidence is what it says."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

_LARGEST_RISE, _PRECISION = 10.0, 1e-5


@dataclass(frozen=True)
class FittedTemperature:
    """`temperature` of a photo with score 1, and its `rise`: see
    `models.verdicts.confidence.temperatures_of`."""

    temperature: float
    rise: float

    def confidences(self, logits: Tensor, scores: Tensor) -> Tensor:
        """Of logits (n, classes) with scores (n,): (n, classes)."""
        temperatures = self.temperature * (1 + self.rise * (1 - scores))
        return (logits / temperatures[:, None]).softmax(dim=1)


def fit_temperature(
    logits: Tensor, labels: Tensor, scores: Tensor, weights: Tensor | None = None
) -> FittedTemperature:
    """The temperature, 0.05 to 20, and its rise, 0 to 10, for the smallest cross-entropy.

    logits (n, classes), labels (n,), scores (n,); `weights` (n,) of the photos, all alike by
    default. With a given rise the cross-entropy is convex in 1 / temperature.
    """
    share = torch.ones(len(labels)) if weights is None else weights.float()

    def temperature_and_loss(rise: float) -> tuple[float, float]:
        cooled = logits / (1 + rise * (1 - scores))[:, None]

        def loss(inverse: float) -> float:
            each = F.cross_entropy(cooled * inverse, labels, reduction="none")
            return float((each * share).sum() / share.sum())

        inverse = _lowest(loss, 0.05, 20.0)
        return 1 / inverse, loss(inverse)

    rise = _lowest(lambda rise: temperature_and_loss(rise)[1], 0.0, _LARGEST_RISE)
    return FittedTemperature(temperature_and_loss(rise)[0], rise)


def _lowest(loss: Callable[[float], float], low: float, high: float) -> float:
    """Where `loss`, which falls and then rises, is lowest: a ternary search."""
    while high - low > _PRECISION:
        third = (high - low) / 3
        if loss(low + third) <= loss(high - third):
            high -= third
        else:
            low += third
    return (low + high) / 2
