"""A second model on the same photos."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cli.audit.photos import AuditedPhoto
from engine.evaluation.metrics import McNemarResult, mcnemar
from models.cards.card import Card


@dataclass(frozen=True)
class SecondModel:
    """The second model's results for the same photos, in the same order."""

    card: Card
    first: Sequence[AuditedPhoto]
    second: Sequence[AuditedPhoto]

    @property
    def result(self) -> McNemarResult:
        first, second = (np.array([one.is_right for one in photos]) for photos in self._both)
        return mcnemar(first, second)

    @property
    def accuracy(self) -> tuple[float, float]:
        """The accuracy of the first and of the second model."""
        return _mean(one.is_right for one in self.first), _mean(one.is_right for one in self.second)

    @property
    def leaf_share(self) -> tuple[float, float]:
        """The heat on the leaf, of the first and of the second model."""
        shares = [
            [one.predicted_view.diagnostics.leaf_share for one in photos] for photos in self._both
        ]
        first, second = ([one for one in own if one is not None] for own in shares)
        return _mean(first), _mean(second)

    @property
    def differing(self) -> dict[int, list[str]]:
        """The photos that one model alone got right, with the words for it."""
        return {
            index: [f"only {'this model' if one.is_right else self.card.id} is right"]
            for index, (one, other) in enumerate(zip(*self._both, strict=True))
            if one.is_right != other.is_right
        }

    def document(self) -> dict[str, Any]:
        return {
            "model": self.card.id,
            "version": self.card.version,
            "accuracy": self.accuracy,
            "leaf_share": self.leaf_share,
            **asdict(self.result),
        }

    @property
    def _both(self) -> tuple[Sequence[AuditedPhoto], Sequence[AuditedPhoto]]:
        return self.first, self.second


def _mean(values: Any) -> float:
    numbers = list(values)
    return float(np.mean(numbers)) if numbers else 0.0
